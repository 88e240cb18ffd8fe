/**
 * Runs one test file on one runtime and counts what happened. One process a file: a file that dies at load, hangs or
 * leaves the process is then one failure of its own, and cannot take the counts of others with it.
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { TestRuntime } from "../tests/support/runtimes.ts";
import { parseJunit, type TestCase } from "./junit.ts";
import { PROJECT_ROOT, readIfPresent } from "./project.ts";
import { type CommandResult, runCommand } from "./run_command.ts";

/** A test that failed, or a file that did as a whole. */
export interface Failure {
  /** The test's title, or what became of the file. */
  readonly title: string;
  /** What the runner said. */
  readonly text: string;
}

/** What became of one file on one runtime. */
export interface FileResult {
  /** Tests that passed. */
  readonly passed: number;
  /** Tests that were skipped. */
  readonly skipped: number;
  /** Everything that failed. */
  readonly failures: readonly Failure[];
  /** Its tests, as far as they were reported. */
  readonly cases: readonly TestCase[];
  /** The `SKIP name: reason` lines it printed. */
  readonly skips: readonly string[];
  /** Duration in milliseconds. */
  readonly elapsedMs: number;
}

/** What to run. */
export interface TestJob {
  /** The runtime. */
  readonly runtime: TestRuntime;
  /** Path of its binary. */
  readonly binary: string;
  /** The test file, relative to the folder it runs in. */
  readonly file: string;
  /** Where the runner writes its report. */
  readonly report: string;
  /** Milliseconds it may take. */
  readonly limitMs: number;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The folder it runs in; the project by default. */
  readonly cwd?: string;
}

function commandFor({ runtime, binary, file, report }: TestJob): string[] {
  switch (runtime) {
    case "deno": {
      const sanitizers = ["--sanitize-ops", "--sanitize-resources"];
      return [binary, "test", "-A", "--no-prompt", "--no-check", ...sanitizers, `--junit-path=${report}`, file];
    }
    case "bun":
      return [binary, "test", "--reporter=junit", `--reporter-outfile=${report}`, `./${file}`];
    case "node": {
      const readable = ["--test-reporter=spec", "--test-reporter-destination=stdout"];
      const counted = ["--test-reporter=junit", `--test-reporter-destination=${report}`];
      // Without --test, which counts a file that has no test as a pass, and one that dies at load too when not isolated.
      return [binary, ...readable, ...counted, file];
    }
  }
}

/** The end of a long output, where runners tell what went wrong. */
function tail(text: string): string {
  const lines = text.trimEnd().split("\n");
  return lines.length <= 60 ? lines.join("\n") : ["...", ...lines.slice(-60)].join("\n");
}

/**
 * Judges what a runner left behind.
 *
 * @param cases What its report holds; null when there is no whole report.
 * @param result How the process ended.
 * @param limitMs What the file was allowed to take.
 * @returns The failures: those of single tests, or else one for the file.
 */
export function judgeRun(cases: readonly TestCase[] | null, result: CommandResult, limitMs: number): Failure[] {
  const whole = (title: string): Failure[] => [{ title, text: tail(result.output) }];
  const failed = (cases ?? []).filter(({ outcome }) => outcome === "failed");
  const failures: Failure[] = failed.map(({ title, text }) => ({ title, text }));
  if (result.timedOut) return [...failures, ...whole(`(no end within ${Math.round(limitMs / 1000)} s)`)];
  if (cases === null) return whole(`(the runner ended with ${result.status} and left no report)`);
  // Deno's report leaves out what fails outside a test, so the status has the last word.
  if (result.status !== 0 && failures.length === 0) return whole(`(the runner ended with ${result.status})`);
  if (cases.length === 0) return [...failures, ...whole("(the file registers no test)")];
  return failures;
}

/**
 * Runs one file.
 *
 * @param job What and where.
 * @returns What became of it; never rejects because of the tests.
 */
export async function runTestFile(job: TestJob): Promise<FileResult> {
  const { runtime, binary, limitMs, report } = job;
  const variable = `PARLEY_TEST_${runtime.toUpperCase()}`;
  const env = { [variable]: binary, ...job.env };
  await rm(report, { force: true });
  const cwd = job.cwd ?? PROJECT_ROOT;
  const result = await runCommand(commandFor(job), { cwd, env, timeoutMs: limitMs });
  const cases = parseJunit((await readIfPresent(join(report))) ?? "");
  await rm(report, { force: true });
  const count = (outcome: TestCase["outcome"]): number => (cases ?? []).filter((one) => one.outcome === outcome).length;
  return {
    passed: count("passed"),
    skipped: count("skipped"),
    failures: judgeRun(cases, result, limitMs),
    cases: cases ?? [],
    skips: result.output.split("\n").filter((line) => line.startsWith("SKIP ")),
    elapsedMs: result.elapsedMs,
  };
}
