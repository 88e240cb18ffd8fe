import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { linkPair, type MemoryLink } from "../../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { PIPE_BYTES } from "../../../runtime/memory/pipe.ts";
import { brokerFixture, ONCE, REQUESTER } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import type { ByteLink } from "../../port.ts";
import { createDirectSockets, type TCPSocket, type TCPSocketOpenInfo } from "./mod.ts";
import { createEngineHost } from "../../engine/engine_host.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);

/** A network with one connection, whose far end the test holds in its hand. */
class HandNetwork extends MemoryNetwork {
  readonly peer: MemoryLink;
  readonly #client: MemoryLink;
  readonly #held: Promise<void>;

  constructor(held: Promise<void>) {
    super();
    const ends = { client: { address: "127.0.0.1", port: 5000 }, server: { address: "93.184.215.14", port: 80 } };
    const { client, server } = linkPair(ends);
    this.#held = held;
    this.#client = client;
    this.peer = server;
  }

  override async connect(): Promise<ByteLink> {
    await this.#held;
    return this.#client;
  }
}

interface Pair {
  readonly socket: TCPSocket;
  readonly peer: MemoryLink;
}

function connecting(held: Promise<void> = Promise.resolve()): Pair {
  const net = new HandNetwork(held);
  const { broker, clock } = brokerFixture([ONCE], { test: true });
  const context = { engine: createEngineHost(net, clock), broker, requester: REQUESTER, lifetimes: null, claim: null };
  const { TCPSocket } = createDirectSockets(() => Promise.resolve({ ...context, report: () => {} }));
  return { socket: new TCPSocket("93.184.215.14", 80), peer: net.peer };
}

async function connected(): Promise<Pair & TCPSocketOpenInfo> {
  const pair = connecting();
  return { ...pair, ...(await pair.socket.opened) };
}

async function readAll(link: MemoryLink): Promise<string> {
  let all = "";
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) all += text(chunk);
  return all;
}

/** Lets everything happen that waits for nothing from outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
}

/** What a promise has come to so far. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = "pending";
  promise.then(() => state = "fulfilled", () => state = "rejected");
  await settle();
  return state;
}

test("DS-24 readable is a byte stream: a BYOB read fills at most the view", async () => {
  const { socket, peer, readable } = await connected();
  await peer.write(bytes("abcdef"));
  const reader = readable.getReader({ mode: "byob" });
  assert.equal(text((await reader.read(new Uint8Array(4))).value), "abcd");
  assert.equal(text((await reader.read(new Uint8Array(4))).value), "ef");
  reader.releaseLock();
  await socket.close();
});

test("DS-24 chunks without a view are Uint8Arrays", async () => {
  const { socket, peer, readable } = await connected();
  await peer.write(bytes("abc"));
  const reader = readable.getReader();
  const { value } = await reader.read();
  assert.ok(value instanceof Uint8Array);
  assert.equal(text(value), "abc");
  reader.releaseLock();
  await socket.close();
});

test("DS-25 the far end's FIN ends readable after all data; writable and closed go on", async () => {
  const { socket, peer, readable, writable } = await connected();
  await peer.write(bytes("last"));
  await peer.closeWrite();
  assert.equal(await new Response(readable).text(), "last");
  assert.equal(await stateOf(socket.closed), "pending");
  const writer = writable.getWriter();
  await writer.write(bytes("answer"));
  await writer.close();
  assert.equal(await socket.closed, undefined);
  assert.equal(await readAll(peer), "answer");
});

test("DS-26 a reset rejects pending and later reads, writes and closed with NetworkError", async () => {
  const { socket, peer, readable, writable } = await connected();
  const reader = readable.getReader();
  const pending = reader.read();
  peer.reset();
  await assert.rejects(pending, { name: "NetworkError" });
  await assert.rejects(reader.read(), { name: "NetworkError" });
  await assert.rejects(writable.getWriter().closed, { name: "NetworkError" });
  await assert.rejects(socket.closed, (error: DOMException) => (error.cause as ParleyError).code === "NET_RESET");
});

test("DS-27 cancelling readable leaves writable as it is; closing that resolves closed", async () => {
  const { socket, peer, readable, writable } = await connected();
  assert.equal(await readable.cancel("enough"), undefined);
  const writer = writable.getWriter();
  await writer.write(bytes("still here"));
  assert.equal(await stateOf(socket.closed), "pending");
  await writer.close();
  await socket.closed;
  assert.equal(await readAll(peer), "still here");
});

test("DS-28 DS-29 nothing is read that nobody asks for: the far end waits", async () => {
  const { socket, peer, readable } = await connected();
  let taken = 0;
  const sending = (async () => {
    for (let i = 0; i < 8; i++, taken++) await peer.write(new Uint8Array(PIPE_BYTES / 2));
  })().catch(() => {});
  await settle();
  assert.equal(taken, 2);
  const reader = readable.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(PIPE_BYTES / 2));
  assert.equal(value?.byteLength, PIPE_BYTES / 2);
  await settle();
  assert.equal(taken, 3);
  reader.releaseLock();
  await socket.close();
  await sending;
});

for (const [title, chunk] of [["a string", "text"], ["a number", 7], ["an object", {}], ["null", null]] as const) {
  test(`DS-30 writing ${title} is a TypeError, and the writable is done for`, async () => {
    const { socket, peer, readable, writable } = await connected();
    const writer = writable.getWriter();
    const reason = await writer.write(chunk as unknown as BufferSource).catch((error) => error);
    assert.ok(reason instanceof TypeError);
    assert.equal(await writer.write(bytes("valid")).catch((error) => error), reason);
    await peer.write(bytes("goes on"));
    await peer.closeWrite();
    assert.equal(await new Response(readable).text(), "goes on");
    assert.equal(await socket.closed.catch((error) => error), reason);
  });
}

test("DS-30 any kind of BufferSource is written, and memory that is shared is not", async () => {
  const { socket, peer, writable } = await connected();
  const writer = writable.getWriter();
  await writer.write(bytes("ab").buffer);
  await writer.write(new DataView(bytes("-cd-").buffer, 1, 2));
  await writer.write(bytes("-ef-").subarray(1, 3));
  await assert.rejects(writer.write(new Uint8Array(new SharedArrayBuffer(1)) as never), TypeError);
  assert.equal(await readAll(peer), "abcdef");
  writer.releaseLock();
  await socket.close();
});

test("DS-32 a write settles when the system has taken the chunk; one chunk fills the queue", async () => {
  const { socket, peer, writable } = await connected();
  const writer = writable.getWriter();
  assert.equal(writer.desiredSize, 1);
  const writing = writer.write(new Uint8Array(PIPE_BYTES + 1));
  assert.equal(writer.desiredSize, 0);
  assert.equal(await stateOf(writing), "pending");
  await peer.readChunk();
  await writing;
  assert.equal(writer.desiredSize, 1);
  writer.releaseLock();
  await socket.close();
});

test("DS-33 closing writable flushes and sends FIN while readable stays open", async () => {
  const { socket, peer, readable, writable } = await connected();
  const writer = writable.getWriter();
  void writer.write(bytes("question"));
  await writer.close();
  assert.equal(await readAll(peer), "question");
  assert.equal(await stateOf(socket.closed), "pending");
  await peer.write(bytes("answer"));
  await peer.closeWrite();
  assert.equal(await new Response(readable).text(), "answer");
  await socket.closed;
});

test("DS-34 DS-36 aborting writable drops what waits, and readable still delivers; closed rejects with the reason", async () => {
  const { socket, peer, readable, writable } = await connected();
  const writer = writable.getWriter();
  const reason = new RangeError("enough");
  const pending = assert.rejects(writer.write(new Uint8Array(2 * PIPE_BYTES)), reason);
  const queued = assert.rejects(writer.write(bytes("never sent")), reason);
  await writer.abort(reason);
  await pending;
  await queued;
  await peer.write(bytes("still read"));
  await peer.closeWrite();
  assert.equal(await new Response(readable).text(), "still read");
  assert.equal(await socket.closed.catch((error) => error), reason);
});

test("DS-35 a write that fails is a NetworkError, and the writable is done for", async () => {
  const { socket, peer, readable, writable } = await connected();
  await readable.cancel();
  const writer = writable.getWriter();
  peer.close();
  await assert.rejects(writer.write(bytes("x")), { name: "NetworkError" });
  await assert.rejects(writer.write(bytes("x")), { name: "NetworkError" });
  await assert.rejects(socket.closed, { name: "NetworkError" });
});

test("DS-36 closed resolves with undefined once both directions have ended, in either order", async () => {
  for (const writableFirst of [true, false]) {
    const { socket, readable, writable } = await connected();
    const ends = [(): Promise<void> => writable.close(), (): Promise<void> => readable.cancel()];
    for (const end of writableFirst ? ends : ends.reverse()) {
      assert.equal(await stateOf(socket.closed), "pending");
      await end();
    }
    assert.equal(await socket.closed, undefined);
  }
});

test("DS-37 one large chunk and an immediate close lose nothing", async () => {
  const { socket, peer, readable, writable } = await connected();
  const sent = Uint8Array.from({ length: 3 * 64 * 1024 + 1 }, (_, index) => index % 251);
  const writer = writable.getWriter();
  void writer.write(sent);
  const closing = writer.close();
  const got: Uint8Array[] = [];
  for (let chunk = await peer.readChunk(); chunk !== null; chunk = await peer.readChunk()) got.push(chunk);
  await closing;
  assert.deepEqual(new Uint8Array(await new Blob(got as BlobPart[]).arrayBuffer()), sent);
  await readable.cancel();
  await socket.closed;
});

test("DS-38 close() before the socket is open is an InvalidStateError, and the opening goes on", async () => {
  const held = Promise.withResolvers<void>();
  const { socket } = connecting(held.promise);
  await assert.rejects(socket.close(), { name: "InvalidStateError" });
  held.resolve();
  await socket.opened;
  await socket.close();
});

test("DS-39 close() after a failed opening is an InvalidStateError", async () => {
  const { socket } = connecting(Promise.reject(new ParleyError("NET_REFUSED", "Cannot connect: refused")));
  await assert.rejects(socket.opened, { name: "NetworkError" });
  await assert.rejects(socket.close(), { name: "InvalidStateError" });
});

for (const side of ["readable", "writable"] as const) {
  test(`DS-40 close() while ${side} is locked is an InvalidStateError that closes nothing`, async () => {
    const { socket, peer, readable, writable } = await connected();
    const lock = side === "readable" ? readable.getReader() : writable.getWriter();
    await assert.rejects(socket.close(), { name: "InvalidStateError" });
    assert.equal(await stateOf(socket.closed), "pending");
    lock.releaseLock();
    await peer.write(bytes("open"));
    const reader = readable.getReader();
    assert.equal(text((await reader.read()).value), "open");
    reader.releaseLock();
    await socket.close();
  });
}

test("DS-41 close() returns the very closed promise, again and again, and it resolves with undefined", async () => {
  const { socket, peer, writable } = await connected();
  const writer = writable.getWriter();
  await writer.write(bytes("sent"));
  writer.releaseLock();
  assert.equal(socket.close(), socket.closed);
  assert.equal(socket.close(), socket.closed);
  assert.equal(await socket.closed, undefined);
  assert.equal(socket.close(), socket.closed);
  assert.equal(await readAll(peer), "sent");
});

test("DS-41 after close() reads are done, and writes reject with AbortError, those under way too", async () => {
  const { socket, readable, writable } = await connected();
  const writer = writable.getWriter();
  const pending = assert.rejects(writer.write(new Uint8Array(2 * PIPE_BYTES)), { name: "AbortError" });
  writer.releaseLock();
  await socket.close();
  await pending;
  const { done, value } = await readable.getReader().read();
  assert.deepEqual([done, value], [true, undefined]);
  await assert.rejects(writable.getWriter().write(bytes("late")), { name: "AbortError", message: "Stream closed" });
});

test("DS-41 close() of a settled socket returns closed even while its streams are locked", async () => {
  const { socket, readable, writable } = await connected();
  await socket.close();
  readable.getReader();
  const writer = writable.getWriter();
  assert.equal(socket.close(), socket.closed);
  await assert.rejects(writer.closed, { name: "AbortError" });
});

test("DS-23 a connection that breaks while nobody looks raises no unhandled rejection", async () => {
  const { peer, readable } = await connected();
  const reader = readable.getReader();
  const reading = reader.read().catch((error) => error);
  peer.reset();
  assert.equal((await reading).name, "NetworkError");
  // The runner fails a test with an unhandled rejection; they are noticed after the current task.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
});

for (const size of [10, 3 * PIPE_BYTES]) {
  test(`DS-31 what is sent is what stood in a chunk of ${size} bytes when it was written`, async () => {
    const { socket, peer, writable } = await connected();
    const writer = writable.getWriter();
    const chunk = new Uint8Array(size).fill(1);
    const writing = writer.write(chunk);
    chunk.fill(2);
    const seen = new Set<number>();
    for (let count = 0; count < size;) {
      const received = await peer.readChunk() ?? new Uint8Array(size);
      count += received.byteLength;
      received.forEach((byte) => seen.add(byte));
    }
    await writing;
    writer.releaseLock();
    await socket.close();
    assert.deepEqual([...seen], [1]);
  });
}
