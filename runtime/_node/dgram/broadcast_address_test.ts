import assert from "node:assert/strict";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { test } from "../../../tests/support/harness.ts";
import { isBroadcastAddress } from "./broadcast_address.ts";

function network(text: string, prefixLength: number) {
  return { name: "eth0", address: parseIpAddress(text)!, prefixLength };
}

test("a broadcast address is the limited one, or the last of a network this machine is on", () => {
  const table: [address: string, prefixLength: number, broadcast: string][] = [
    ["127.0.0.1", 8, "127.255.255.255"],
    ["192.0.2.2", 24, "192.0.2.255"],
    ["10.1.2.3", 20, "10.1.15.255"],
    ["10.1.2.3", 30, "10.1.2.3"],
    ["10.1.2.3", 9, "10.127.255.255"],
  ];
  for (const [address, prefixLength, broadcast] of table) {
    assert.ok(isBroadcastAddress(broadcast, [network(address, prefixLength)]), `${address}/${prefixLength}`);
    assert.ok(!isBroadcastAddress("10.9.9.9", [network(address, prefixLength)]));
  }
  assert.ok(isBroadcastAddress("255.255.255.255", []));
  assert.ok(!isBroadcastAddress("192.0.2.255", []));
});

test("a network of two addresses, or one, has no broadcast address, and IPv6 has none at all", () => {
  assert.ok(!isBroadcastAddress("10.1.2.3", [network("10.1.2.2", 31)]));
  assert.ok(!isBroadcastAddress("10.1.2.2", [network("10.1.2.2", 32)]));
  assert.ok(!isBroadcastAddress("2001:db8::1", [network("2001:db8::1", 64)]));
});
