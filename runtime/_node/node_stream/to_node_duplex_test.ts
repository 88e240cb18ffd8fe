import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Duplex, finished, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ParleyError } from "../../../core/errors.ts";
import { createEngineHost } from "../../../net/engine/engine_host.ts";
import { createDirectSockets } from "../../../net/faces/direct_sockets/mod.ts";
import { createWinterTcSockets } from "../../../net/faces/wintertc/mod.ts";
import type { NetContextSource } from "../../../net/context.ts";
import {
  approvingHost,
  bytesOf,
  echo,
  patternBytes,
  PEER,
  PEER_ADDRESS,
  readToEnd,
  settled,
  textOf,
} from "../../../tests/support/approving_host.ts";
import { brokerFixture, ONCE, REQUESTER } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { type ByteLink, ManualClock, type MemoryService } from "../../../testing.ts";
import { MemoryNetwork } from "../../memory/net.ts";
import { PIPE_BYTES } from "../../memory/pipe.ts";
import type { NodeSocketError } from "./node_socket_error.ts";
import type { SocketDuplex } from "./socket_duplex.ts";
import { toNodeDuplex, type ToNodeDuplexOptions } from "./to_node_duplex.ts";

const MIB = 1024 * 1024;

async function connected(service: MemoryService, options: ToNodeDuplexOptions = {}): Promise<SocketDuplex> {
  const { navigator } = approvingHost(service);
  return toNodeDuplex(await navigator.openTCPSocket(PEER), options);
}

/** What a stream tells, in order. */
function eventsOf(socket: SocketDuplex): string[] {
  const log: string[] = [];
  for (const event of ["connect", "ready", "end", "finish", "timeout"]) socket.on(event, () => log.push(event));
  socket.on("error", (error: NodeSocketError) => log.push(`error ${error.code}`));
  socket.on("close", (...args: unknown[]) => log.push(`close ${args.join()}`));
  return log;
}

function closed(socket: SocketDuplex): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

/** The far end's link, for a test that drives it by hand. */
function heldPeer(): { readonly service: MemoryService; readonly peer: Promise<ByteLink>; readonly end: () => void } {
  const peer = Promise.withResolvers<ByteLink>();
  const over = Promise.withResolvers<void>();
  const service = async (link: ByteLink): Promise<void> => {
    peer.resolve(link);
    await over.promise;
  };
  return { service, peer: peer.promise, end: () => over.resolve() };
}

test("NET-03 4 MiB come back unchanged through a pipeline, however the chunks fall", async () => {
  const sent = patternBytes(4 * MIB);
  const parts = [];
  for (let from = 0, size = 1; from < sent.byteLength; from += size, size = size * 3 % 70_001) {
    parts.push(sent.subarray(from, from + size));
  }
  const socket = await connected(echo, { allowHalfOpen: true });
  const got: Uint8Array[] = [];
  await pipeline(Readable.from(parts), socket, async (answer) => {
    for await (const chunk of answer) got.push(chunk as Uint8Array);
  });
  assert.ok(Buffer.concat(got).equals(sent));
  assert.deepEqual([socket.bytesRead, socket.bytesWritten], [sent.byteLength, sent.byteLength]);
});

test("NET-03 a reader that stops stops the writer at the far end", async () => {
  let sent = 0;
  const socket = await connected(async (link) => {
    for (; sent < MIB; sent += 16 * 1024) await link.write(new Uint8Array(16 * 1024));
  });
  socket.pause();
  await settled();
  const stalled = sent;
  // The pipe, what the stream buffers, and the chunk that filled it over.
  assert.ok(stalled >= PIPE_BYTES && stalled <= 4 * PIPE_BYTES, `${stalled} bytes`);
  await settled();
  assert.equal(sent, stalled);
  socket.resume();
  await settled();
  assert.equal(sent, MIB);
  socket.destroy();
});

test("NET-03 write() says no and drain waits until the far end reads", async () => {
  const { service, peer, end } = heldPeer();
  const socket = await connected(service);
  let taken = 0;
  let wanted = true;
  for (let count = 0; count < 64; count++) {
    wanted = socket.write(new Uint8Array(16 * 1024), () => taken += 16 * 1024);
  }
  let drained = false;
  socket.once("drain", () => drained = true);
  await settled();
  assert.equal(wanted, false);
  assert.ok(taken <= PIPE_BYTES, `${taken} bytes were taken`);
  assert.equal(drained, false);
  assert.equal(socket.bytesWritten, MIB);
  const link = await peer;
  for (let read = 0; read < MIB;) read += (await link.readChunk())?.byteLength ?? MIB;
  await settled();
  assert.equal(drained, true);
  assert.equal(taken, MIB);
  socket.destroy();
  end();
});

test("NET-04 the far end's end ends our side, too, as net.Socket has it", async () => {
  const { service, peer, end } = heldPeer();
  const socket = await connected(service);
  const log = eventsOf(socket);
  socket.resume();
  const link = await peer;
  await link.closeWrite();
  assert.equal(await readToEnd(link), "");
  await settled();
  assert.deepEqual(log, ["end", "finish", "close false"]);
  assert.equal(socket.readyState, "closed");
  end();
});

test("NET-04 the far end's end is noticed although nobody reads", async () => {
  const { service, peer, end } = heldPeer();
  const socket = await connected(service);
  const gone = closed(socket);
  await (await peer).closeWrite();
  await gone;
  end();
});

test("NET-04 allowHalfOpen keeps our side open after the far end's end", async () => {
  const { service, peer, end } = heldPeer();
  const socket = await connected(service, { allowHalfOpen: true });
  const log = eventsOf(socket);
  socket.resume();
  const link = await peer;
  await link.closeWrite();
  await settled();
  assert.deepEqual(log, ["end"]);
  assert.equal(socket.readyState, "writeOnly");
  socket.end("still here");
  assert.equal(await readToEnd(link), "still here");
  await settled();
  assert.deepEqual(log, ["end", "finish", "close false"]);
  end();
});

test("NET-04 end() ends our side only, and reading goes on", async () => {
  const socket = await connected(async (link) => {
    const question = await readToEnd(link);
    await link.write(bytesOf(`you said ${question}`));
  });
  socket.end("hello");
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  assert.equal(answer, "you said hello");
});

test("NET-04 destroy() with an error tells error and close, and closes the socket without an unhandled rejection", async () => {
  const { service, peer, end } = heldPeer();
  const { navigator } = approvingHost(service);
  const tcp = await navigator.openTCPSocket(PEER);
  const socket = toNodeDuplex(tcp);
  const log = eventsOf(socket);
  const mine = Object.assign(new RangeError("enough"), { code: "EMINE" });
  socket.destroy(mine);
  assert.equal(await readToEnd(await peer), "");
  await tcp.closed;
  await settled();
  assert.deepEqual(log, ["error EMINE", "close true"]);
  assert.equal(socket.errored, mine);
  end();
});

test("NET-04 destroy() during a write calls the write back with an error and leaves nothing behind", async () => {
  const { service, end } = heldPeer();
  const socket = await connected(service);
  const outcomes: (string | undefined)[] = [];
  for (let count = 0; count < 4; count++) {
    socket.write(new Uint8Array(PIPE_BYTES), (error) => outcomes.push((error as NodeSocketError | undefined)?.code));
  }
  await settled();
  assert.deepEqual(outcomes, [undefined]);
  socket.destroy();
  await closed(socket);
  assert.equal(outcomes.length, 4);
  assert.equal(outcomes[1], "ERR_SOCKET_CLOSED");
  assert.ok(outcomes.every((code, index) => index === 0 || code !== undefined), String(outcomes));
  end();
});

test("NET-04 a reset is an error with the code ECONNRESET, and Parley's error as cause", async () => {
  const socket = await connected((link) => link.reset());
  const log = eventsOf(socket);
  await closed(socket);
  assert.deepEqual(log, ["error ECONNRESET", "close true"]);
  const error = socket.errored as NodeSocketError;
  assert.match(error.message, /ECONNRESET/);
  assert.equal(((error.cause as DOMException).cause as ParleyError).code, "NET_RESET");
});

test("CON-13 an approval that is taken back is an error with the code EACCES", async () => {
  const { service, end } = heldPeer();
  const { navigator, revokeAll } = approvingHost(service);
  const socket = toNodeDuplex(await navigator.openTCPSocket(PEER));
  const log = eventsOf(socket);
  revokeAll();
  await closed(socket);
  assert.deepEqual(log, ["error EACCES", "close true"]);
  end();
});

test("CON-13 it is noticed at once, although the stream is full and nobody reads", async () => {
  const { navigator, revokeAll } = approvingHost((link) => link.write(new Uint8Array(MIB)));
  const socket = toNodeDuplex(await navigator.openTCPSocket(PEER));
  const log = eventsOf(socket);
  socket.pause();
  await settled();
  assert.ok(socket.readableLength >= PIPE_BYTES);
  revokeAll();
  await settled();
  assert.deepEqual(log, ["error EACCES", "close true"]);
});

test("NET-03 finished() and destroySoon() see everything out", async () => {
  const { service, peer, end } = heldPeer();
  const socket = await connected(service);
  const over = new Promise<unknown>((resolve) => void finished(socket, { readable: false }, resolve));
  socket.write("all ");
  socket.write("of it");
  socket.destroySoon();
  assert.equal(await over, undefined);
  assert.equal(await readToEnd(await peer), "all of it");
  await settled();
  assert.equal(socket.destroyed, true);
  end();
});

test("NET-03 small writes that waited leave as one, large ones uncopied and in order", async () => {
  const writes: Uint8Array[] = [];
  const first = Promise.withResolvers<void>();
  const socket = toNodeDuplex({
    readable: new ReadableStream<Uint8Array>(),
    writable: new WritableStream<BufferSource>({
      write: (chunk) => {
        writes.push(chunk as Uint8Array);
        return first.promise;
      },
    }),
  });
  const large = new Uint8Array(100_000).fill(7);
  for (const part of ["a", "b", "c"]) socket.write(part);
  await settled();
  first.resolve();
  await settled();
  assert.deepEqual(writes.map(textOf), ["a", "bc"]);
  socket.cork();
  socket.write("d");
  socket.write(large);
  socket.uncork();
  await settled();
  assert.deepEqual(writes.slice(2).map((part) => part.byteLength), [1, 100_000]);
  assert.equal(writes[3]?.buffer, large.buffer);
  socket.destroy();
});

test("NET-03 a chunk is handed on as a Buffer over the same memory", async () => {
  const chunk = new Uint8Array(new ArrayBuffer(64), 16, 5).fill(104);
  const socket = toNodeDuplex({
    readable: new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(chunk) }),
    writable: new WritableStream<BufferSource>(),
  });
  const got = await new Promise<Buffer>((resolve) => void socket.once("data", resolve));
  assert.ok(Buffer.isBuffer(got));
  assert.equal(got.toString(), "hhhhh");
  assert.equal(got.buffer, chunk.buffer);
  socket.destroy();
});

test("NET-04 plain streams are cancelled and aborted with the reason", async () => {
  const reasons: unknown[] = [];
  const socket = toNodeDuplex({
    readable: new ReadableStream<Uint8Array>({ cancel: (reason) => void reasons.push(reason) }),
    writable: new WritableStream<BufferSource>({ abort: (reason) => void reasons.push(reason) }),
  });
  const why = new RangeError("enough");
  socket.on("error", () => {});
  socket.destroy(why);
  await settled();
  assert.deepEqual(reasons, [why, why]);
});

test("NET-04 what is no chunk of bytes breaks the stream", async () => {
  const socket = toNodeDuplex({
    readable: new ReadableStream<Uint8Array>({ start: (c) => c.enqueue("text" as unknown as Uint8Array) }),
    writable: new WritableStream<BufferSource>(),
  });
  const error = await new Promise((resolve) => void socket.once("error", resolve));
  assert.ok(error instanceof TypeError);
});

test("NET-03 a socket with a locked stream is refused, and its other stream left alone", () => {
  const writable = new WritableStream<BufferSource>();
  writable.getWriter();
  const readable = new ReadableStream<Uint8Array>();
  assert.throws(() => toNodeDuplex({ readable, writable }), TypeError);
  assert.equal(readable.locked, false);
});

test("NET-03 the stream shows what a net.Socket shows", async () => {
  const { service, end } = heldPeer();
  const socket = await connected(service);
  assert.ok(socket instanceof Duplex);
  const { connecting, pending, readyState, remoteAddress, remotePort, remoteFamily, localFamily, timeout } = socket;
  assert.deepEqual({ connecting, pending, readyState }, { connecting: false, pending: false, readyState: "open" });
  assert.deepEqual([remoteAddress, remotePort, remoteFamily], [PEER_ADDRESS, 7, "IPv4"]);
  assert.deepEqual(socket.address(), { address: "127.0.0.1", port: socket.localPort, family: localFamily });
  assert.equal(timeout, undefined);
  assert.equal(socket.setNoDelay(true).setKeepAlive(true, 1000).ref().unref(), socket);
  socket.end();
  assert.equal(socket.readyState, "readOnly");
  socket.destroy();
  assert.deepEqual([socket.readyState, socket.pending], ["closed", true]);
  end();
});

test("NET-03 emitConnect tells connect and ready once, and counts as connecting until then", async () => {
  const socket = await connected(echo, { emitConnect: true });
  const log = eventsOf(socket);
  assert.deepEqual([socket.connecting, socket.readyState], [true, "opening"]);
  await settled();
  assert.deepEqual(log, ["connect", "ready"]);
  assert.equal(socket.connecting, false);
  socket.end("x");
  for await (const chunk of socket) assert.equal(String(chunk), "x");
});

test("NET-03 nothing is read before a pending socket is open", async () => {
  const opened = Promise.withResolvers<unknown>();
  const socket = toNodeDuplex({
    readable: new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytesOf("early")) }),
    writable: new WritableStream<BufferSource>(),
    opened: opened.promise,
  });
  const log = eventsOf(socket);
  socket.on("data", (chunk) => log.push(`data ${chunk}`));
  await settled();
  assert.deepEqual(log, []);
  opened.resolve({ remoteAddress: "[2001:db8::1]:25" });
  await settled();
  assert.deepEqual(log, ["connect", "ready", "data early"]);
  assert.equal(socket.remoteFamily, "IPv6");
  socket.destroy();
});

test("NET-04 setTimeout() tells of idleness once, and again only after something passed", async () => {
  const clock = new ManualClock();
  const { service, peer, end } = heldPeer();
  const socket = await connected(service, { clock });
  socket.resume();
  let idle = 0;
  socket.setTimeout(1000, () => idle++);
  socket.on("timeout", () => idle += 10);
  assert.equal(socket.timeout, 1000);
  await clock.advance(999);
  await (await peer).write(bytesOf("still alive"));
  await settled();
  await clock.advance(999);
  assert.equal(idle, 0);
  await clock.advance(1);
  assert.equal(idle, 11);
  await clock.advance(5000);
  assert.equal(idle, 11);
  socket.write("again");
  await settled();
  await clock.advance(1000);
  assert.equal(idle, 21);
  assert.equal(socket.destroyed, false);
  socket.setTimeout(0);
  assert.equal(clock.pendingTimers, 0);
  socket.setTimeout(10).destroy();
  assert.equal(clock.pendingTimers, 0);
  assert.throws(() => socket.setTimeout(-1), RangeError);
  assert.throws(() => socket.setTimeout(Infinity), RangeError);
  end();
});

function otherFaces(): NetContextSource {
  const network = new MemoryNetwork();
  network.addName(PEER.remoteAddress, PEER_ADDRESS);
  network.listen({ address: PEER_ADDRESS, port: PEER.remotePort }, echo);
  const { broker, clock } = brokerFixture([ONCE], { test: true });
  const engine = createEngineHost(network, clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report: () => {} };
  return () => Promise.resolve(context);
}

test("NET-03 a WinterTC socket is connecting until it is open, takes writes before, and then tells its addresses", async () => {
  const { connect } = createWinterTcSockets(otherFaces());
  const socket = toNodeDuplex(connect("peer.example:7", { allowHalfOpen: true }));
  const log = eventsOf(socket);
  socket.end("early");
  assert.equal(socket.connecting, true);
  let answer = "";
  for await (const chunk of socket) answer += chunk;
  assert.equal(answer, "early");
  assert.deepEqual(log.slice(0, 2), ["connect", "ready"]);
  assert.deepEqual([socket.remoteAddress, socket.remotePort, socket.localFamily], [PEER_ADDRESS, 7, "IPv4"]);
});

test("NET-04 a WinterTC socket that cannot be opened is an error with a code", async () => {
  const { connect } = createWinterTcSockets(otherFaces());
  const socket = toNodeDuplex(connect(`${PEER_ADDRESS}:8`));
  const log = eventsOf(socket);
  await closed(socket);
  assert.deepEqual(log, ["error ECONNREFUSED", "close true"]);
});

test("NET-03 what a Direct Sockets socket opens with becomes a stream", async () => {
  const { TCPSocket } = createDirectSockets(otherFaces());
  const tcp = new TCPSocket("peer.example", 7);
  const socket = toNodeDuplex(await tcp.opened);
  socket.end("hello");
  for await (const chunk of socket) assert.equal(String(chunk), "hello");
  await tcp.closed;
  assert.equal(socket.remotePort, 7);
});
