/** What refusals tell a program, on a real system (NET-17); `uniform_refusal.ts` compares the times. */
import assert from "node:assert/strict";
import { LATE_REFUSAL_MS } from "../../net/late_refusal.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { afterFile } from "../support/file_life.ts";
import { test } from "../support/harness.ts";
import { netnsMissing } from "../support/netns.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { chanceDistance, distanceOf, quantilesOf } from "./uniform_refusal_figures.ts";
import { type Phase, type PhaseFigures, RefusalLab } from "./uniform_refusal_run.ts";

const skip = await netnsMissing();
const TRIES = { tries: 50, lateTries: 5 };
const REFUSED = "NotAllowedError: Not allowed to connect to REQUEST: no cause";
/** How late a busy machine may be. The report has the times themselves. */
const SLACK_MS = 2_500;

const lab = skip === null ? await RefusalLab.create() : null;
if (lab !== null) await afterFile(() => lab[Symbol.asyncDispose]());

async function compare(runtime: TestRuntime, phase: Phase): Promise<PhaseFigures> {
  assert.ok(lab !== null);
  return await lab.compare(runtime, phase, TRIES);
}

for (const runtime of RUNTIMES) {
  test(`NET-17 on ${runtime} whatever was not approved is refused in one way, managed policy or not`, async () => {
    const kinds = [await compare(runtime, "unapproved"), await compare(runtime, "unapproved-by-rule")]
      .flatMap((figures) => figures.kinds);
    assert.equal(kinds.length, 12);
    for (const { kind, told } of kinds) assert.deepEqual(told, { [REFUSED]: TRIES.tries }, kind);
  }, { skip, timeoutMs: 120_000 });

  test(
    `NET-17 NET-12 on ${runtime} whatever is found out about an approved name is told in one way, after 5 s`,
    async () => {
      const kinds = [await compare(runtime, "found-out"), await compare(runtime, "found-out-443")]
        .flatMap((figures) => figures.kinds);
      assert.equal(kinds.length, 7);
      for (const { kind, told, times } of kinds) {
        assert.deepEqual(told, { [REFUSED]: TRIES.lateTries }, kind);
        // Timers count whole milliseconds.
        assert.ok(times.min >= LATE_REFUSAL_MS - 2, `${kind} was told after ${times.min} ms`);
        assert.ok(times.max < LATE_REFUSAL_MS + SLACK_MS, `${kind} was told after ${times.max} ms`);
      }
    },
    { skip, timeoutMs: 120_000 },
  );

  test(`NET-17 on ${runtime} an approved public name that fails says how`, async () => {
    const { kinds } = await compare(runtime, "useful");
    const told = Object.fromEntries(kinds.map(({ kind, told }) => [kind, Object.keys(told)]));
    assert.deepEqual(told, {
      open: ["open"],
      closed: ["NetworkError: … : NET_REFUSED"],
      filtered: ["NetworkError: … : NET_TIMEOUT"],
    });
  }, { skip, timeoutMs: 120_000 });
}

test("NET-17 the report's figures: quantiles, and the distance of two distributions", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => 99 - index);
  assert.deepEqual(quantilesOf(hundred), { min: 0, median: 50, p95: 95, p99: 99, max: 99 });
  assert.equal(distanceOf(hundred, hundred), 0);
  assert.equal(distanceOf([1, 2, 3], [4, 5, 6]), 1);
  assert.equal(distanceOf([1, 1, 2, 2], [1, 2, 2, 2]), 0.25);
  assert.ok(Math.abs(chanceDistance(100, 100) - 1.9495 * Math.sqrt(0.02)) < 0.001);
});
