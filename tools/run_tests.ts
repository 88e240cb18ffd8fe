/**
 * Runs test suites on the three runtimes and adds up the results.
 *
 * Usage: run_tests.ts [SUITE|fast|rest|all ...] [--runtime deno,bun,node] [--file TEXT ...] [--jobs N] [--require-all]
 * With PARLEY_TEST_RESULTS set, the totals are added to that file as well; with PARLEY_TEST_CASES, the tests that name rows
 * of the specifications.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { formatRebinding } from "../tests/support/rebinding_table.ts";
import { formatUseCases } from "../tests/peers/use_case_table.ts";
import { runtimePath, type TestRuntime } from "../tests/support/runtimes.ts";
import { appendRowCases, CASES_VARIABLE } from "./conformance_results.ts";
import { PROJECT_ROOT } from "./project.ts";
import { type FileResult, runTestFile } from "./run_test_file.ts";
import { listSourceFiles } from "./source_files.ts";
import { chooseSuites, groupSuites, type Suite } from "./test_suites.ts";
import { appendTotals, formatTotals, formatVerdict, isSuccess, type SuiteTotals } from "./test_totals.ts";

const RUNTIMES: readonly TestRuntime[] = ["deno", "bun", "node"];

interface Settings {
  readonly words: readonly string[];
  readonly runtimes: readonly TestRuntime[];
  /** Texts, one of which a file's path has to contain. */
  readonly filters: readonly string[];
  readonly jobs: number;
  readonly requireAll: boolean;
}

function readSettings(): Settings {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: {
      runtime: { type: "string", default: RUNTIMES.join(",") },
      file: { type: "string", multiple: true, default: [""] },
      jobs: { type: "string", default: String(availableParallelism()) },
      "require-all": { type: "boolean", default: process.env["PARLEY_TEST_REQUIRE_ALL"] === "1" },
    },
  });
  const runtimes = values.runtime.split(",").map((name) => {
    const known = RUNTIMES.find((runtime) => runtime === name);
    if (known === undefined) throw new RangeError(`Cannot run on ${name}: choose from ${RUNTIMES.join(", ")}`);
    return known;
  });
  const jobs = Number(values.jobs);
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new RangeError(`Cannot run ${values.jobs} jobs: at least one is needed`);
  }
  return { words: positionals, runtimes, filters: values.file, jobs, requireAll: values["require-all"] };
}

/** Runs a task for each item, a few at a time, and keeps the order of the results. */
async function inParallel<Item, Result>(
  items: readonly Item[],
  task: (item: Item) => Promise<Result>,
  limit: { readonly jobs: number },
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++;
      results[index] = await task(items[index] as Item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit.jobs, items.length) }, worker));
  return results;
}

interface Run {
  readonly suite: Suite;
  readonly runtime: TestRuntime;
  readonly binary: string;
  readonly env: Readonly<Record<string, string>>;
}

/** A skipped test that lacks a package is a failure where everything has been installed. */
function missingPackages(result: FileResult, requireAll: boolean): string[] {
  return requireAll ? result.skips.filter((line) => /\bpackages?\b/i.test(line)) : [];
}

async function runSuite(run: Run, settings: Settings, reports: string): Promise<SuiteTotals> {
  const { suite, runtime, binary, env } = run;
  const started = performance.now();
  const jobs = suite.parallel ? settings.jobs : 1;
  let number = 0;
  const results = await inParallel(suite.files, async (file) => {
    const report = join(reports, `${suite.name}-${runtime}-${number++}.xml`);
    const result = await runTestFile({ runtime, binary, file, report, env, limitMs: suite.fileLimitMs });
    if (result.elapsedMs > 20_000) console.log(`  ${runtime} ${file}: ${(result.elapsedMs / 1000).toFixed(0)} s`);
    for (const { title, text } of result.failures) {
      console.log(`FAILED ${file} on ${runtime}: ${title}\n${text.replace(/^/gm, "    ")}`);
    }
    for (const line of missingPackages(result, settings.requireAll)) {
      console.log(`FAILED ${file} on ${runtime}: ${line}`);
    }
    return result;
  }, { jobs });
  const cases = process.env[CASES_VARIABLE];
  if (cases) await appendRowCases(cases, runtime, results.flatMap((result) => result.cases));
  const sum = (value: (result: FileResult) => number): number => results.reduce((total, one) => total + value(one), 0);
  const totals: SuiteTotals = {
    suite: suite.name,
    runtime,
    passed: sum(({ passed }) => passed),
    failed: sum((result) => result.failures.length + missingPackages(result, settings.requireAll).length),
    skipped: sum(({ skipped }) => skipped),
    elapsedMs: performance.now() - started,
  };
  console.log(
    `${suite.name} on ${runtime}: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`,
  );
  for (const line of new Set(results.flatMap(({ skips }) => skips))) console.log(`  ${line}`);
  const useCases = formatUseCases(results.flatMap((result) => result.cases));
  if (useCases !== "") console.log(`\n${useCases}\n`);
  const rebinding = formatRebinding(results.flatMap((result) => result.cases));
  if (rebinding !== "") console.log(`\n${rebinding}\n`);
  return totals;
}

async function main(): Promise<number> {
  const settings = readSettings();
  const all = groupSuites(await listSourceFiles(PROJECT_ROOT));
  const suites = chooseSuites(all, settings.words)
    .map((suite) => ({
      ...suite,
      files: suite.files.filter((file) => settings.filters.some((text) => file.includes(text))),
    }));
  const env: Record<string, string> = {};
  // Suites that start other runtimes ask for each of them, whichever they run on themselves.
  const asked = suites.every(({ name }) => name === "tools") ? ["deno" as const] : settings.runtimes;
  for (const name of new Set<TestRuntime>(["deno", ...asked])) {
    env[`PARLEY_TEST_${name.toUpperCase()}`] = await runtimePath(name);
  }
  const reports = await mkdtemp(join(tmpdir(), "parley-tests-"));
  const totals: SuiteTotals[] = [];
  // What is remembered, written down or ruled on this machine is the operator's affair, and none of the tests'.
  for (const kind of ["STATE", "CONFIG"]) env[`XDG_${kind}_HOME`] = join(reports, kind.toLowerCase());
  try {
    for (const suite of suites) {
      for (const runtime of suite.runtimes) {
        if (!settings.runtimes.includes(runtime) || suite.files.length === 0) continue;
        const binary = env[`PARLEY_TEST_${runtime.toUpperCase()}`] as string;
        totals.push(await runSuite({ suite, runtime, binary, env }, settings, reports));
      }
    }
  } finally {
    await rm(reports, { recursive: true, force: true });
  }
  const file = process.env["PARLEY_TEST_RESULTS"];
  if (file) await appendTotals(file, totals);
  console.log(`\n${formatTotals(totals)}\n`);
  if (totals.every(({ passed, failed }) => passed + failed === 0)) console.log("No test was run.");
  console.log(formatVerdict(totals));
  const nothingAsked = settings.words.join() === "rest" && suites.length === 0;
  return isSuccess(totals) || nothingAsked ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  console.error(error.message);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
