import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import type { ByteLink } from "../port.ts";
import { Counters } from "./inventory.ts";
import { ReadableHalf } from "./readable_half.ts";

/** A link whose reads the test answers one by one. */
class HandLink implements ByteLink {
  readonly remote = { address: "127.0.0.1", port: 1 };
  readonly local = this.remote;
  readonly bufferedBytes = 0;
  #answer: ((bytes: Uint8Array<ArrayBuffer>) => void) | null = null;

  /** Whether a read waits. */
  get asked(): boolean {
    return this.#answer !== null;
  }

  give(...bytes: number[]): void {
    const answer = this.#answer;
    assert.ok(answer !== null, "nobody reads");
    this.#answer = null;
    answer(new Uint8Array(bytes));
  }

  async read(view: Uint8Array): Promise<number> {
    const bytes = await this.#asked();
    view.set(bytes);
    return bytes.length;
  }

  readChunk(): Promise<Uint8Array<ArrayBuffer>> {
    return this.#asked();
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  reset(): void {}

  #asked(): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve) => this.#answer = resolve);
  }
}

function readableOver(link: ByteLink): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableHalf(link, { counters: new Counters(), toFaceError: (error) => error, onEnd: () => {} }).stream;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await Promise.resolve();
}

/** Everything that may happen between two promise turns of a read is tried. */
const MOMENTS = 12;

test("NET-03 a read that wants more than came (`min`) waits for the rest", async () => {
  const link = new HandLink();
  const reader = readableOver(link).getReader({ mode: "byob" });
  const read = reader.read(new Uint8Array(8), { min: 5 });
  await turns(20);
  link.give(1, 2, 3);
  await turns(20);
  link.give(4, 5, 6);
  assert.deepEqual((await read).value, new Uint8Array([1, 2, 3, 4, 5, 6]));
  assert.equal(link.asked, false);
});

for (const first of ["buffer", "chunk"] as const) {
  test(`NET-03 a read given up when its ${first} had come in part keeps no later one waiting, whenever that was`, async () => {
    for (let moment = 0; moment < MOMENTS; moment++) {
      const link = new HandLink();
      const stream = readableOver(link);
      if (first === "chunk") await chunkGivenUp(stream);
      const impatient = stream.getReader({ mode: "byob" });
      const givenUp = assert.rejects(impatient.read(new Uint8Array(8), { min: 8 }), TypeError);
      await turns(20);
      link.give(1, 2, 3);
      await turns(moment);
      impatient.releaseLock();
      await givenUp;
      const read = stream.getReader({ mode: "byob" }).read(new Uint8Array(8));
      await turns(20);
      // Where the bytes had come already, they were handed on without another read.
      if (link.asked) link.give(4);
      const { value } = await read;
      assert.deepEqual(value?.subarray(0, 3), new Uint8Array([1, 2, 3]), `after ${moment} turns`);
    }
  });
}

/** Leaves a read under way that was asked for without a buffer. */
async function chunkGivenUp(stream: ReadableStream<Uint8Array>): Promise<void> {
  const reader = stream.getReader();
  const read = assert.rejects(reader.read(), TypeError);
  await turns(5);
  reader.releaseLock();
  await read;
}
