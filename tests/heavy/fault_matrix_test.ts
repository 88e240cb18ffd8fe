/**
 * Ten thousand connections on a network where things go wrong, shared out among the runtimes: none hangs, none leaves a
 * rejection unhandled, and no byte is lost, doubled or out of its place. `PARLEY_FAULT_SEED=n` makes run n alone, on each.
 */
import assert from "node:assert/strict";
import process from "node:process";
import { runClient } from "../support/client_process.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";

const RUNS = 10_000;
const TIMEOUT_MS = 360_000;

for (const [index, runtime] of RUNTIMES.entries()) {
  const first = share(index);
  const count = share(index + 1) - first;
  test(
    `NET-03 NET-04 fault matrix on ${runtime}, seeds ${first} to ${first + count - 1}: nothing hangs or is lost`,
    async () => {
      const seed = process.env["PARLEY_FAULT_SEED"];
      const { stdout, stderr, status } = await runClient({
        runtime,
        program: "tests/heavy/programs/fault_matrix.ts",
        args: [String(first), String(count)],
        env: seed ? { PARLEY_FAULT_SEED: seed } : {},
        timeoutMs: TIMEOUT_MS,
      });
      const [, result] = /^@@(.*)$/m.exec(stdout) ?? [];
      assert.ok(result !== undefined && status === 0, `ended with ${status}\n${stdout}\n${stderr}`);
      assert.deepEqual(JSON.parse(result), { runs: seed ? 1 : count, failed: 0 }, stdout);
    },
    { timeoutMs: TIMEOUT_MS + 10_000 },
  );
}

/** Where the seeds of a runtime begin. */
function share(index: number): number {
  return 1 + Math.round((RUNS * index) / RUNTIMES.length);
}
