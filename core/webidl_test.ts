import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { isParleyError } from "./errors.ts";
import {
  defineInterface,
  toBoolean,
  toBufferSource,
  toDOMString,
  toEnum,
  toSequence,
  toUnsignedLong,
  toUnsignedShort,
  toUSVString,
} from "./webidl.ts";

const what = "remotePort";

test("CORE-01 converts to unsigned short as Web IDL says", () => {
  for (const [value, expected] of [[80, 80], ["80", 80], [65535.9, 65535], [null, 0], [true, 1], [-0.5, 0]] as const) {
    assert.equal(toUnsignedShort(value, { enforceRange: true, what }), expected);
  }
  for (const value of [-1, 65536, NaN, Infinity, undefined, "x", {}, 1n, Symbol()]) {
    assert.throws(() => toUnsignedShort(value, { enforceRange: true, what }), TypeError, String(value));
  }
  for (
    const [value, expected] of [[65536, 0], [65616, 80], [-1, 65535], [NaN, 0], [undefined, 0], [1e20, 0]] as const
  ) {
    assert.equal(toUnsignedShort(value, { what }), expected);
  }
  assert.ok(Object.is(toUnsignedShort(-0, { enforceRange: true, what }), 0));
});

test("CORE-01 converts to unsigned long as Web IDL says", () => {
  assert.equal(toUnsignedLong(4294967295, { enforceRange: true, what }), 4294967295);
  assert.equal(toUnsignedLong(4294967296, { what }), 0);
  assert.throws(() => toUnsignedLong(4294967296, { enforceRange: true, what }), TypeError);
});

test("CORE-01 says what could not be converted", () => {
  assert.throws(() => toUnsignedShort(65536, { enforceRange: true, what }), {
    name: "TypeError",
    message: "Cannot convert remotePort: it is outside the accepted range of 0 to 65535, inclusive",
  });
});

test("CORE-01 converts strings, booleans and enumerations", () => {
  assert.equal(toUSVString("a\ud800b", what), "a\ufffdb");
  assert.equal(toDOMString("a\ud800b", what), "a\ud800b");
  assert.equal(toDOMString(null, what), "null");
  assert.equal(toDOMString({ toString: () => "x" }, what), "x");
  for (const convert of [toUSVString, toDOMString]) assert.throws(() => convert(Symbol(), what), TypeError);
  assert.equal(toBoolean(""), false);
  assert.equal(toBoolean({}), true);
  assert.equal(toEnum("on", ["off", "on"] as const, what), "on");
  assert.equal(toEnum({ toString: () => "off" }, ["off", "on"] as const, what), "off");
  for (const value of ["", "ON", "constructor", null, undefined, Symbol()]) {
    assert.throws(() => toEnum(value, ["off", "on"], what), TypeError);
  }
});

test("CORE-01 takes any view or buffer as its bytes, without a copy", () => {
  const buffer = new ArrayBuffer(8);
  const all = new Uint8Array(buffer).map((_, index) => index);
  new Uint8Array(buffer).set(all);
  assert.deepEqual([...toBufferSource(buffer, what)], [...all]);
  assert.deepEqual([...toBufferSource(new Uint8Array(buffer, 2, 3), what)], [2, 3, 4]);
  assert.deepEqual([...toBufferSource(new DataView(buffer, 6), what)], [6, 7]);
  assert.deepEqual([...toBufferSource(new Uint16Array(buffer, 4, 1), what)], [4, 5]);
  assert.equal(toBufferSource(buffer, what).buffer, buffer);
  assert.equal(Object.getPrototypeOf(toBufferSource(new Uint8Array(buffer), what)), Uint8Array.prototype);
});

test("CORE-01 refuses shared, resizable and detached buffers, and what is none", () => {
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const shared = new SharedArrayBuffer(4);
  const resizable = new ArrayBuffer(4, { maxByteLength: 8 });
  const bad: unknown[] = [
    detached,
    detached.buffer,
    shared,
    new Uint8Array(shared),
    resizable,
    new Uint8Array(resizable),
  ];
  for (const value of [...bad, "text", [1, 2], { byteLength: 1 }, null, undefined, 5]) {
    assert.throws(() => toBufferSource(value, what), TypeError);
  }
});

test("CORE-01 converts sequences, and ends endless ones", () => {
  const item = (value: unknown, index: number): string => toDOMString(value, `${what}[${index}]`);
  assert.deepEqual(toSequence(["a", 1], item, { what }), ["a", "1"]);
  assert.deepEqual(toSequence(new Set(["a"]), item, { what }), ["a"]);
  for (const value of ["text", null, undefined, 5, {}, { [Symbol.iterator]: 1 }]) {
    assert.throws(() => toSequence(value, item, { what }), TypeError);
  }
  let closed = false;
  const endless = function* (): Generator<number> {
    try {
      while (true) yield 1;
    } finally {
      closed = true;
    }
  };
  assert.throws(() => toSequence(endless(), item, { what, maxLength: 10 }), TypeError);
  assert.ok(closed);
  assert.throws(() => toSequence(endless(), item, { what }), /more than 65536 items/);
});

test("CORE-01 converts alike after Object.prototype was polluted", () => {
  const polluted = Object.prototype as Record<string, unknown>;
  const names = [
    "enforceRange",
    "clamp",
    "treatNullAsEmptyString",
    "allowShared",
    "allowResizable",
    "globals",
    "context",
  ];
  try {
    for (const name of names) polluted[name] = true;
    assert.equal(toUnsignedShort(65537, { what }), 1);
    assert.equal(toDOMString(null, what), "null");
    assert.throws(() => toBufferSource(new SharedArrayBuffer(4), what), TypeError);
  } finally {
    for (const name of names) delete polluted[name];
  }
});

test("CORE-01 gives classes the shape of Web IDL interfaces", () => {
  class Socket {
    get opened(): number {
      return 1;
    }
    close(): void {}
    hidden(): void {}
    static make(): void {}
  }
  defineInterface(Socket, { tag: "Socket", members: ["opened", "close"], statics: ["make"] });
  assert.deepEqual(Object.keys(Socket.prototype), ["opened", "close"]);
  assert.deepEqual(Object.keys(Socket), ["make"]);
  assert.equal(String(new Socket()), "[object Socket]");
  assert.deepEqual(Object.getOwnPropertyDescriptor(Socket.prototype, Symbol.toStringTag), {
    value: "Socket",
    writable: false,
    enumerable: false,
    configurable: true,
  });
  assert.throws(
    () => defineInterface(Socket, { tag: "Socket", members: ["absent"] }),
    (error) => isParleyError(error, "INTERNAL_INVARIANT"),
  );
});
