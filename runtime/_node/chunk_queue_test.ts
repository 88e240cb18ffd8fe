import assert from "node:assert/strict";
import fc from "fast-check";
import { ParleyError } from "../../core/errors.ts";
import { test } from "../../tests/support/harness.ts";
import { ChunkQueue, ownedChunk } from "./chunk_queue.ts";

const KIB = 1024;

function setUp(): { queue: ChunkQueue; log: string[] } {
  const log: string[] = [];
  return { queue: new ChunkQueue({ pause: () => void log.push("pause"), resume: () => void log.push("resume") }), log };
}

const closed = (): ParleyError => new ParleyError("NET_CLOSED", "Cannot read: closed");
const reset = (): ParleyError => new ParleyError("NET_RESET", "Cannot read: reset");

test("NET-03 the queue stops its source at 256 KiB and lets it go on at 64 KiB", async () => {
  const { queue, log } = setUp();
  queue.push(new Uint8Array(200 * KIB));
  assert.deepEqual(log, []);
  queue.push(new Uint8Array(60 * KIB));
  queue.push(new Uint8Array(1 * KIB));
  assert.deepEqual(log, ["pause"]);
  await queue.read(new Uint8Array(190 * KIB));
  assert.deepEqual(log, ["pause"]);
  await queue.read(new Uint8Array(20 * KIB));
  assert.deepEqual(log, ["pause", "resume"]);
  assert.equal(queue.bufferedBytes, 51 * KIB);
});

test("NET-03 the queue stops a flood of one-byte chunks long before their bytes add up", () => {
  const { queue, log } = setUp();
  for (let i = 0; i < 2000; i++) queue.push(new Uint8Array(1));
  assert.deepEqual(log, ["pause"]);
});

test("the queue gives the same bytes in the same order, however they are pushed and read", async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(
      sizes,
      fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 30 }),
      async (pushed, reads) => {
        const { queue } = setUp();
        const sent: number[] = [];
        for (const size of pushed) {
          const chunk = Uint8Array.from({ length: size }, (_, i) => (sent.length + i) % 251);
          sent.push(...chunk);
          queue.push(chunk);
        }
        queue.end();
        const got: number[] = [];
        for (let turn = 0;; turn++) {
          const size = reads[turn % reads.length]!;
          const view = new Uint8Array(size);
          const chunk = size === 0 ? await queue.readChunk() : view.subarray(0, await queue.read(view));
          if (chunk === null || chunk.byteLength === 0) break;
          got.push(...chunk);
        }
        assert.deepEqual(got, sent);
        assert.equal(queue.bufferedBytes, 0);
      },
    ),
    { numRuns: 100 },
  );
});

test("NET-04 a close between the wake-up of a read and its continuation is not taken for the end", async () => {
  const { queue } = setUp();
  const read = queue.read(new Uint8Array(4)).catch((error: ParleyError) => error.code);
  queue.push(new Uint8Array(4));
  queue.close(closed());
  const came = await read;
  assert.ok(came === 4 || came === "NET_CLOSED", `${came}`);
});

test("DS-26 what arrived before a failure can still be read, then the failure comes, each time", async () => {
  const { queue } = setUp();
  queue.push(new Uint8Array(3));
  queue.fail(reset());
  assert.equal((await queue.readChunk())!.byteLength, 3);
  await assert.rejects(queue.readChunk(), { code: "NET_RESET" });
  await assert.rejects(queue.read(new Uint8Array(1)), { code: "NET_RESET" });
});

test("an end stays an end, whatever fails later, until the link is closed", async () => {
  const { queue } = setUp();
  queue.end();
  queue.fail(reset());
  queue.push(new Uint8Array(3));
  assert.equal(await queue.readChunk(), null);
  queue.close(closed());
  await assert.rejects(queue.readChunk(), { code: "NET_CLOSED" });
});

test("NET-04 closing drops what nobody read", async () => {
  const { queue } = setUp();
  queue.push(new Uint8Array(3));
  queue.close(closed());
  assert.equal(queue.bufferedBytes, 0);
  await assert.rejects(queue.readChunk(), { code: "NET_CLOSED" });
});

test("a second read at the same time is a bug and is said to be one", async () => {
  const { queue } = setUp();
  const first = queue.readChunk();
  await assert.rejects(queue.readChunk(), { code: "INTERNAL_INVARIANT" });
  queue.end();
  assert.equal(await first, null);
});

test("NET-03 a chunk that shares its buffer is copied, one that fills it is not", () => {
  const whole = new Uint8Array([1, 2, 3]);
  assert.equal(ownedChunk(whole).buffer, whole.buffer);
  const part = whole.subarray(1);
  assert.notEqual(ownedChunk(part).buffer, whole.buffer);
  assert.deepEqual([...ownedChunk(part)], [2, 3]);
});
