import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import type { BindOptions, DatagramLink, InterfaceAddress, MulticastSendOptions } from "../../net/datagram_port.ts";
import { at, ip } from "../../tests/contract/datagram_scene.ts";
import { Inbox } from "../../tests/contract/inbox.ts";
import { test } from "../../tests/support/harness.ts";
import { createFaultPlan } from "./faults.ts";
import { MemoryDatagrams, type MemoryDatagramsOptions } from "./memory_datagrams.ts";

const SIZES = Object.freeze({ sendBufferSize: null, receiveBufferSize: null, broadcast: false });
const NEAR: MulticastSendOptions = Object.freeze({ timeToLive: 1, loopback: true, interfaceName: null });
const MACHINE: readonly InterfaceAddress[] = [
  { name: "lo", address: ip("127.0.0.1"), prefixLength: 8 },
  { name: "eth0", address: ip("192.0.2.2"), prefixLength: 24 },
];

function network(options: MemoryDatagramsOptions = {}) {
  const log: string[] = [];
  const datagrams = new MemoryDatagrams(log, options);
  const opened = async (opening: Promise<DatagramLink>, inbox: Inbox) => ({ link: await opening, inbox });
  return {
    log,
    bind: (address: string, port = 0, options: Partial<BindOptions> = {}) => {
      const handlers = new Inbox();
      const all = { ...SIZES, ipv6Only: false, addressSharing: false, ...options };
      return opened(datagrams.bind({ address: ip(address), port }, { options: all, handlers }), handlers);
    },
    connect: (address: string, port: number) => {
      const handlers = new Inbox();
      return opened(datagrams.connect({ address: ip(address), port }, { options: SIZES, handlers }), handlers);
    },
  };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

test("the log says what left: each destination once a socket, connected sockets, memberships; nothing for a bind", async () => {
  const { log, bind, connect } = network();
  const one = await bind("0.0.0.0", 5000);
  assert.deepEqual(log, []);
  for (const port of [7, 7, 9]) await one.link.send(bytes("x"), { address: "198.51.100.7", port });
  const two = await bind("::");
  await two.link.send(bytes("x"), { address: "2001:db8::7", port: 7 });
  const three = await connect("198.51.100.8", 53);
  await three.link.send(bytes("x"), at(three));
  one.link.join({ group: ip("239.1.2.3"), source: null, interfaceName: null });
  assert.deepEqual(log, [
    "udp 198.51.100.7:7",
    "udp 198.51.100.7:9",
    "udp [2001:db8::7]:7",
    "udp 198.51.100.8:53",
    "join 239.1.2.3",
  ]);
});

test("what is refused has not left", async () => {
  const { log, bind } = network();
  const { link } = await bind("0.0.0.0");
  const attempts = [
    link.send(bytes("x"), { address: "255.255.255.255", port: 9 }),
    link.send(new Uint8Array(65_508), { address: "198.51.100.7", port: 9 }),
    link.send(bytes("x"), { address: "::1", port: 9 }),
  ];
  const codes = (await Promise.allSettled(attempts)).map((each) => each.status === "rejected" ? each.reason.code : "");
  assert.deepEqual(codes, ["NET_OS_DENIED", "NET_MESSAGE_SIZE", "NET_UNREACHABLE"]);
  assert.deepEqual(log, []);
});

test("an address that is not the machine's plays another machine; wildcards hear only what is sent to the machine", async () => {
  const { bind } = network({ interfaces: MACHINE });
  const program = await bind("0.0.0.0", 5000);
  const device = await bind("198.51.100.7", 5000);
  await device.link.send(bytes("to eth0"), { address: "192.0.2.2", port: 5000 });
  assert.deepEqual((await program.inbox.next()).from, { address: "198.51.100.7", port: 5000 });
  await program.link.send(bytes("answer"), { address: "198.51.100.7", port: 5000 });
  assert.deepEqual((await device.inbox.next()).from, { address: "127.0.0.1", port: 5000 });
  await device.link.send(bytes("elsewhere"), { address: "198.51.100.9", port: 5000 });
  await settled();
  assert.equal(program.inbox.received.length, 0);
});

test("a datagram goes to the connected socket before the bound one, to that before a wildcard", async () => {
  const { bind, connect } = network();
  const wildcard = await bind("0.0.0.0", 5000, { addressSharing: true });
  const bound = await bind("127.0.0.1", 5000, { addressSharing: true });
  const later = await bind("127.0.0.1", 5000, { addressSharing: true });
  const sender = await bind("127.0.0.1");
  await sender.link.send(bytes("x"), at(bound));
  await sender.link.send(bytes("x"), { address: "127.0.0.9", port: 5000 });
  await settled();
  assert.deepEqual([wildcard, bound, later].map(({ inbox }) => inbox.received.length), [1, 0, 1]);
  const peer = await bind("127.0.0.1", 6000);
  const client = await connect("127.0.0.1", 6000);
  await peer.link.send(bytes("x"), at(client));
  await sender.link.send(bytes("evil"), at(client));
  await settled();
  assert.equal(client.inbox.received.length, 1);
});

test("DS-59 a time to live of 0, and no loopback, are about machines", async () => {
  const { bind } = network({ interfaces: MACHINE });
  const here = await bind("0.0.0.0", 5000);
  const there = await bind("198.51.100.7", 5000);
  for (const { link } of [here, there]) link.join({ group: ip("239.1.2.3"), source: null, interfaceName: null });
  const { link } = await bind("0.0.0.0");
  const table: [options: Partial<MulticastSendOptions>, heard: [here: number, there: number]][] = [
    [{}, [1, 1]],
    [{ timeToLive: 0 }, [1, 0]],
    [{ loopback: false }, [0, 1]],
    [{ timeToLive: 0, loopback: false }, [0, 0]],
  ];
  for (const [options, heard] of table) {
    link.setMulticast({ ...NEAR, ...options });
    await link.send(bytes("x"), { address: "239.1.2.3", port: 5000 });
    await settled();
    assert.deepEqual([here.inbox.received.splice(0).length, there.inbox.received.splice(0).length], heard);
  }
});

test("a broadcast reaches every machine's sockets on that port, but none that is bound to one address of this one", async () => {
  const { bind } = network({ interfaces: MACHINE });
  const sockets = [await bind("0.0.0.0", 5000, { addressSharing: true }), await bind("192.0.2.9", 5000)];
  sockets.push(await bind("192.0.2.2", 5000, { addressSharing: true }), await bind("0.0.0.0", 5001));
  const { link } = await bind("0.0.0.0", 0, { broadcast: true });
  for (const address of ["255.255.255.255", "192.0.2.255"]) await link.send(bytes("x"), { address, port: 5000 });
  await settled();
  assert.deepEqual(sockets.map(({ inbox }) => inbox.received.length), [2, 2, 0, 0]);
});

test("a receive buffer is bounded, for empty datagrams as well, and the rest is lost", async () => {
  for (const size of [0, 1000]) {
    const { bind } = network();
    const server = await bind("127.0.0.1", 0, { receiveBufferSize: 20_000 });
    const { link } = await bind("127.0.0.1");
    for (let i = 0; i < 1000; i++) link.send(new Uint8Array(size), at(server));
    await settled();
    assert.ok(server.inbox.received.length > 5 && server.inbox.received.length < 30, `${server.inbox.received.length}`);
    link.send(bytes("after"), at(server));
    await settled();
    assert.equal(new TextDecoder().decode(server.inbox.received.at(-1)!.bytes), "after");
  }
});

test("a datagram is a copy: what the sender changes afterwards does not arrive", async () => {
  const { bind } = network();
  const server = await bind("127.0.0.1");
  const content = bytes("before");
  server.link.send(content, at(server));
  content.fill(0);
  assert.equal(await server.inbox.text(), "before");
});

test("ports come from 49152 on, and none that is taken", async () => {
  const { bind } = network();
  await bind("0.0.0.0", 49_153);
  const picked = [await bind("127.0.0.1"), await bind("127.0.0.1"), await bind("127.0.0.1")];
  assert.deepEqual(picked.map(({ link }) => link.local.port), [49_152, 49_154, 49_155]);
});

test("DS-51 wildcards of both families share a port only if the IPv6 one is for IPv6 only", async () => {
  const table: [first: [string, boolean], second: [string, boolean], together: boolean][] = [
    [["::", false], ["0.0.0.0", false], false],
    [["0.0.0.0", false], ["::", false], false],
    [["::", true], ["0.0.0.0", false], true],
    [["0.0.0.0", false], ["::", true], true],
    [["::", false], ["127.0.0.1", false], false],
    [["::", true], ["127.0.0.1", false], true],
    [["::", true], ["::1", false], false],
    [["127.0.0.1", false], ["127.0.0.2", false], true],
  ];
  for (const [[first, firstOnly], [second, secondOnly], together] of table) {
    const { bind } = network();
    await bind(first, 5000, { ipv6Only: firstOnly });
    const outcome = await bind(second, 5000, { ipv6Only: secondOnly }).then(() => true, (error) => error.code);
    assert.equal(outcome, together || "NET_IN_USE", `${first} ${second}`);
  }
});

/** Faults that make of each datagram what the list says: milliseconds until it arrives, for every time that it does. */
function faulty(clock: ManualClock, plan: readonly (readonly number[])[]) {
  const ways: number[] = [];
  const datagrams = () => {
    const way = ways.push(0) - 1;
    return (content: Uint8Array) => {
      const delays = plan[ways[way]!++] ?? [0];
      return delays.map((delayMs) => ({ bytes: content.slice(), deliverAtMs: clock.monotonicMs() + delayMs }));
    };
  };
  return { clock, datagrams };
}

test("faults lose, double and delay datagrams on the host's clock, each way by itself", async () => {
  const clock = new ManualClock();
  const { bind } = network({ faults: faulty(clock, [[], [0, 5], [10], [3]]) });
  const server = await bind("127.0.0.1");
  const { link } = await bind("127.0.0.1");
  for (const text of ["lost", "twice", "late", "soon"]) await link.send(bytes(text), at(server));
  const arrived = async (): Promise<string[]> => {
    await settled();
    return server.inbox.received.splice(0).map((each) => new TextDecoder().decode(each.bytes));
  };
  assert.deepEqual(await arrived(), ["twice"]);
  await clock.advance(5);
  assert.deepEqual(await arrived(), ["soon", "twice"]);
  await clock.advance(5);
  assert.deepEqual(await arrived(), ["late"]);
  // A way of its own, whose first datagram is lost.
  await server.link.send(bytes("to itself"), at(server));
  await clock.advance(100);
  assert.deepEqual(await arrived(), []);
});

test("a plan of faults is one that datagrams follow: the same seed, the same losses", async () => {
  const run = async (seed: number): Promise<string> => {
    const clock = new ManualClock();
    const plan = createFaultPlan({ seed, loss: 0.3, duplicate: 0.3, reorder: 0.3, delayMs: [0, 20] }, clock);
    const { bind } = network({ faults: { clock, datagrams: () => plan.datagrams() } });
    const server = await bind("127.0.0.1");
    const { link } = await bind("127.0.0.1");
    for (let index = 0; index < 50; index++) link.send(bytes(`${index}`), at(server));
    await clock.advance(1000);
    return server.inbox.received.map((each) => new TextDecoder().decode(each.bytes)).join(" ");
  };
  const [first, again, other] = [await run(7), await run(7), await run(8)];
  assert.equal(first, again);
  assert.notEqual(first, other);
  const numbers = first.split(" ").map(Number);
  assert.ok(new Set(numbers).size < 50, "nothing was lost");
  assert.ok(new Set(numbers).size < numbers.length, "nothing came twice");
  assert.ok(numbers.some((each, index) => each < (numbers[index - 1] ?? 0)), "nothing was overtaken");
});

test("NET-04 a closed socket leaves no timer behind, and hears nothing that was on its way", async () => {
  const clock = new ManualClock();
  const { bind } = network({ faults: faulty(clock, [[0], [10]]) });
  const server = await bind("127.0.0.1");
  const { link } = await bind("127.0.0.1");
  for (const text of ["queued", "delayed"]) link.send(bytes(text), at(server));
  assert.equal(clock.pendingTimers, 1);
  server.link.close();
  assert.equal(clock.pendingTimers, 0);
  await clock.advance(100);
  assert.equal(server.inbox.received.length, 0);
});
