import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { readConnectArguments, toDelay } from "./connect_arguments.ts";

const callback = (): void => {};

test("NET-01 connect() takes a port with host and callback, or options", () => {
  const told = (...args: unknown[]): unknown[] => {
    const { host, port, onConnect } = readConnectArguments(args);
    return [host, port, onConnect];
  };
  assert.deepEqual(told(25), ["localhost", 25, null]);
  assert.deepEqual(told("25", callback), ["localhost", 25, callback]);
  assert.deepEqual(told(25, "mail.example"), ["mail.example", 25, null]);
  assert.deepEqual(told(25, "mail.example", callback), ["mail.example", 25, callback]);
  assert.deepEqual(told({ port: 25 }, callback), ["localhost", 25, callback]);
  assert.deepEqual(told({ port: "25", host: "mail.example" }), ["mail.example", 25, null]);
  assert.deepEqual(told({ port: 25, host: "" }), ["localhost", 25, null]);
});

test("NET-01 what connect() can never do is an error at once", () => {
  for (const port of [0, -1, 65_536, 1.5, NaN, "70000"]) {
    assert.throws(() => readConnectArguments([{ port }]), RangeError, String(port));
  }
  for (const args of [[], [{}], [{ host: "mail.example" }], [callback], [{ port: {} }], [{ port: true }]]) {
    assert.throws(() => readConnectArguments(args), TypeError);
  }
  assert.throws(() => readConnectArguments([{ port: 25, host: 7 }]), TypeError);
});

test("NET-05 the family and the keep-alive delay are turned into Parley's", () => {
  const family = (value: unknown): unknown => readConnectArguments([{ port: 25, family: value }]).dnsQueryType;
  assert.deepEqual([4, "IPv4", 6, "IPv6", 0, undefined].map(family), [
    "ipv4",
    "ipv4",
    "ipv6",
    "ipv6",
    undefined,
    undefined,
  ]);
  assert.deepEqual([1, 999.5, 1000, 2500.7, 0, -5, NaN, Infinity, "7", undefined].map(toDelay), [
    1000,
    1000,
    1000,
    2500,
    0,
    0,
    0,
    0,
    0,
    0,
  ]);
});

test("CORE-01 options on Object.prototype are none", () => {
  const prototype = Object.prototype as { host?: string };
  prototype.host = "evil.example";
  try {
    assert.equal(readConnectArguments([{ port: 25 }]).host, "localhost");
  } finally {
    delete prototype.host;
  }
});
