import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { toAddressedDatagram, toConnectedDatagram } from "./udp_message.ts";

const REFERENCE = { copy: false };
const TO = { remoteAddress: "9.9.9.9", remotePort: 53 };

test("DS-45 a socket with one peer takes data and no destination", () => {
  const data = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const { bytes, ...rest } = toConnectedDatagram({ data }, REFERENCE);
  assert.deepEqual([...bytes], [2, 3]);
  assert.deepEqual(rest, { remoteAddress: null, remotePort: 0, dnsQueryType: null });
  for (const more of [TO, { remoteAddress: "9.9.9.9" }, { remotePort: 53 }, { dnsQueryType: "ipv4" }]) {
    assert.throws(() => toConnectedDatagram({ data, ...more }, REFERENCE), TypeError, JSON.stringify(more));
  }
});

test("DS-45 a bound socket takes data with address and port", () => {
  const data = new Uint8Array([1]);
  const { bytes, ...rest } = toAddressedDatagram({ data, ...TO, dnsQueryType: "ipv6" }, REFERENCE);
  assert.deepEqual([...bytes], [1]);
  assert.deepEqual(rest, { ...TO, dnsQueryType: "ipv6" });
  for (const less of [{}, { remoteAddress: "9.9.9.9" }, { remotePort: 53 }]) {
    assert.throws(() => toAddressedDatagram({ data, ...less }, REFERENCE), TypeError, JSON.stringify(less));
  }
});

for (
  const [title, chunk] of [
    ["no data", {}],
    ["nothing", undefined],
    ["null", null],
    ["bytes without a record", new Uint8Array(1)],
    ["a text", "text"],
    ["data that is a text", { data: "text" }],
    ["data that is null", { data: null }],
    ["shared memory", { data: new Uint8Array(new SharedArrayBuffer(1)) }],
  ] as const
) {
  test(`DS-45 refuses ${title} with TypeError`, () => {
    assert.throws(() => toConnectedDatagram(chunk, REFERENCE), TypeError);
    const addressed = typeof chunk === "object" && chunk !== null ? Object.assign(chunk, TO) : chunk;
    assert.throws(() => toAddressedDatagram(addressed, REFERENCE), TypeError);
  });
}

test("DS-45 refuses a dnsQueryType of another kind, and takes any data that is memory", () => {
  assert.throws(
    () => toAddressedDatagram({ data: new ArrayBuffer(1), ...TO, dnsQueryType: "ipv5" }, REFERENCE),
    TypeError,
  );
  for (const data of [new ArrayBuffer(2), new DataView(new ArrayBuffer(2)), new Uint16Array(1)]) {
    assert.equal(toConnectedDatagram({ data }, REFERENCE).bytes.byteLength, 2);
  }
});

test("DS-31 copies the bytes where that is asked for, so that a later change of the memory changes nothing", () => {
  const data = new Uint8Array([1]);
  const [copied, kept] = [toConnectedDatagram({ data }, { copy: true }), toConnectedDatagram({ data }, REFERENCE)];
  const addressed = toAddressedDatagram({ data, ...TO }, { copy: true });
  data[0] = 9;
  assert.deepEqual([copied.bytes[0], kept.bytes[0], addressed.bytes[0]], [1, 9, 1]);
});

test("CORE-01 what stands on Object.prototype is no destination", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  Object.assign(prototype, { remoteAddress: "6.6.6.6", remotePort: 66, dnsQueryType: "ipv4", data: new Uint8Array(1) });
  try {
    assert.equal(toConnectedDatagram({ data: new Uint8Array(3) }, REFERENCE).bytes.byteLength, 3);
    assert.throws(() => toConnectedDatagram({}, REFERENCE), TypeError);
    assert.throws(() => toAddressedDatagram({ data: new Uint8Array(3) }, REFERENCE), TypeError);
  } finally {
    for (const name of ["remoteAddress", "remotePort", "dnsQueryType", "data"]) delete prototype[name];
  }
});
