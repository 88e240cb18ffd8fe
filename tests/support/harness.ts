/**
 * The only place that knows the test runner: `Deno.test` (whose sanitizers see leaks) on Deno, `bun:test` on Bun,
 * `node:test` on Node. Test files are found by their name, `*_test.ts`, never listed.
 */

/** What a test may ask for. */
export interface TestOptions {
  /** Why the test cannot run here; printed, and counted by `.ci/run`. Falsy to run it. */
  readonly skip?: string | false | null;
  /** What goes on after the test, on purpose: then Deno's sanitizers do not look for it. */
  readonly leaves?: string;
  /** Milliseconds until the runner gives up on it; 30,000 by default. */
  readonly timeoutMs?: number;
}

/** The runtime the tests run on. */
export const RUNTIME: "deno" | "bun" | "node" = "Deno" in globalThis ? "deno" : "Bun" in globalThis ? "bun" : "node";

type Register = (name: string, body: () => void | Promise<void>, options: TestOptions) => void;

const register: Register = await (async (): Promise<Register> => {
  if (RUNTIME === "deno") {
    return (name, body, { skip, leaves }) => {
      const looks = leaves === undefined ? {} : { sanitizeOps: false, sanitizeResources: false };
      Deno.test({ name, ignore: Boolean(skip), fn: body, ...looks });
    };
  }
  if (RUNTIME === "bun") {
    const specifier = "bun:test";
    const { test: bunTest } = await import(specifier);
    return (name, body, { skip, timeoutMs }) => {
      if (skip) bunTest.skip(name, body);
      else bunTest(name, async () => await body(), timeoutMs ?? 30_000);
    };
  }
  const { test: nodeTest } = await import("node:test");
  return (name, body, { skip, timeoutMs }) => {
    void nodeTest(name, { skip: skip || false, timeout: timeoutMs ?? 30_000 }, async () => await body());
  };
})();

/**
 * Registers a test. Titles read as a specification and carry requirement IDs: `NET-24 refuses a single label`.
 *
 * @param name The title.
 * @param body The test; it fails by throwing.
 * @param options Whether and how long to run it.
 */
export function test(name: string, body: () => void | Promise<void>, options: TestOptions = {}): void {
  if (options.skip) console.log(`SKIP ${name}: ${options.skip}`);
  register(name, body, options);
}
