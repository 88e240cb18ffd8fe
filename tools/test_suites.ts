/**
 * Which tests there are: every `*_test.ts`, found by walking the tree. A test beside its source belongs to the suite `unit`,
 * one in `tests/<folder>/` to the suite of that name, so a new folder is a new suite.
 */
import type { TestRuntime } from "../tests/support/runtimes.ts";

/** Tests that run together. */
export interface Suite {
  /** Its name. */
  readonly name: string;
  /** Where it runs. */
  readonly runtimes: readonly TestRuntime[];
  /** Its files, relative to the project. */
  readonly files: readonly string[];
  /** Whether its files may run at the same time as others. */
  readonly parallel: boolean;
  /** Milliseconds that one file may take. */
  readonly fileLimitMs: number;
}

interface SuiteFacts {
  readonly runtimes?: readonly TestRuntime[];
  readonly parallel?: boolean;
  readonly fileLimitMs?: number;
}

const ALL: readonly TestRuntime[] = ["deno", "bun", "node"];

/** Suites that differ from the rule: every runtime, side by side, two minutes a file. */
const FACTS: ReadonlyMap<string, SuiteFacts> = new Map<string, SuiteFacts>([
  // The tools themselves run on Deno only.
  ["tools", { runtimes: ["deno"] }],
  // These start the program under test on each runtime themselves, and measure reaction times, throughput or memory.
  ["terminal", { runtimes: ["deno"], parallel: false, fileLimitMs: 600_000 }],
  ["peers", { runtimes: ["deno"], parallel: false, fileLimitMs: 600_000 }],
  ["heavy", { runtimes: ["deno"], parallel: false, fileLimitMs: 1_200_000 }],
  ["wall", { parallel: false, fileLimitMs: 600_000 }],
  ["vm", { parallel: false, fileLimitMs: 1_200_000 }],
]);

/** Suites that need nothing but the three runtimes and end soon: what `deno task test` runs. */
export const FAST_SUITES: readonly string[] = ["unit", "tools", "contract", "fuzz", "conformance"];

function suiteOf(file: string): string {
  if (file.startsWith("tools/")) return "tools";
  return /^tests\/([^/]+)\//.exec(file)?.[1] ?? "unit";
}

/**
 * Sorts test files into suites.
 *
 * @param files Every source file of the project.
 * @returns The suites, fast ones first, each with its files in order.
 */
export function groupSuites(files: readonly string[]): Suite[] {
  const groups = new Map<string, string[]>(FAST_SUITES.map((name) => [name, []]));
  for (const file of files) {
    if (!file.endsWith("_test.ts")) continue;
    const name = suiteOf(file);
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  return [...groups].filter(([, found]) => found.length > 0).map(([name, found]) => {
    const { runtimes = ALL, parallel = true, fileLimitMs = 120_000 } = FACTS.get(name) ?? {};
    return { name, runtimes, parallel, fileLimitMs, files: found };
  });
}

/**
 * Picks suites by what was typed: names, `fast`, `rest` (what is not fast) or `all`.
 *
 * @param suites Every suite.
 * @param wanted What was typed; empty for `fast`.
 * @returns The chosen ones.
 * @throws {RangeError} When a name stands for no suite.
 */
export function chooseSuites(suites: readonly Suite[], wanted: readonly string[]): Suite[] {
  const isFast = (suite: Suite): boolean => FAST_SUITES.includes(suite.name);
  const chosen = new Set<Suite>();
  for (const word of wanted.length > 0 ? wanted : ["fast"]) {
    const group = word === "all"
      ? suites
      : word === "fast"
      ? suites.filter(isFast)
      : word === "rest"
      ? suites.filter((suite) => !isFast(suite))
      : suites.filter(({ name }) => name === word);
    if (group.length === 0 && word !== "rest" && word !== "all") {
      throw new RangeError(`Cannot run the suite ${word}: it has no test files`);
    }
    for (const suite of group) chosen.add(suite);
  }
  return suites.filter((suite) => chosen.has(suite));
}
