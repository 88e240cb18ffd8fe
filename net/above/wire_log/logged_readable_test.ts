import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { LoggedReadable } from "./logged_readable.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Inner {
  readonly stream: ReadableStream<Bytes>;
  /** What was asked of it. */
  readonly events: string[];
  controller: ReadableByteStreamController;
}

/** A byte stream that gives the chunks one by one, into the reader's view where there is one, and then ends. */
function byteStream(...chunks: number[][]): Inner {
  const events: string[] = [];
  const inner = { events } as unknown as { stream: unknown; controller: unknown };
  inner.stream = new ReadableStream({
    type: "bytes",
    start: (controller) => void (inner.controller = controller),
    pull(controller) {
      const { byobRequest: request } = controller;
      events.push(request === null ? "pull" : `pull into ${request.view?.byteLength}`);
      const chunk = chunks.shift();
      if (chunk === undefined) {
        controller.close();
        request?.respond(0);
      } else if (request === null) {
        controller.enqueue(new Uint8Array(chunk));
      } else {
        (request.view as Bytes).set(chunk);
        request.respond(chunk.length);
      }
    },
    cancel: (reason) => void events.push(`cancel ${reason}`),
  }, { highWaterMark: 0 });
  return inner as unknown as Inner;
}

function logged(inner: ReadableStream<Bytes>): { readable: LoggedReadable; chunks: number[][] } {
  const chunks: number[][] = [];
  return { readable: new LoggedReadable(inner, (bytes) => void chunks.push([...bytes])), chunks };
}

test("NET-03 a logged stream passes chunks on and ends, and then unlocks the inner one", async () => {
  const inner = byteStream([1, 2], [3]);
  const { readable, chunks } = logged(inner.stream);
  assert.equal(inner.stream.locked, true);
  const got = await Array.fromAsync(readable.stream);
  assert.deepEqual(got.map((chunk) => [...chunk]), [[1, 2], [3]]);
  assert.deepEqual(chunks, [[1, 2], [3]]);
  assert.equal(inner.stream.locked, false);
});

test("NET-03 a logged stream reads nothing until it is read from", async () => {
  const inner = byteStream([1], [2]);
  const { readable } = logged(inner.stream);
  const reader = readable.stream.getReader();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(inner.events, []);
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(inner.events, ["pull"]);
  await reader.cancel("done");
  assert.deepEqual(inner.events, ["pull", "cancel done"]);
});

test("NET-03 a BYOB read goes into the reader's own memory, by way of the inner stream", async () => {
  const inner = byteStream([1, 2], [3]);
  const { readable, chunks } = logged(inner.stream);
  const reader = readable.stream.getReader({ mode: "byob" });
  const first = await reader.read(new Uint8Array(new ArrayBuffer(16), 4, 8));
  assert.deepEqual([...first.value ?? []], [1, 2]);
  assert.deepEqual([first.value?.byteOffset, first.value?.buffer.byteLength], [4, 16]);
  const second = await reader.read(new Uint8Array(first.value?.buffer ?? new ArrayBuffer(0), 0, 3));
  assert.deepEqual([...second.value ?? []], [3]);
  const end = await reader.read(new Uint8Array(5));
  assert.deepEqual([end.done, end.value?.byteLength, end.value?.buffer.byteLength], [true, 0, 5]);
  assert.deepEqual(inner.events, ["pull into 8", "pull into 3", "pull into 5"]);
  assert.deepEqual(chunks, [[1, 2], [3]]);
  assert.equal(inner.stream.locked, false);
});

test("NET-03 readers with and without a buffer may take turns", async () => {
  const inner = byteStream([1], [2], [3], [4]);
  const { readable, chunks } = logged(inner.stream);
  for (let turn = 0; turn < 2; turn++) {
    const plain = readable.stream.getReader();
    assert.deepEqual([...(await plain.read()).value ?? []], [2 * turn + 1]);
    plain.releaseLock();
    const byob = readable.stream.getReader({ mode: "byob" });
    assert.deepEqual([...(await byob.read(new Uint8Array(4))).value ?? []], [2 * turn + 2]);
    byob.releaseLock();
  }
  assert.deepEqual(inner.events, ["pull", "pull into 4", "pull", "pull into 4"]);
  assert.deepEqual(chunks, [[1], [2], [3], [4]]);
  await readable.stream.cancel();
});

test("NET-03 a BYOB read works over a stream that is no byte stream, and leaves that one's memory alone", async () => {
  const memory = new Uint8Array([1, 2, 3, 4]);
  const parts = [memory.subarray(0, 3), memory.subarray(2, 2), memory.subarray(3)];
  const inner = new ReadableStream<Bytes>({
    pull(controller) {
      const part = parts.shift();
      if (part === undefined) controller.close();
      else controller.enqueue(part);
    },
  });
  const { readable } = logged(inner);
  const reader = readable.stream.getReader({ mode: "byob" });
  assert.deepEqual([...(await reader.read(new Uint8Array(2))).value ?? []], [1, 2]);
  assert.deepEqual([...(await reader.read(new Uint8Array(2))).value ?? []], [3]);
  assert.deepEqual([...(await reader.read(new Uint8Array(2))).value ?? []], [4]);
  assert.equal((await reader.read(new Uint8Array(2))).done, true);
  assert.deepEqual([...memory], [1, 2, 3, 4]);
});

test("NET-03 bytes of a read that was given up stay for the next reader", async () => {
  const gate = Promise.withResolvers<void>();
  const inner = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      await gate.promise;
      const request = controller.byobRequest;
      if (request === null) return controller.enqueue(new Uint8Array([9]));
      (request.view as Bytes)[0] = 7;
      request.respond(1);
    },
  }, { highWaterMark: 0 }) as ReadableStream<Bytes>;
  const { readable } = logged(inner);
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  await turn();
  const first = readable.stream.getReader({ mode: "byob" });
  const lost = assert.rejects(first.read(new Uint8Array(4)), TypeError);
  first.releaseLock();
  await lost;
  assert.equal(readable.busy, true);
  gate.resolve();
  await turn();
  assert.equal(readable.busy, true);
  const second = readable.stream.getReader();
  assert.deepEqual([...(await second.read()).value ?? []], [7]);
  await second.cancel();
});

test("NET-04 a failure arrives as it is, whether or not somebody reads", async () => {
  for (const reads of [true, false]) {
    const gate = Promise.withResolvers<void>();
    let controller!: ReadableByteStreamController;
    const inner = new ReadableStream({
      type: "bytes",
      start: (given) => void (controller = given),
      pull: () => gate.promise,
    }, { highWaterMark: 0 }) as ReadableStream<Bytes>;
    const { readable } = logged(inner);
    const reader = readable.stream.getReader();
    const pending = reads ? assert.rejects(reader.read(), (reason) => reason === "torn") : null;
    const closed = assert.rejects(reader.closed, (reason) => reason === "torn");
    controller.error("torn");
    await Promise.all([pending, closed]);
    assert.equal(inner.locked, false);
    gate.resolve();
  }
});

test("NET-04 a stream that ends while nobody reads ends the logged one, for a waiting BYOB reader too", async () => {
  const inner = byteStream();
  const { readable } = logged(inner.stream);
  inner.controller.close();
  await readable.stream.getReader().closed;
  const late = logged(byteStream().stream);
  const { done } = await late.readable.stream.getReader({ mode: "byob" }).read(new Uint8Array(3));
  assert.equal(done, true);
});

test("NET-04 what the log throws fails the reader and cancels the inner stream", async () => {
  for (const byob of [false, true]) {
    const inner = byteStream([1], [2]);
    const readable = new LoggedReadable(inner.stream, () => {
      throw new RangeError("disk full");
    });
    const read = byob
      ? readable.stream.getReader({ mode: "byob" }).read(new Uint8Array(4))
      : readable.stream.getReader().read();
    await assert.rejects(read, { message: "disk full" });
    assert.equal(inner.events.at(-1), "cancel RangeError: disk full");
    assert.equal(inner.stream.locked, false);
  }
});

test("NET-04 a stream that was released is unusable, and the inner one is as before", async () => {
  const inner = byteStream([1], [2]);
  const { readable } = logged(inner.stream);
  const reader = readable.stream.getReader();
  await reader.read();
  assert.equal(readable.busy, false);
  readable.release(new TypeError("released"));
  await assert.rejects(reader.read(), { message: "released" });
  assert.deepEqual([...(await inner.stream.getReader().read()).value ?? []], [2]);
  readable.release(new TypeError("again"));
});

test("NET-04 an end within an element that a reader asked for fails that reader, and leaves no rejection behind", async () => {
  const inner = byteStream([1, 2, 3]);
  const { readable } = logged(inner.stream);
  const reader = readable.stream.getReader({ mode: "byob" });
  assert.deepEqual([...(await reader.read(new Uint16Array(4))).value ?? []], [0x201]);
  await assert.rejects(reader.read(new Uint16Array(4)), TypeError);
  assert.equal(inner.stream.locked, false);
});
