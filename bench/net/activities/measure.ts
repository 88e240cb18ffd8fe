/** How a run is measured, alike for every activity. */
import process from "node:process";
import { Bench, type FnOptions } from "tinybench";
import type { RunFigures } from "../plan.ts";

/** What a client process does when it is told how much. */
export interface Activity {
  /**
   * Does it.
   *
   * @param amount How much: bytes, datagrams or connections for a rate, milliseconds for a time.
   */
  run(amount: number): Promise<RunFigures>;
}

/** Measures one thing that takes long. */
export async function measureOnce(work: () => Promise<void>): Promise<RunFigures> {
  const before = process.cpuUsage();
  const began = performance.now();
  await work();
  const cost = performance.now() - began;
  return { cost, cpuMs: cpuMsSince(before) };
}

/**
 * Measures an operation again and again.
 *
 * @param operation What is measured.
 * @param options Milliseconds to go on for, and what is done before and after each time without being measured; its processor
 * time counts.
 */
export async function measureOften(
  operation: () => Promise<void>,
  options: { readonly timeMs: number; readonly around?: FnOptions },
): Promise<RunFigures> {
  let operations = 0;
  const bench = new Bench({ time: options.timeMs, iterations: 1, warmup: false });
  bench.add("operation", async () => {
    operations++;
    await operation();
  }, options.around);
  const before = process.cpuUsage();
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== "completed") throw result?.state === "errored" ? result.error : new TypeError("Cannot measure");
  return { cost: result.latency.p50, cpuMs: cpuMsSince(before) / operations };
}

function cpuMsSince(before: { readonly user: number; readonly system: number }): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
