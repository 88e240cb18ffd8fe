import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { type TcpSocketRequest, toTcpSocketRequest } from "./tcp_socket_options.ts";

const OPTIONS = ["dnsQueryType", "keepAliveDelay", "noDelay", "receiveBufferSize", "sendBufferSize"];
const MAX = 2 ** 32 - 1;

function convert(options: unknown, remotePort: unknown = 80): TcpSocketRequest {
  return toTcpSocketRequest({ remoteAddress: "echo.example", remotePort, options });
}

/** Options whose members tell when they are read. */
function traced(values: Record<string, unknown>, read: string[]): object {
  const properties = OPTIONS.map((name) => [name, { get: () => (read.push(name), values[name]) }]);
  return Object.defineProperties({}, Object.fromEntries(properties));
}

for (const remotePort of [80, "80", " 0x50 ", 80.9, 65536 + 80, -65536 + 80, { valueOf: () => 80 }, [80]]) {
  test(`DS-03 remotePort ${typeof remotePort} "${String(remotePort)}" is 80`, () => {
    assert.equal(convert({}, remotePort).remotePort, 80);
  });
}

for (const remotePort of [0, 65536, NaN, Infinity, null, "x"]) {
  test(`DS-03 remotePort ${String(remotePort)} is 0 and no TypeError`, () => {
    assert.equal(convert({}, remotePort).remotePort, 0);
  });
}

for (const name of ["keepAliveDelay", "sendBufferSize", "receiveBufferSize"]) {
  for (const value of [-1, MAX + 1, NaN, Infinity, null, "x", 5000n]) {
    test(`DS-03 ${name} ${typeof value} ${value} is a TypeError`, () => {
      assert.throws(() => convert({ [name]: value }), TypeError);
    });
  }
  test(`DS-03 ${name} takes the largest unsigned long, numbers as text, and undefined for absent`, () => {
    for (const value of [MAX, "5000", 5000.9, undefined]) assert.equal(convert({ [name]: value }).remotePort, 80);
  });
}

for (const dnsQueryType of ["ipv5", "IPv4", "", null, 4]) {
  test(`DS-04 dnsQueryType ${JSON.stringify(dnsQueryType)} is a TypeError`, () => {
    assert.throws(() => convert({ dnsQueryType }), TypeError);
  });
}

test("DS-04 dnsQueryType is ipv4, ipv6 or absent", () => {
  const types = ["ipv4", "ipv6", undefined].map((dnsQueryType) => convert({ dnsQueryType }).dnsQueryType);
  assert.deepEqual(types, ["ipv4", "ipv6", null]);
});

test("DS-05 keepAliveDelay under 1000 is a TypeError; 1000 counts as milliseconds; absent is off", () => {
  assert.throws(() => convert({ keepAliveDelay: 999 }), TypeError);
  assert.throws(() => convert({ keepAliveDelay: 0 }), TypeError);
  assert.equal(convert({ keepAliveDelay: 1000 }).keepAliveDelayMs, 1000);
  assert.equal(convert({}).keepAliveDelayMs, null);
});

test("DS-05 noDelay is false unless it is truthy", () => {
  const seen = [undefined, null, 0, "", "no", 1].map((noDelay) => convert({ noDelay }).noDelay);
  assert.deepEqual(seen, [false, false, false, false, true, true]);
});

test("DS-06 buffer sizes of 0 are a TypeError, and of 1 are not", () => {
  for (const name of ["sendBufferSize", "receiveBufferSize"]) {
    assert.throws(() => convert({ [name]: 0 }), TypeError);
    assert.throws(() => convert({ [name]: 0.9 }), TypeError);
    assert.equal(convert({ [name]: 1 }).remotePort, 80);
  }
});

test("DS-02 options may be absent or null, and otherwise are an object", () => {
  for (const options of [undefined, null, {}, () => {}]) assert.equal(convert(options).noDelay, false);
  for (const options of ["text", 1, true, Symbol("s")]) assert.throws(() => convert(options), TypeError);
});

test("DS-08 options are read once each, in the order of their names, and judged afterwards in the draft's order", () => {
  const read: string[] = [];
  const wrong = { keepAliveDelay: 999, sendBufferSize: 0, receiveBufferSize: 0 };
  assert.throws(() => convert(traced(wrong, read)), /keepAliveDelay/);
  assert.deepEqual(read, OPTIONS);
  assert.throws(() => convert({ sendBufferSize: 0, receiveBufferSize: 0 }), /sendBufferSize/);
  assert.throws(() => convert({ keepAliveDelay: 999, sendBufferSize: -1 }), /sendBufferSize/);
});

test("DS-08 address and port are converted before the options are looked at", () => {
  const read: string[] = [];
  assert.throws(() => convert(traced({}, read), 80n), TypeError);
  const remoteAddress = Symbol("address");
  assert.throws(() => toTcpSocketRequest({ remoteAddress, remotePort: 80, options: traced({}, read) }), TypeError);
  assert.deepEqual(read, []);
});

test("CORE-01 what the class of the options says counts, what Object.prototype says does not", () => {
  class Defaults {
    get noDelay(): boolean {
      return true;
    }
  }
  assert.equal(convert(new Defaults()).noDelay, true);
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype["noDelay"] = true;
  try {
    assert.equal(convert({}).noDelay, false);
    assert.equal(convert(undefined).noDelay, false);
  } finally {
    delete prototype["noDelay"];
  }
});
