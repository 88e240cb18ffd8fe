/** Flags under which a runtime's memory tells what a program keeps. */
import type { TestRuntime } from "./runtimes.ts";

/**
 * V8 lets young objects take 16 MiB more than they did before whenever its collector finds that convenient, early or late in a
 * run, whatever the program keeps. Held to one size, what grows is what is kept.
 */
export const STEADY_MEMORY: Readonly<Record<TestRuntime, readonly string[]>> = Object.freeze({
  // It passes as it is.
  deno: ["run", "-A", "--no-check", "--cached-only"],
  bun: [],
  node: ["--max-semi-space-size=2"],
});
