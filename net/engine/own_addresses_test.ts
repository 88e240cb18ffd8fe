import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { interfaceAddress } from "../../tests/support/fake_datagrams.ts";
import { FakeDatagramNetwork } from "../../tests/support/fake_datagrams.ts";
import { test } from "../../tests/support/harness.ts";
import type { InterfaceAddress } from "../datagram_port.ts";
import { ownAddresses } from "./own_addresses.ts";

class CountingNetwork extends FakeDatagramNetwork {
  asked = 0;

  override interfaces(): readonly InterfaceAddress[] {
    this.asked++;
    return super.interfaces();
  }
}

test("NET-14 the addresses of this machine are asked for again when the list is five seconds old", async () => {
  const [net, clock] = [new CountingNetwork(), new ManualClock()];
  const texts = (): string[] | undefined => ownAddresses({ net, clock })?.map(({ address }) => address.text);
  net.ownAddresses = [interfaceAddress("192.168.1.5", 24)];
  assert.deepEqual(texts(), ["192.168.1.5"]);
  net.ownAddresses = [interfaceAddress("10.0.0.5", 8)];
  await clock.advance(4_999);
  assert.deepEqual([texts(), net.asked], [["192.168.1.5"], 1]);
  await clock.advance(1);
  assert.deepEqual([texts(), net.asked], [["10.0.0.5"], 2]);
});

test("NET-14 where the system does not tell, the addresses count as hidden", () => {
  const net = new FakeDatagramNetwork();
  net.interfaces = () => {
    throw new TypeError("No");
  };
  assert.equal(ownAddresses({ net, clock: new ManualClock() }), null);
});
