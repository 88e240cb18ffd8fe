import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { Sender } from "./sender.ts";

test("NET-24 a sender is told as canonical text: mapped IPv4 as IPv4, zones kept", () => {
  const sender = new Sender(null);
  const table: [said: string, told: string][] = [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:DB8:0:0::1", "2001:db8::1"],
    ["fe80::1%eth0", "fe80::1%eth0"],
    ["fe80::1", "fe80::1"],
  ];
  for (const [said, told] of table) assert.equal(sender.set(said, 5).address, told);
  assert.equal(sender.port, 5);
});

test("NET-24 a link-local sender gets the zone that the socket is bound to, others get none", () => {
  const sender = new Sender("eth1");
  assert.equal(sender.set("fe80::1", 1).address, "fe80::1%eth1");
  assert.equal(sender.set("febf::1", 1).address, "febf::1%eth1");
  assert.equal(sender.set("fe80::1%eth0", 1).address, "fe80::1%eth0");
  assert.equal(sender.set("fec0::1", 1).address, "fec0::1");
  assert.equal(sender.set("2001:db8::1", 1).address, "2001:db8::1");
  assert.equal(sender.set("192.0.2.7", 1).address, "192.0.2.7");
});

test("a sender is one object, and stays right with more addresses than it remembers", () => {
  const sender = new Sender(null);
  assert.equal(sender.set("192.0.2.7", 1), sender);
  for (let index = 0; index < 5000; index++) {
    const address = `10.0.${index >> 8}.${index & 255}`;
    assert.equal(sender.set(address, 1).address, address);
  }
  assert.equal(sender.set("::ffff:192.0.2.7", 1).address, "192.0.2.7");
});
