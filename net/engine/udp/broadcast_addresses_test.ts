import assert from "node:assert/strict";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { isBroadcastAddress } from "./broadcast_addresses.ts";

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;

test("NET-27 the last address of a network of this machine reaches every machine on it", () => {
  const own = [
    interfaceAddress("192.168.1.7", 24),
    interfaceAddress("10.20.30.40", 9),
    interfaceAddress("203.0.113.9", 29),
    interfaceAddress("fd00::1", 64),
  ];
  for (const text of ["192.168.1.255", "10.127.255.255", "203.0.113.15", "255.255.255.255"]) {
    assert.equal(isBroadcastAddress(ip(text), own), true, text);
  }
  for (const text of ["192.168.1.254", "192.168.2.255", "10.20.30.255", "203.0.113.255", "9.9.9.255", "ff02::1"]) {
    assert.equal(isBroadcastAddress(ip(text), own), false, text);
  }
});

test("NET-27 networks of one or two machines have no address for all", () => {
  const own = [interfaceAddress("10.0.0.1", 31), interfaceAddress("10.0.1.255", 32)];
  assert.equal(isBroadcastAddress(ip("10.0.0.1"), own), false);
  assert.equal(isBroadcastAddress(ip("10.0.1.255"), own), false);
});

test("NET-27 where the runtime hides the networks, every local address that ends in 255 counts", () => {
  for (const text of ["192.168.77.255", "10.1.2.255", "169.254.3.255", "255.255.255.255"]) {
    assert.equal(isBroadcastAddress(ip(text), null), true, text);
  }
  for (const text of ["192.168.77.25", "9.9.9.255", "fd00::ff"]) {
    assert.equal(isBroadcastAddress(ip(text), null), false, text);
  }
});
