import assert from "node:assert/strict";
import type dgram from "node:dgram";
import { EventEmitter } from "node:events";
import type { DatagramAddress } from "../../../net/datagram_port.ts";
import { Inbox } from "../../../tests/contract/inbox.ts";
import { test } from "../../../tests/support/harness.ts";
import { nodeNetError } from "../../node/errors.ts";
import { DgramLink, type DgramTraits } from "./dgram_link.ts";

const PEER: DatagramAddress = Object.freeze({ address: "192.0.2.7", port: 7 });
const TRAITS: DgramTraits = Object.freeze<DgramTraits>({
  translate: nodeNetError,
  connects: true,
  sizesBuffers: false,
  reportsTwice: false,
  multicastTtlZero: true,
  ipv6Groups: true,
  mapsIpv4: true,
  losesZones: false,
  interfaces: () => [],
});

/** A socket whose sends come to what the list says: a code, or success. */
class FakeSocket extends EventEmitter {
  readonly outcomes: string[] = [];
  closed = 0;

  address() {
    return { address: "192.0.2.1", port: 5000, family: "IPv4" };
  }

  send(_bytes: Uint8Array, ...rest: unknown[]): void {
    const code = this.outcomes.shift() ?? "";
    const done = rest.at(-1) as (error: Error | null) => void;
    queueMicrotask(() => done(code === "" ? null : Object.assign(new TypeError("native"), { code })));
  }

  close(): void {
    if (this.closed++ > 0) throw new TypeError("closed twice");
  }
}

function linkOver(options: { remote?: DatagramAddress | null; traits?: Partial<DgramTraits> } = {}) {
  const socket = new FakeSocket();
  const inbox = new Inbox();
  const link = new DgramLink(socket as unknown as dgram.Socket, {
    family: 4,
    remote: options.remote ?? null,
    zone: null,
    broadcast: false,
    handlers: inbox,
    traits: { ...TRAITS, ...options.traits },
  });
  return { socket, inbox, link };
}

test("DS-48 an ICMP message that came with a send is an event, unless the runtime reports it by itself", async () => {
  for (const reportsTwice of [false, true]) {
    const { socket, inbox, link } = linkOver({ remote: PEER, traits: { reportsTwice } });
    socket.outcomes.push("ECONNREFUSED");
    await link.send(new Uint8Array(1), PEER);
    assert.deepEqual(inbox.errors.map(({ code }) => code), reportsTwice ? [] : ["NET_REFUSED"]);
    socket.emit("error", Object.assign(new TypeError("native"), { code: "ECONNREFUSED" }));
    assert.match(inbox.errors.at(-1)?.message ?? "", /^Cannot reach 192\.0\.2\.7 port 7: refused$/);
  }
});

test("NET-07 a connected socket drops what slipped in before the system filtered", () => {
  for (const [connects, heard] of [[true, 1], [false, 3]] as const) {
    const { socket, inbox } = linkOver({ remote: PEER, traits: { connects } });
    for (const from of [PEER, { ...PEER, port: 8 }, { ...PEER, address: "192.0.2.8" }]) {
      socket.emit("message", new Uint8Array(1), from);
    }
    assert.equal(inbox.received.length, heard);
  }
});

test("NET-04 nothing reaches the handlers once it is closed, nor a datagram without sender before", () => {
  const { socket, inbox, link } = linkOver();
  socket.emit("message", new Uint8Array(0), undefined);
  link.close();
  link.close();
  socket.emit("message", new Uint8Array(1), PEER);
  socket.emit("error", new TypeError("late"));
  assert.deepEqual([inbox.received, inbox.errors, socket.closed], [[], [], 1]);
});

test("NET-04 a send that fails because of the close says so, whatever the runtime calls it", async () => {
  for (const code of ["ECANCELED", "EBADF", "UNKNOWN", "ERR_SOCKET_DGRAM_NOT_RUNNING"]) {
    const { socket, link } = linkOver();
    socket.outcomes.push(code, code);
    const sent = link.send(new Uint8Array(1), PEER);
    link.close();
    await assert.rejects(sent, { code: "NET_CLOSED" });
  }
});

test("any number of sends may be under way, each with its own end", async () => {
  const { socket, link } = linkOver({ traits: { connects: false } });
  for (let index = 0; index < 200; index++) socket.outcomes.push(index % 3 === 0 ? "ENETUNREACH" : "");
  const sends = Array.from({ length: 200 }, (_, port) => link.send(new Uint8Array(1), { ...PEER, port: port + 1 }));
  const outcomes = await Promise.allSettled(sends);
  for (const [index, outcome] of outcomes.entries()) {
    assert.equal(outcome.status, index % 3 === 0 ? "rejected" : "fulfilled");
    if (outcome.status === "rejected") assert.match(outcome.reason.message, new RegExp(`port ${index + 1}:`));
  }
});
