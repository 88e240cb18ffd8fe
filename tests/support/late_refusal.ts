/** Waiting, on a clock that the test turns, for what a program is told late (NET-17). */
import assert from "node:assert/strict";
import type { ManualClock } from "../../core/manual_clock.ts";
import { LATE_REFUSAL_MS } from "../../net/late_refusal.ts";

/**
 * Turns the clock to the moment of telling. Fails when something was told before it, or is not told then.
 *
 * @param clock The clock of the host.
 * @param work What is to be told.
 * @returns The same promise.
 */
export async function toldLate<Result>(clock: ManualClock, work: Promise<Result> | undefined): Promise<Result> {
  assert.ok(work !== undefined, "it was done at once");
  let isTold = false;
  const told = (): void => void (isTold = true);
  work.then(told, told);
  await clock.advance(LATE_REFUSAL_MS - 1);
  assert.equal(isTold, false, "it was told early");
  await clock.advance(1);
  assert.equal(isTold, true, "it was not told in time");
  return await work;
}
