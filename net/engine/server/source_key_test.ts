import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { sourceKey } from "./source_key.ts";

const keyOf = (address: string): string | null => sourceKey({ address, port: 1 });

test("NET-22 connections count for an IPv4 address, or for the /64 of an IPv6 address", () => {
  assert.equal(keyOf("192.0.2.7"), "192.0.2.7");
  assert.notEqual(keyOf("192.0.2.7"), keyOf("192.0.2.8"));
  for (const address of ["2001:db8::1", "2001:db8::ffff:1", "2001:db8::8000:0:0:1", "2001:db8:0:0:1:2:3:4"]) {
    assert.equal(keyOf(address), "2001:db8:0:0::/64", address);
  }
  assert.equal(keyOf("2001:db8:1::"), "2001:db8:1:0::/64");
  assert.equal(keyOf("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
  assert.notEqual(keyOf("2001:db8:0:1::1"), keyOf("2001:db8::1"));
});

test("NET-22 neighbours on a link do not count for each other, and local sockets count for nobody", () => {
  assert.notEqual(keyOf("fe80::1%eth0"), keyOf("fe80::2%eth0"));
  assert.equal(keyOf("::1"), "::1");
  assert.equal(keyOf("/run/x.sock"), null);
});
