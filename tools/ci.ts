/**
 * The whole of continuous integration after the system packages are there: the test command that the README gives, the checks
 * of the gate, then every suite that the test command leaves out. Each test runs once. The last line is the verdict.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { CASES_VARIABLE } from "./conformance_results.ts";
import { PROJECT_ROOT } from "./project.ts";
import { runCommand } from "./run_command.ts";
import { appendTotals, formatTotals, formatVerdict, isSuccess, readTotals } from "./test_totals.ts";

const LIMIT_MS = 57 * 60_000;
const started = performance.now();

/** The command with which the README tells a newcomer to run the tests. */
async function readmeTestCommand(): Promise<string> {
  const text = await readFile(join(PROJECT_ROOT, "README.md"), "utf8").catch(() => "");
  const found = /npx -y deno@[\d.]+ task test\b(?!:)/.exec(text)?.[0];
  if (found === undefined) {
    throw new TypeError("Cannot find the test command in README.md: npx -y deno@VERSION task test");
  }
  return found;
}

/** Where the tests say which rows of the specifications they show. */
function casesBeside(results: string): string {
  return `${results}.cases`;
}

async function step(name: string, command: readonly string[], results: string): Promise<void> {
  console.log(`\n== ${name}: ${command.join(" ")}`);
  const before = await readTotals(results);
  const env = { PARLEY_TEST_RESULTS: results, PARLEY_TEST_REQUIRE_ALL: "1", [CASES_VARIABLE]: casesBeside(results) };
  const timeoutMs = Math.max(1_000, LIMIT_MS - (performance.now() - started));
  const result = await runCommand(command, { cwd: PROJECT_ROOT, env, timeoutMs, live: true });
  const added = (await readTotals(results)).slice(before.length);
  const told = added.some(({ failed }) => failed > 0);
  if (result.status === 0 || told) return;
  // A step that ends badly without a failed test still fails the whole.
  const totals = { suite: name, runtime: "-", passed: 0, failed: 1, skipped: 0, elapsedMs: result.elapsedMs };
  await appendTotals(results, [totals]);
  console.log(result.timedOut ? `${name} was stopped: the hour is over` : `${name} ended with ${result.status}`);
}

async function main(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "parley-ci-"));
  const results = join(folder, "results.jsonl");
  try {
    const deno = process.execPath;
    const lockBefore = await readFile(join(PROJECT_ROOT, "deno.lock"), "utf8").catch(() => "");
    await step("test", ["bash", "-c", await readmeTestCommand()], results);
    const cases = casesBeside(results);
    await step("conformance", [deno, "run", "-A", "tools/conformance.ts", "--check", "--cases", cases], results);
    await step("gate", [deno, "task", "check"], results);
    await step("rest", [deno, "run", "-A", "tools/run_tests.ts", "rest"], results);
    const totals = [...(await readTotals(results))];
    if ((await readFile(join(PROJECT_ROOT, "deno.lock"), "utf8").catch(() => "")) !== lockBefore) {
      console.log("deno.lock was not up to date: run `deno task gen` and commit it");
      totals.push({ suite: "lock", runtime: "deno", passed: 0, failed: 1, skipped: 0, elapsedMs: 0 });
    }
    console.log(`\n${formatTotals(totals)}\n`);
    console.log(`${((performance.now() - started) / 60_000).toFixed(1)} minutes after the system packages`);
    console.log(formatVerdict(totals));
    return isSuccess(totals) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof TypeError ? error.message : error);
  console.log("0 passed, 1 failed");
  process.exitCode = 1;
}
