import assert from "node:assert/strict";
import { isParleyError } from "../../core/errors.ts";
import type { DatagramAddress } from "../../net/datagram_port.ts";
import { Inbox } from "../../tests/contract/inbox.ts";
import { test } from "../../tests/support/harness.ts";
import type { DgramTraits } from "../_node/dgram/dgram_link.ts";
import { BunDatagramLink, udpHandlers } from "./datagram_link.ts";
import { bunNetError } from "./errors.ts";
import type { BunUdpSocket } from "./types.ts";

const TRAITS: DgramTraits = {
  translate: bunNetError,
  connects: true,
  sizesBuffers: true,
  reportsTwice: true,
  multicastTtlZero: false,
  ipv6Groups: true,
  mapsIpv4: true,
  losesZones: false,
  interfaces: () => [],
};
const PEER: DatagramAddress = Object.freeze({ address: "192.0.2.7", port: 7 });

/** A socket that takes what the list says: true, false for a full kernel, or a code to be thrown; then everything. */
function fakeSocket(outcomes: (boolean | string)[] = []) {
  const sent: string[] = [];
  const state = { closed: 0 };
  const socket = {
    address: { address: "192.0.2.1", port: 5000 },
    send: (bytes: Uint8Array, port?: number, address?: string): boolean => {
      const outcome = outcomes.shift() ?? true;
      if (typeof outcome === "string") throw Object.assign(new TypeError("native"), { code: outcome });
      if (outcome) sent.push(`${new TextDecoder().decode(bytes)} ${address}:${port}`);
      return outcome;
    },
    close: () => void state.closed++,
  } as unknown as BunUdpSocket;
  return { socket, sent, state, outcomes };
}

function linkOver(outcomes: (boolean | string)[] = [], remote: DatagramAddress | null = null) {
  const fake = fakeSocket(outcomes);
  const inbox = new Inbox();
  const link = new BunDatagramLink(fake.socket, { family: 4, remote, zone: null, handlers: inbox, traits: TRAITS });
  return { ...fake, link, inbox, handlers: udpHandlers(() => link) };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a datagram that the kernel takes at once makes no promise", () => {
  const { link, sent } = linkOver();
  assert.equal(link.send(bytes("a"), PEER), undefined);
  assert.deepEqual(sent, ["a 192.0.2.7:7"]);
});

test("datagrams that the kernel does not take wait for drain, in order, and those after them, too", async () => {
  const { link, sent, socket, handlers, outcomes } = linkOver([false]);
  const order: string[] = [];
  const to = { ...PEER };
  const sends = ["a", "b", "c"].map((text) => Promise.resolve(link.send(bytes(text), to)).then(() => order.push(text)));
  to.port = 9;
  assert.deepEqual(sent, []);
  outcomes.push(true, false);
  handlers.drain(socket);
  assert.deepEqual(sent, ["a 192.0.2.7:7"]);
  handlers.drain(socket);
  await Promise.all(sends);
  assert.deepEqual([sent, order], [["a 192.0.2.7:7", "b 192.0.2.7:7", "c 192.0.2.7:7"], ["a", "b", "c"]]);
  assert.equal(link.send(bytes("d"), PEER), undefined);
});

test("a waiting datagram that fails rejects alone", async () => {
  const { link, socket, handlers, outcomes } = linkOver([false]);
  const sends = ["a", "b"].map((text) => link.send(bytes(text), PEER));
  outcomes.push("EMSGSIZE", "EMSGSIZE", true);
  handlers.drain(socket);
  await assert.rejects(Promise.resolve(sends[0]), { code: "NET_MESSAGE_SIZE" });
  await sends[1];
});

test("NET-04 waiting datagrams reject with NET_CLOSED when the socket is closed, which happens once", async () => {
  const { link, state, socket, handlers } = linkOver([false]);
  const sends = ["a", "b"].map((text) => link.send(bytes(text), PEER));
  link.close();
  link.close();
  for (const send of sends) await assert.rejects(Promise.resolve(send), { code: "NET_CLOSED" });
  handlers.drain(socket);
  assert.equal(state.closed, 1);
});

test("what Bun throws is a rejection; the error of an earlier datagram fails no send", async () => {
  const { link, sent } = linkOver(["ECONNREFUSED", true, "ENETUNREACH", "ENETUNREACH", "EHOSTUNREACH", "EMSGSIZE"]);
  assert.equal(link.send(bytes("a"), PEER), undefined);
  await assert.rejects(
    Promise.resolve(link.send(bytes("b"), PEER)),
    (error) =>
      isParleyError(error) && error.code === "NET_UNREACHABLE" &&
      error.message.startsWith("Cannot send to 192.0.2.7 port 7:"),
  );
  await assert.rejects(Promise.resolve(link.send(bytes("c"), PEER)), { code: "NET_MESSAGE_SIZE" });
  assert.deepEqual(sent, ["a 192.0.2.7:7"]);
});

test("DS-48 ICMP messages are events of connected sockets only, and never one that repeats a rejection", () => {
  const refused = Object.assign(new TypeError("native"), { code: "ECONNREFUSED", errqueue: true });
  const tooLong = Object.assign(new TypeError("native"), { code: "EMSGSIZE", errqueue: true });
  const other = Object.assign(new TypeError("native"), { code: "ENETDOWN" });
  for (const [remote, expected] of [[PEER, ["NET_REFUSED", "NET_UNREACHABLE"]], [null, ["NET_UNREACHABLE"]]] as const) {
    const { inbox, handlers, link } = linkOver([], remote);
    for (const error of [refused, tooLong, other]) handlers.error(error);
    assert.deepEqual(inbox.errors.map(({ code }) => code), expected);
    link.close();
    handlers.error(refused);
    assert.equal(inbox.errors.length, expected.length);
  }
});

test("NET-07 a connected socket drops what slipped in before the system filtered, and says what was cut off", () => {
  const { inbox, handlers, socket } = linkOver([], PEER);
  handlers.data(socket, bytes("evil"), 8, PEER.address, { truncated: false });
  handlers.data(socket, bytes("evil"), PEER.port, "192.0.2.8", { truncated: false });
  handlers.data(socket, bytes("good"), PEER.port, PEER.address, { truncated: true });
  assert.equal(inbox.received.length, 1);
  assert.equal(inbox.received[0]?.truncated, true);
});

test("NET-04 hands on nothing of a burst once it is closed", () => {
  const { inbox, handlers, socket, link } = linkOver();
  handlers.data(socket, bytes("before"), PEER.port, PEER.address, { truncated: false });
  link.close();
  handlers.data(socket, bytes("after"), PEER.port, PEER.address, { truncated: false });
  assert.equal(inbox.received.length, 1);
});
