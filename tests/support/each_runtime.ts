/** One check on every runtime at the same time, with one verdict that names the runtimes it failed on. */
import type { TestRuntime } from "./runtimes.ts";

/** Every runtime that Parley is tested on. */
export const RUNTIMES: readonly TestRuntime[] = Object.freeze(["deno", "bun", "node"] as const);

/**
 * Runs a check on all three runtimes and waits for all of them.
 *
 * @param check Throws when it fails.
 * @throws {AggregateError} When it failed somewhere; the message tells where and why.
 */
export async function eachRuntime(check: (runtime: TestRuntime) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(RUNTIMES.map((runtime) => check(runtime)));
  const failures = outcomes.flatMap((outcome, index) =>
    outcome.status === "rejected" ? [{ runtime: RUNTIMES[index], error: outcome.reason as unknown }] : []
  );
  if (failures.length === 0) return;
  const texts = failures.map(({ runtime, error }) =>
    `On ${runtime}: ${error instanceof Error ? error.message : error}`
  );
  throw new AggregateError(failures.map(({ error }) => error), texts.join("\n"));
}
