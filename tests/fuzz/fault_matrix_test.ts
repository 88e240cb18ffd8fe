/**
 * A few hundred runs of the fault matrix, the same each time, and every seed that once showed something. The ten thousand
 * are in the heavy suite. `PARLEY_FAULT_SEED=n` makes run n alone.
 */
import assert from "node:assert/strict";
import { type BatchReport, chosenSeeds, describeBatch, runBatch } from "../support/fault_matrix/batch.ts";
import { test } from "../support/harness.ts";

const RUNS = 200;

/** Seeds that went wrong once, and what they showed. Others are among the first: 6, 13 and 20. */
const KEPT: readonly (readonly [seed: number, lesson: string])[] = [
  [343, "an approval taken back while the writable closes is why that fails"],
  [534, "what a buffer had got that waits for more is not lost because a write failed"],
  [551, "the orderly end is seen although a write failed"],
  [583, "a buffer of chunks and buffers in turn is served to its end"],
  [1315, "an approval taken back before a handshake is why that fails"],
  [1461, "a read given up when it had something already keeps no later one waiting"],
  [1950, "nor does it with streams that wait for their connection"],
  [2968, "nor when two are given up"],
  [3199, "closing gives back what a buffer had got, not zeros"],
  [3399, "nor does one with a buffer smaller than what had come"],
  [4328, "closed rejects once a write has failed and the end was read"],
];

function requireWell(report: BatchReport): void {
  assert.equal(report.failed.length, 0, describeBatch(report));
}

test(`NET-03 NET-04 fault matrix: ${RUNS} runs in which nothing hangs and no byte is lost or doubled`, async () => {
  requireWell(await runBatch(chosenSeeds(Array.from({ length: RUNS }, (_, index) => 1 + index))));
});

for (const [seed, lesson] of KEPT) {
  test(`NET-04 fault seed ${seed}: ${lesson}`, async () => {
    requireWell(await runBatch([seed]));
  });
}
