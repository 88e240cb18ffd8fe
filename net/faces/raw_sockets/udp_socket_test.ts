import assert from "node:assert/strict";
import type { ParleyError } from "../../../core/errors.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { ONCE, RUN } from "../../../tests/support/broker_fixture.ts";
import { FakeDatagramNetwork } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { addMachine, due, type UdpFaceFixture, udpFaceFixture } from "../../../tests/support/udp_face_fixture.ts";
import { NetworkErrorEvent } from "../../network_error_event.ts";
import { openUdpSocket } from "./open_udp_socket.ts";
import type { UDPSocketOptions } from "./udp_options.ts";
import { UDPSocket } from "./udp_socket.ts";

const ADDRESS = "93.184.215.14";
const PEER: UDPSocketOptions = { remoteAddress: "peer.example", remotePort: 7 };
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

interface Scene extends UdpFaceFixture<MemoryNetwork> {
  open(options?: unknown): Promise<UDPSocket>;
}

async function scene(answers: readonly Answer[] = [ONCE]): Promise<Scene> {
  const network = new MemoryNetwork();
  network.addName("peer.example", ADDRESS);
  await addMachine(network, { address: ADDRESS, port: 7 }, { echoes: true });
  const fixture = udpFaceFixture(network, answers);
  network.log.length = 0;
  return { ...fixture, open: (given = PEER) => openUdpSocket(fixture.source, given) };
}

test("RS-04 send() takes a Blob or bytes; the iteration gives source and Blob, with the two members alone", async () => {
  const { open } = await scene();
  await using socket = await open();
  await socket.send(new Blob(["one"]));
  await socket.send(bytes("two").buffer);
  const seen: string[] = [];
  for await (const [source, blob] of socket) {
    assert.ok(blob instanceof Blob);
    assert.deepEqual(source, { remoteAddress: ADDRESS, remotePort: 7 });
    assert.deepEqual(Object.keys(source), ["remoteAddress", "remotePort"]);
    seen.push(await blob.text());
    if (seen.length === 2) break;
  }
  assert.deepEqual(seen, ["one", "two"]);
  await socket.send(bytes("three"));
  assert.equal(await (await socket.values().next()).value?.text(), "three", "an iteration that stopped closes nothing");
  await socket.send(bytes("four"));
  assert.deepEqual((await socket.keys().next()).value, { remoteAddress: ADDRESS, remotePort: 7 });
});

test("RS-04 no datagram overtakes a Blob that is still being read", async () => {
  const { open } = await scene();
  await using socket = await open();
  const sends = [
    socket.send(new Blob(["1"])),
    socket.send(bytes("2")),
    socket.send(new Blob(["3"])),
    socket.send(bytes("4")),
  ];
  await Promise.all(sends);
  const seen: string[] = [];
  for await (const blob of socket.values()) if (seen.push(await blob.text()) === 4) break;
  assert.deepEqual(seen, ["1", "2", "3", "4"]);
});

test("RS-04 close() ends the iteration, and sending rejects from then on", async () => {
  const { open } = await scene();
  const socket = await open();
  const iteration = socket.entries();
  const waiting = iteration.next();
  await socket.close();
  assert.deepEqual(await waiting, { done: true, value: undefined });
  assert.deepEqual(await socket[Symbol.asyncIterator]().next(), { done: true, value: undefined });
  await assert.rejects(socket.send(bytes("late")), { name: "InvalidStateError" });
  await socket.closed;
});

for (
  const [title, data] of [
    ["a text", "text"],
    ["nothing", undefined],
    ["null", null],
    ["a list", [1, 2]],
    ["shared memory", new Uint8Array(new SharedArrayBuffer(1))],
    ["what only looks like a Blob", Object.create(Blob.prototype)],
  ] as const
) {
  test(`NET-07 send() refuses ${title} with TypeError`, async () => {
    const { open } = await scene();
    await using socket = await open();
    await assert.rejects(socket.send(data as unknown as Blob), TypeError);
    assert.equal(socket.stats.sent, 0);
  });
}

test("DS-47 what fits no datagram is a NetworkError, by Blob or bytes, and an empty datagram is sent", async () => {
  const { open } = await scene();
  await using socket = await open();
  for (const data of [new Uint8Array(65_508), new Blob([new Uint8Array(65_508)])]) {
    const error = await socket.send(data).catch((error) => error);
    assert.deepEqual([error.name, error.cause?.code], ["NetworkError", "NET_MESSAGE_SIZE"]);
  }
  await socket.send(new Uint8Array(0));
  await socket.send(new Blob());
  assert.deepEqual([socket.stats.sent, socket.stats.bytesSent], [2, 0]);
});

test("NET-07 RS-06 what comes from another address or port is dropped without a word, and counted", async () => {
  const { open, network, clock } = await scene();
  await using socket = await open();
  const to = { address: socket.localAddress, port: socket.localPort };
  (await addMachine(network, { address: "93.184.215.15", port: 7 })).send("evil", to);
  (await addMachine(network, { address: ADDRESS, port: 8 })).send("evil", to);
  await socket.send(bytes("good"));
  await due(clock);
  const { queued, received } = socket.stats;
  assert.deepEqual([queued, received], [1, 0]);
  const { value } = await socket.values().next();
  assert.equal(await value?.text(), "good");
});

test("NET-07 a flood of 100,000 datagrams at a program that does not read is dropped and counted", async () => {
  const network = new FakeDatagramNetwork();
  const { source } = udpFaceFixture(network, [ONCE]);
  const options = { remoteAddress: "9.9.9.9", remotePort: 7, maxQueuedDatagrams: 100 };
  await using socket = await openUdpSocket(source, options);
  const datagram = bytes("flood");
  for (let count = 0; count < 100_000; count++) network.link.arrive(datagram, { address: "9.9.9.9", port: 7 });
  const { queued, dropped, filtered } = socket.stats;
  assert.deepEqual([queued, dropped, filtered], [100, 99_900, 0]);
});

test("NET-07 stats is a frozen record of the moment", async () => {
  const { open } = await scene();
  await using socket = await open();
  const before = socket.stats;
  assert.ok(Object.isFrozen(before));
  await socket.send(bytes("hello"));
  await socket.values().next();
  assert.equal(before.sent, 0);
  const counts = {
    received: 1,
    bytesReceived: 5,
    sent: 1,
    bytesSent: 5,
    dropped: 0,
    filtered: 0,
    errors: 0,
    queued: 0,
  };
  assert.deepEqual(socket.stats, counts);
});

test("DS-48 an ICMP message is a networkerror event: the socket goes on", async () => {
  const { source, network } = await scene();
  await using socket = await openUdpSocket(source, { remoteAddress: ADDRESS, remotePort: 9 });
  const events: NetworkErrorEvent[] = [];
  const listener = (event: NetworkErrorEvent): void => void events.push(event);
  socket.addEventListener("networkerror", listener);
  await socket.send(bytes("anybody"));
  await due();
  const [event] = events;
  assert.ok(event instanceof NetworkErrorEvent && event.type === "networkerror");
  const { name, cause } = event.error as DOMException & { cause?: ParleyError };
  assert.deepEqual([name, cause?.code, socket.stats.errors], ["NetworkError", "NET_REFUSED", 1]);
  const peer = await addMachine(network, { address: ADDRESS, port: 9 }, { echoes: true });
  await socket.send(bytes("again"));
  assert.equal(await (await socket.values().next()).value?.text(), "again");
  socket.removeEventListener("networkerror", listener);
  socket.addEventListener("networkerror", listener, { signal: AbortSignal.abort() });
  peer.link.close();
  await socket.send(bytes("gone"));
  await due();
  assert.deepEqual([events.length, socket.stats.errors], [1, 2]);
});

test("NET-27 until the peer has answered, ten datagrams leave at once and then one a second", async () => {
  const { source, network, clock } = await scene();
  const silent = await addMachine(network, { address: ADDRESS, port: 9 });
  await using socket = await openUdpSocket(source, { remoteAddress: ADDRESS, remotePort: 9 });
  const sends = Array.from({ length: 12 }, (_, number) => socket.send(bytes(`${number}`)));
  await clock.advance(999);
  assert.equal(silent.heard.length, 10);
  await clock.advance(1);
  assert.equal(silent.heard.length, 11);
  const { address, port } = silent.heard[0]?.from ?? { address: "", port: 0 };
  silent.send("here", { address, port });
  await Promise.all(sends);
  await due(clock);
  assert.deepEqual(silent.heard.map(({ text }) => text), Array.from({ length: 12 }, (_, number) => `${number}`));
});

test("DS-40 close() refuses while a stream is locked, and await using does not", async () => {
  const { open } = await scene();
  let closed: Promise<void>;
  {
    await using socket = await open();
    const reader = socket.readable.getReader();
    await assert.rejects(socket.close(), { name: "InvalidStateError" });
    reader.releaseLock();
    const writer = socket.writable.getWriter();
    await writer.write({ data: bytes("x") });
    await assert.rejects(writer.write({ data: "text" } as unknown as { data: BufferSource }), TypeError);
    closed = socket.closed;
  }
  await closed;
});

test("CON-13 taking an approval back breaks its sockets off with NotAllowedError", async () => {
  const { open, broker } = await scene([RUN]);
  const socket = await open();
  const reading = socket.values().next();
  broker.revokeAll();
  await assert.rejects(reading, { name: "NotAllowedError" });
  await assert.rejects(socket.closed, { name: "NotAllowedError" });
  await assert.rejects(socket.send(bytes("late")), { name: "NotAllowedError" });
});

test("RS-04 scripts cannot make a UDPSocket, nor use one's members on something else", async () => {
  assert.throws(() => new UDPSocket(), TypeError);
  const impostor = Object.create(UDPSocket.prototype);
  assert.throws(() => impostor.remoteAddress, TypeError);
  await assert.rejects(UDPSocket.prototype.send.call(impostor, bytes("x")), TypeError);
  assert.throws(() => UDPSocket.prototype.entries.call(impostor), TypeError);
  assert.equal(UDPSocket.prototype[Symbol.asyncIterator], UDPSocket.prototype.entries);
});
