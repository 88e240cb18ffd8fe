import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { LoggedWritable } from "./logged_writable.ts";

interface Inner {
  readonly stream: WritableStream<BufferSource>;
  /** What was asked of it. */
  readonly events: string[];
  controller: WritableStreamDefaultController;
}

/** A stream that takes a chunk when the gate opens. */
function sink(gate: Promise<void> = Promise.resolve()): Inner {
  const events: string[] = [];
  const inner = { events } as unknown as { stream: unknown; controller: unknown };
  inner.stream = new WritableStream<BufferSource>({
    start: (controller) => void (inner.controller = controller),
    async write(chunk) {
      events.push(`write ${[...chunk as Uint8Array]}`);
      await gate;
    },
    close: () => void events.push("close"),
    abort: (reason) => void events.push(`abort ${reason}`),
  });
  return inner as unknown as Inner;
}

function logged(inner: WritableStream<BufferSource>): { writable: LoggedWritable; chunks: number[][] } {
  const chunks: number[][] = [];
  return { writable: new LoggedWritable(inner, (bytes) => void chunks.push([...bytes])), chunks };
}

test("NET-03 a logged stream passes chunks and the end on, and then unlocks the inner one", async () => {
  const inner = sink();
  const { writable, chunks } = logged(inner.stream);
  const writer = writable.stream.getWriter();
  await writer.write(new Uint8Array([1, 2]));
  await writer.write(new Uint8Array([0, 3, 0]).subarray(1, 2));
  await writer.write(new Uint8Array([4]).buffer);
  assert.equal(inner.stream.locked, true);
  await writer.close();
  assert.deepEqual(inner.events, ["write 1,2", "write 3", "write 4", "close"]);
  assert.deepEqual(chunks, [[1, 2], [3], [4]]);
  assert.equal(inner.stream.locked, false);
});

test("NET-03 a write is settled when the inner stream has settled it, and ready waits as long", async () => {
  const gate = Promise.withResolvers<void>();
  const inner = sink(gate.promise);
  const { writable } = logged(inner.stream);
  const writer = writable.stream.getWriter();
  const order: string[] = [];
  const written = writer.write(new Uint8Array([1])).then(() => order.push("written"));
  const ready = writer.ready.then(() => order.push("ready"));
  const second = writer.write(new Uint8Array([2]));
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual([order, inner.events, writable.busy], [[], ["write 1"], true]);
  gate.resolve();
  await Promise.all([written, ready, second]);
  assert.equal(order[0], "written");
  assert.equal(writable.busy, false);
  await writer.close();
});

test("NET-04 an abort reaches the inner stream at once, though a write is stuck in it", async () => {
  const heard = Promise.withResolvers<unknown>();
  const stuck = new WritableStream<BufferSource>({
    start: ({ signal }) => signal.addEventListener("abort", () => heard.resolve(signal.reason)),
    write: () => heard.promise.then((reason) => Promise.reject(reason)),
  });
  const { writable } = logged(stuck);
  const writer = writable.stream.getWriter();
  const written = assert.rejects(writer.write(new Uint8Array(1)), (reason) => reason === "stop");
  const closed = assert.rejects(writer.closed, (reason) => reason === "stop");
  await new Promise((resolve) => setTimeout(resolve, 0));
  await writer.abort("stop");
  await Promise.all([written, closed]);
  assert.equal(stuck.locked, false);
});

test("NET-04 an abort between writes is passed on, and its failure too", async () => {
  const inner = sink();
  const { writable } = logged(inner.stream);
  await writable.stream.abort("stop");
  assert.deepEqual(inner.events, ["abort stop"]);
  assert.equal(inner.stream.locked, false);
  const failing = new WritableStream<BufferSource>({ abort: () => Promise.reject("worse") });
  await assert.rejects(logged(failing).writable.stream.abort("stop"), (reason) => reason === "worse");
});

test("NET-04 a failure of the inner stream fails the logged one as it is, with and without a write", async () => {
  const broken = new WritableStream<BufferSource>({ write: () => Promise.reject("torn") });
  const writer = logged(broken).writable.stream.getWriter();
  const closed = assert.rejects(writer.closed, (reason) => reason === "torn");
  await assert.rejects(writer.write(new Uint8Array(1)), (reason) => reason === "torn");
  await closed;
  const inner = sink();
  const idle = logged(inner.stream).writable.stream.getWriter();
  inner.controller.error("torn");
  await assert.rejects(idle.closed, (reason) => reason === "torn");
  assert.equal(inner.stream.locked, false);
});

test("NET-04 a close that fails rejects, and unlocks the inner stream", async () => {
  const inner = new WritableStream<BufferSource>({ close: () => Promise.reject("torn") });
  const writer = logged(inner).writable.stream.getWriter();
  const closed = assert.rejects(writer.closed, (reason) => reason === "torn");
  await assert.rejects(writer.close(), (reason) => reason === "torn");
  await closed;
  assert.equal(inner.locked, false);
});

test("NET-04 nothing passes that is not logged: what is no BufferSource aborts, and so does what the log throws", async () => {
  const inner = sink();
  const { writable, chunks } = logged(inner.stream);
  await assert.rejects(writable.stream.getWriter().write("text" as never), TypeError);
  assert.deepEqual(chunks, []);
  assert.match(inner.events.join(), /^abort TypeError/);
  const other = sink();
  const full = new LoggedWritable(other.stream, () => {
    throw new RangeError("disk full");
  });
  await assert.rejects(full.stream.getWriter().write(new Uint8Array([1])), { message: "disk full" });
  assert.deepEqual(other.events, ["abort RangeError: disk full"]);
});

test("CORE-01 the bytes that are logged are the bytes that are sent, whatever the chunk says of itself", async () => {
  const inner = sink();
  const { writable, chunks } = logged(inner.stream);
  const chunk = new Uint8Array([1, 2, 3]);
  for (const [name, value] of Object.entries({ byteLength: 1, byteOffset: 2, length: 1, buffer: new ArrayBuffer(9) })) {
    Object.defineProperty(chunk, name, { value });
  }
  await writable.stream.getWriter().write(chunk);
  assert.deepEqual(chunks, [[1, 2, 3]]);
  assert.deepEqual(inner.events, ["write 1,2,3"]);
});

test("NET-04 a stream that was released is unusable, and the inner one is as before", async () => {
  const inner = sink();
  const { writable } = logged(inner.stream);
  const writer = writable.stream.getWriter();
  const closed = assert.rejects(writer.closed, { message: "released" });
  writable.release(new TypeError("released"));
  await closed;
  const own = inner.stream.getWriter();
  await own.write(new Uint8Array([1]));
  await own.close();
  assert.deepEqual(inner.events, ["write 1", "close"]);
  writable.release(new TypeError("again"));
});
