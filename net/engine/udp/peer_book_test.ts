import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { test } from "../../../tests/support/harness.ts";
import { datagram } from "../../../tests/support/udp_fixture.ts";
import type { Peer } from "./peer.ts";
import { PeerBook } from "./peer_book.ts";
import { MAX_PUBLIC_PEERS } from "./public_peers.ts";
import { SendBacklog } from "./send_backlog.ts";

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;
const textOf = (number: number): string => `9.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;

function book(options: { readonly forgets: boolean }): { readonly peers: PeerBook; readonly clock: ManualClock } {
  const clock = new ManualClock();
  return { peers: new PeerBook({ clock, backlog: new SendBacklog(), ...options }), clock };
}

function enter(peers: PeerBook, number: number): void {
  peers.enter({ address: ip(textOf(number)), port: 6881, grant: null, isLimited: true });
}

function find(peers: PeerBook, number: number): Peer | undefined {
  return peers.find(datagram(0, { address: textOf(number), port: 6881 }));
}

test("NET-28 a peer for whom a datagram waits is not forgotten, however long it was idle", () => {
  const { peers } = book({ forgets: true });
  for (let number = 0; number < MAX_PUBLIC_PEERS; number++) enter(peers, number);
  const { limit } = find(peers, 0) ?? {};
  limit?.admit(4096, null);
  const waiting = limit?.admit(1, null);
  enter(peers, MAX_PUBLIC_PEERS);
  assert.deepEqual([find(peers, 0) === undefined, find(peers, 1), peers.size], [false, undefined, MAX_PUBLIC_PEERS]);
  limit?.lift();
  return waiting;
});

test("NET-27 peers with an approval of their own are never forgotten", () => {
  const { peers } = book({ forgets: false });
  for (let number = 0; number <= MAX_PUBLIC_PEERS; number++) enter(peers, number);
  assert.equal(peers.size, MAX_PUBLIC_PEERS + 1);
});

test("DS-46 a pinned name leads to the first address of the family that is wanted", () => {
  const { peers } = book({ forgets: false });
  for (const address of ["2620:fe::fe", "9.9.9.9"]) {
    peers.enter({ address: ip(address), port: 53, grant: null, isLimited: true });
  }
  peers.pin("nas.example", 53, [ip("2620:fe::fe"), ip("9.9.9.9")]);
  peers.pin("old.example", 53, [ip("9.9.9.9")]);
  const addressOf = (name: string, type: "ipv4" | "ipv6" | null): string | undefined =>
    peers.find(datagram(0, { address: name, port: 53 }, type))?.to.address;
  assert.deepEqual(
    [addressOf("nas.example", null), addressOf("nas.example", "ipv4"), addressOf("nas.example", "ipv6")],
    ["2620:fe::fe", "9.9.9.9", "2620:fe::fe"],
  );
  assert.equal(addressOf("old.example", "ipv6"), undefined);
  assert.equal(peers.lacksFamily(datagram(0, { address: "old.example", port: 53 }, "ipv6")), true);
  assert.equal(peers.lacksFamily(datagram(0, { address: "new.example", port: 53 }, "ipv6")), false);
});
