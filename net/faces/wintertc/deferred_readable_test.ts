import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { DeferredReadable } from "./deferred_readable.ts";

interface Scene {
  readonly deferred: DeferredReadable;
  /** Hands bytes to the read of the connection that waits, or to the next one. */
  give(...bytes: number[]): void;
}

/** A deferred stream over a connection that the test answers for. */
function scene(): Scene {
  const deferred = new DeferredReadable({ onFinished: () => {}, onFailed: () => {} });
  let asked = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
  const source = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const bytes = await asked.promise;
      asked = Promise.withResolvers();
      const request = controller.byobRequest;
      if (request === null) return controller.enqueue(bytes);
      (request.view as Uint8Array).set(bytes);
      request.respond(bytes.length);
    },
  }, { highWaterMark: 0 });
  deferred.attach(source as ReadableStream<Uint8Array<ArrayBuffer>>);
  return { deferred, give: (...bytes) => asked.resolve(new Uint8Array(bytes)) };
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

for (const mode of ["buffer", "chunk"] as const) {
  test(`WT-14 a read is over for an upgrade as soon as its ${mode} is there`, async () => {
    const { deferred, give } = scene();
    const read = mode === "chunk"
      ? deferred.stream.getReader().read()
      : deferred.stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
    await turns(20);
    assert.equal(deferred.reading, true);
    give(1, 2);
    assert.deepEqual((await read).value, new Uint8Array([1, 2]));
    assert.equal(deferred.reading, false);
  });
}

test("WT-14 a read that wants more (`min`) is under way until it has it", async () => {
  const { deferred, give } = scene();
  const read = deferred.stream.getReader({ mode: "byob" }).read(new Uint8Array(8), { min: 3 });
  give(1, 2);
  for (let turn = 0; turn < 30; turn++) {
    await Promise.resolve();
    assert.equal(deferred.reading, true, `after ${turn} turns`);
  }
  give(3, 4);
  assert.deepEqual((await read).value, new Uint8Array([1, 2, 3, 4]));
  assert.equal(deferred.reading, false);
});

test("WT-09 what a buffer had got that waits for more comes back with it when the socket is closed", async () => {
  const { deferred, give } = scene();
  const view = new Uint8Array(new ArrayBuffer(12), 2, 8);
  const read = deferred.stream.getReader({ mode: "byob" }).read(view, { min: 6 });
  give(1, 2);
  await turns(30);
  give(3);
  await turns(30);
  deferred.end();
  const { done, value } = await read;
  assert.equal(done, true);
  assert.deepEqual(value, new Uint8Array([1, 2, 3]));
  assert.equal(value?.buffer.byteLength, 12);
  assert.equal(deferred.reading, false);
});

test("WT-09 so does what it got of a read that had been asked for without a buffer", async () => {
  const { deferred, give } = scene();
  const chunks = deferred.stream.getReader();
  const givenUp = assert.rejects(chunks.read(), TypeError);
  await turns(30);
  chunks.releaseLock();
  await givenUp;
  const read = deferred.stream.getReader({ mode: "byob" }).read(new Uint8Array(8), { min: 6 });
  give(1, 2);
  await turns(30);
  deferred.end();
  assert.deepEqual(await read, { done: true, value: new Uint8Array([1, 2]) });
});

test("WT-19 a buffer that waits for more is filled by whatever comes, however large it is", async () => {
  const { deferred, give } = scene();
  const most = 200_000;
  const read = deferred.stream.getReader({ mode: "byob" }).read(new Uint8Array(most), { min: 4 });
  for (const byte of [1, 2, 3, 4]) {
    give(byte);
    await turns(30);
  }
  assert.deepEqual((await read).value, new Uint8Array([1, 2, 3, 4]));
});

test("WT-19 a read given up when its buffer was filled in part keeps no later one waiting, whenever that was", async () => {
  for (let moment = 0; moment < 20; moment++) {
    const { deferred, give } = scene();
    const impatient = deferred.stream.getReader({ mode: "byob" });
    const givenUp = assert.rejects(impatient.read(new Uint8Array(8), { min: 8 }), TypeError);
    give(1, 2, 3);
    await turns(moment);
    impatient.releaseLock();
    await givenUp;
    const read = deferred.stream.getReader({ mode: "byob" }).read(new Uint8Array(8));
    await turns(40);
    give(4);
    assert.deepEqual((await read).value?.subarray(0, 3), new Uint8Array([1, 2, 3]), `after ${moment} turns`);
  }
});
