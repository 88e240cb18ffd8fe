/**
 * The gate: every check that a change has to pass, side by side where that helps. `deno task ok`.
 *
 * Usage: gate.ts [--no-tests] [CHECK ...]
 * Checks count as tests only when they are tests: examples in the documentation are, formatting is not. A check that
 * fails counts as one failure.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { CASES_VARIABLE } from "./conformance_results.ts";
import { parseJunit } from "./junit.ts";
import { PROJECT_ROOT, readIfPresent } from "./project.ts";
import { type CommandResult, runCommand } from "./run_command.ts";
import { isShippedFile, listSourceFiles } from "./source_files.ts";
import { appendTotals, formatVerdict, isSuccess, readTotals, type SuiteTotals } from "./test_totals.ts";

interface Check {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where the command writes a test report. */
  readonly report?: string;
}

const deno = process.execPath;
const tool = (name: string, ...args: string[]): string[] => [deno, "run", "-A", `tools/${name}.ts`, ...args];

/** Files whose types can be checked without a network: those that show packages from JSR need one. */
async function checkableFiles(files: readonly string[]): Promise<string[]> {
  const kept: string[] = [];
  for (const file of files) {
    const text = await readFile(join(PROJECT_ROOT, file), "utf8");
    if (/^examples\//.test(file) && /from "@std\//.test(text)) console.log(`not checked, needs JSR: ${file}`);
    else kept.push(file);
  }
  return kept;
}

/** Pages with examples that run on the memory host. docs/std.md needs JSR. */
const PAGES: readonly string[] = ["README.md", "docs/sockets.md", "docs/delegation.md", "docs/pins.md"];

/** Files that show an example. Others are left out: the runner would load each of them as a test module too. */
async function documentsWithExamples(files: readonly string[]): Promise<string[]> {
  const documents: string[] = [];
  for (const file of [...files.filter(isShippedFile), ...PAGES]) {
    const text = await readIfPresent(join(PROJECT_ROOT, file));
    if (text !== null && /^[ *]*```(ts|typescript|js)\b/m.test(text)) documents.push(file);
  }
  return documents;
}

async function listChecks(reports: string): Promise<Check[]> {
  const files = await listSourceFiles(PROJECT_ROOT);
  const report = join(reports, "doc.xml");
  // Nothing but the variable that chooses the host which reaches nothing real; a permission prompt would be a failure.
  const least = ["--allow-env=PARLEY_HOST", "--no-prompt", "--no-remote"];
  const examples = [deno, "test", "--doc", ...least, `--junit-path=${report}`, ...(await documentsWithExamples(files))];
  return [
    { name: "types", command: [deno, "check", "--no-remote", ...(await checkableFiles(files))] },
    { name: "examples", command: examples, env: { PARLEY_HOST: "memory" }, report },
    { name: "format", command: [deno, "fmt", "--check"] },
    { name: "lint", command: [deno, "lint"] },
    { name: "layers", command: tool("check_layers") },
    { name: "twins", command: tool("check_twins") },
    { name: "docs", command: tool("check_docs") },
    { name: "generated", command: tool("generate", "--check") },
  ];
}

/** What can be said only after the tests. */
function conformanceCheck(folder: string): Check {
  return { name: "conformance", command: tool("conformance", "--check", "--cases", casesIn(folder)) };
}

async function judge(check: Check, result: CommandResult): Promise<SuiteTotals> {
  const cases = check.report === undefined ? [] : parseJunit((await readIfPresent(check.report)) ?? "") ?? [];
  const count = (outcome: string): number => cases.filter((one) => one.outcome === outcome).length;
  const failed = count("failed");
  return {
    suite: check.name,
    runtime: "deno",
    passed: count("passed"),
    failed: result.status === 0 ? failed : Math.max(failed, 1),
    skipped: count("skipped"),
    elapsedMs: result.elapsedMs,
  };
}

async function runCheck(check: Check): Promise<SuiteTotals> {
  const result = await runCommand(check.command, { cwd: PROJECT_ROOT, env: check.env ?? {}, timeoutMs: 300_000 });
  const totals = await judge(check, result);
  const seconds = (result.elapsedMs / 1000).toFixed(1);
  console.log(`${totals.failed === 0 ? "ok    " : "FAILED"} ${check.name} (${seconds} s)`);
  const output = result.output.split("\n").filter((line) => !/^(Check|Checked) /.test(line)).join("\n");
  const warnings = output.split("\n").filter((line) => line.startsWith("warning: "));
  if (totals.failed > 0) console.log(output.trimEnd().replace(/^/gm, "    "));
  else for (const line of warnings) console.log(`    ${line}`);
  return totals;
}

/** Where the tests say which rows of the specifications they show. */
function casesIn(folder: string): string {
  return join(folder, "cases.jsonl");
}

/** The tests, in a lane of their own beside the checks: two cores are busy then, and no more. */
async function runTests(results: string): Promise<SuiteTotals[]> {
  const file = join(results, "tests.jsonl");
  const env = { PARLEY_TEST_RESULTS: file, [CASES_VARIABLE]: casesIn(results) };
  const command = tool("run_tests", "fast", "--jobs", "1");
  const result = await runCommand(command, { cwd: PROJECT_ROOT, env, timeoutMs: 45 * 60_000 });
  console.log(result.output.trimEnd().split("\n").slice(0, -1).join("\n"));
  const totals = await readTotals(file);
  const lost = result.status !== 0 && totals.every(({ failed }) => failed === 0);
  return lost ? [...totals, { suite: "tests", runtime: "?", passed: 0, failed: 1, skipped: 0, elapsedMs: 0 }] : totals;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: { "no-tests": { type: "boolean", default: false } },
  });
  const started = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "parley-gate-"));
  try {
    const all = await listChecks(folder);
    const unknown = positionals.find((name) => all.every((check) => check.name !== name));
    if (unknown !== undefined) throw new RangeError(`Cannot run the check ${unknown}: there is none of that name`);
    const checks = positionals.length === 0 ? all : all.filter(({ name }) => positionals.includes(name));
    const withTests = !values["no-tests"] && positionals.length === 0;
    const tests = withTests ? runTests(folder) : Promise.resolve([]);
    const totals: SuiteTotals[] = [];
    for (const check of checks) totals.push(await runCheck(check));
    const counted = totals.filter(({ passed, failed, skipped }) => passed + failed + skipped > 0);
    const everything = [...counted, ...(await tests)];
    if (withTests) everything.push(await runCheck(conformanceCheck(folder)));
    const file = process.env["PARLEY_TEST_RESULTS"];
    if (file) await appendTotals(file, everything);
    console.log(
      `\n${checks.length + (withTests ? 1 : 0)} checks in ${((performance.now() - started) / 1000).toFixed(0)} s`,
    );
    console.log(formatVerdict(everything));
    return withTests ? (isSuccess(everything) ? 0 : 1) : everything.every(({ failed }) => failed === 0) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
