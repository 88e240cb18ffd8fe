import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { Duplex, duplexPair, PassThrough } from "node:stream";
import type { ParleyError } from "../../../core/errors.ts";
import type { DuplexStreams } from "../../../net/above/node/port.ts";
import {
  approvingHost,
  bytesOf,
  echo,
  patternBytes,
  PEER,
  settled,
  textOf,
} from "../../../tests/support/approving_host.ts";
import { test } from "../../../tests/support/harness.ts";
import { fromNodeDuplex } from "./from_node_duplex.ts";
import { toNodeDuplex } from "./to_node_duplex.ts";

const MIB = 1024 * 1024;

/** A Node stream that is driven by hand. */
class HandDuplex extends Duplex {
  reads = 0;
  readonly written: string[] = [];
  done: ((error?: Error | null) => void) | null = null;
  finishes = true;

  constructor(options: { readonly allowHalfOpen?: boolean } = {}) {
    super({ highWaterMark: 64 * 1024, ...options });
  }

  override _read(): void {
    this.reads++;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.written.push(textOf(chunk));
    this.done = done;
  }

  override _final(done: (error?: Error | null) => void): void {
    this.written.push("end");
    if (this.finishes) done();
  }
}

async function stateOf(promise: Promise<unknown>): Promise<string> {
  let state = "pending";
  promise.then(() => state = "fulfilled", () => state = "rejected");
  await settled();
  return state;
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof DOMException && (error.cause as ParleyError).code === code;
}

async function readAll({ readable }: DuplexStreams): Promise<Uint8Array> {
  return new Uint8Array(await new Response(readable).arrayBuffer());
}

test("NET-03 4 MiB come back unchanged, written by chunks and read with buffers of other sizes", async () => {
  const [near, far] = duplexPair();
  far.pipe(far);
  const { readable, writable, closed } = fromNodeDuplex(near);
  const sent = patternBytes(4 * MIB);
  const writing = (async () => {
    const writer = writable.getWriter();
    for (let from = 0; from < sent.byteLength; from += 50_000) await writer.write(sent.subarray(from, from + 50_000));
    await writer.close();
  })();
  const reader = readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(70_001);
  let at = 0;
  for (;;) {
    const { value, done } = await reader.read(new Uint8Array(buffer, 1, 1 + at % 70_000));
    if (done) break;
    assert.deepEqual(value, sent.slice(at, at + value.byteLength));
    at += value.byteLength;
    buffer = value.buffer;
  }
  assert.equal(at, sent.byteLength);
  await writing;
  await closed;
  assert.equal(near.destroyed, true);
});

test("NET-03 nothing is read before the first read, and then no more than the stream buffers", async () => {
  const duplex = new HandDuplex();
  const { readable } = fromNodeDuplex(duplex);
  await settled();
  assert.equal(duplex.reads, 0);
  const reader = readable.getReader();
  const reading = reader.read();
  await settled();
  assert.ok(duplex.reads > 0);
  duplex.push(bytesOf("hello"));
  assert.equal(textOf((await reading).value), "hello");
  let pushed = 0;
  while (duplex.push(new Uint8Array(8 * 1024))) pushed += 8 * 1024;
  await settled();
  const { reads } = duplex;
  await settled();
  assert.equal(duplex.reads, reads);
  assert.ok(pushed <= 64 * 1024);
  assert.equal(duplex.readableLength, pushed + 8 * 1024);
  duplex.destroy();
});

test("NET-03 a BYOB read takes what fits, and the rest stays", async () => {
  const duplex = new HandDuplex();
  const { readable } = fromNodeDuplex(duplex);
  duplex.push(bytesOf("hello"));
  const reader = readable.getReader({ mode: "byob" });
  const view = (): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(8), 2, 3);
  assert.equal(textOf((await reader.read(view())).value), "hel");
  const { value } = await reader.read(view());
  assert.deepEqual([textOf(value), value?.byteOffset, value?.buffer.byteLength], ["lo", 2, 8]);
  const last = reader.read(view());
  duplex.push(null);
  assert.deepEqual((await last).done, true);
  duplex.destroy();
});

test("NET-03 memory that its writer still uses is copied, not taken", async () => {
  const duplex = new PassThrough();
  const { readable } = fromNodeDuplex(duplex);
  const mine = bytesOf("hello");
  duplex.end(mine);
  const { value } = await readable.getReader().read();
  mine.fill(120);
  assert.equal(textOf(value), "hello");
  assert.equal(mine.byteLength, 5);
});

test("NET-03 a write settles when the stream has called back, one at a time", async () => {
  const duplex = new HandDuplex();
  const writer = fromNodeDuplex(duplex).writable.getWriter();
  const first = writer.write(bytesOf("a"));
  const second = writer.write(bytesOf("b"));
  assert.equal(await stateOf(first), "pending");
  assert.deepEqual(duplex.written, ["a"]);
  duplex.done?.();
  await first;
  assert.equal(await stateOf(second), "pending");
  duplex.done?.();
  await second;
  await writer.close();
  assert.deepEqual(duplex.written, ["a", "b", "end"]);
  duplex.destroy();
});

test("NET-04 closing ends one direction, reading goes on, and the end of both destroys the stream", async () => {
  const duplex = new HandDuplex();
  const { readable, writable, closed } = fromNodeDuplex(duplex);
  await writable.close();
  assert.deepEqual(duplex.written, ["end"]);
  duplex.push(bytesOf("late"));
  const reader = readable.getReader();
  assert.equal(textOf((await reader.read()).value), "late");
  assert.equal(await stateOf(closed), "pending");
  assert.equal(duplex.destroyed, false);
  duplex.push(null);
  assert.equal((await reader.read()).done, true);
  await closed;
  assert.equal(duplex.destroyed, true);
});

test("NET-04 a stream without half-open ends its writing by itself: closing is fine, writing is not", async () => {
  const duplex = new HandDuplex({ allowHalfOpen: false });
  const { readable, writable, closed } = fromNodeDuplex(duplex);
  duplex.push(null);
  assert.equal((await readable.getReader().read()).done, true);
  await closed;
  assert.deepEqual(duplex.written, ["end"]);
  const other = new HandDuplex({ allowHalfOpen: false });
  const streams = fromNodeDuplex(other);
  other.push(null);
  await streams.readable.getReader().read();
  await streams.closed;
  await writable.close();
  await assert.rejects(streams.writable.getWriter().write(bytesOf("x")), hasCode("NET_CLOSED"));
});

test("NET-04 cancel stops reading only; with the writing ended the stream is destroyed", async () => {
  const duplex = new HandDuplex();
  const { readable, writable, closed } = fromNodeDuplex(duplex);
  await readable.cancel();
  const writer = writable.getWriter();
  const writing = writer.write(bytesOf("still"));
  await settled();
  duplex.done?.();
  await writing;
  assert.equal(await stateOf(closed), "pending");
  await writer.close();
  await closed;
  assert.deepEqual(duplex.written, ["still", "end"]);
  assert.equal(duplex.destroyed, true);
});

test("NET-04 abort does not wait for a write that nobody lets through, and closed tells its reason", async () => {
  const duplex = new HandDuplex();
  const { readable, writable, closed } = fromNodeDuplex(duplex);
  const writer = writable.getWriter();
  const reason = new RangeError("enough");
  const writing = assert.rejects(writer.write(bytesOf("stuck")), reason);
  await settled();
  assert.deepEqual(duplex.written, ["stuck"]);
  await writer.abort(reason);
  await writing;
  duplex.push(bytesOf("still read"));
  const reader = readable.getReader();
  assert.equal(textOf((await reader.read()).value), "still read");
  await reader.cancel();
  await assert.rejects(closed, reason);
  assert.equal(duplex.destroyed, true);
});

test("NET-04 an error breaks both directions with Parley's code, the stream's own error behind it", async () => {
  const duplex = new HandDuplex();
  const { readable, writable, closed } = fromNodeDuplex(duplex);
  const reading = assert.rejects(readable.getReader().read(), { name: "NetworkError" });
  const writing = assert.rejects(writable.getWriter().write(bytesOf("x")), hasCode("NET_RESET"));
  const native = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
  duplex.destroy(native);
  await Promise.all([reading, writing]);
  await assert.rejects(closed, (error: DOMException) => (error.cause as ParleyError).cause === native);
});

test("NET-04 a stream that goes away without an end is a reset, also when it had gone before", async () => {
  const duplex = new HandDuplex();
  const { readable, writable, closed } = fromNodeDuplex(duplex);
  const reading = assert.rejects(readable.getReader().read(), hasCode("NET_RESET"));
  duplex.destroy();
  await reading;
  await assert.rejects(writable.getWriter().write(bytesOf("x")), hasCode("NET_RESET"));
  await assert.rejects(closed, hasCode("NET_RESET"));
  await assert.rejects(fromNodeDuplex(duplex).closed, hasCode("NET_RESET"));
});

test("NET-04 a chunk that is not of bytes breaks the writing direction, and the other goes on", async () => {
  const duplex = new HandDuplex();
  const { readable, writable } = fromNodeDuplex(duplex);
  const writer = writable.getWriter();
  await assert.rejects(writer.write("text" as unknown as BufferSource), TypeError);
  await assert.rejects(writer.write(bytesOf("x")), TypeError);
  duplex.push(bytesOf("hello"));
  assert.equal(textOf((await readable.getReader().read()).value), "hello");
  duplex.destroy();
});

test("NET-03 streams of objects and of text are refused", () => {
  assert.throws(() => fromNodeDuplex(new Duplex({ objectMode: true })), TypeError);
  assert.throws(() => fromNodeDuplex(new PassThrough().setEncoding("utf8")), TypeError);
});

test("NET-04 an end that follows the last byte at once is an end, not a reset", async () => {
  const duplex = new HandDuplex({ allowHalfOpen: false });
  const streams = fromNodeDuplex(duplex);
  const reading = readAll(streams);
  await settled();
  for (const part of ["all ", "of it"]) duplex.push(bytesOf(part));
  duplex.push(null);
  assert.equal(textOf(await reading), "all of it");
  await streams.closed;
});

test("NET-04 a net.Socket as web streams: half-close, and all that comes after it", async () => {
  const server = createServer({ allowHalfOpen: true }, (peer: Socket) => void peer.pipe(peer));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  const streams = fromNodeDuplex(socket);
  const sent = patternBytes(MIB);
  const writer = streams.writable.getWriter();
  const writing = writer.write(sent).then(() => writer.close());
  assert.deepEqual(await readAll(streams), sent);
  await writing;
  await streams.closed;
  server.close();
  await once(server, "close");
});

test("NET-03 there and back again: a socket, as a Node stream, as web streams", async () => {
  const { navigator } = approvingHost(echo);
  const tcp = await navigator.openTCPSocket(PEER);
  const streams = fromNodeDuplex(toNodeDuplex(tcp, { allowHalfOpen: true }));
  const sent = patternBytes(300_000);
  const writer = streams.writable.getWriter();
  const writing = writer.write(sent).then(() => writer.close());
  assert.deepEqual(await readAll(streams), sent);
  await writing;
  await Promise.all([streams.closed, tcp.closed]);
});
