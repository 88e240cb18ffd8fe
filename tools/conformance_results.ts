/** What the tests say about the rows of the specifications: their titles carry the rows' numbers. */
import { appendFile } from "node:fs/promises";
import type { TestRuntime } from "../tests/support/runtimes.ts";
import type { TestCase } from "./junit.ts";
import { readIfPresent } from "./project.ts";

/** A test that names rows. */
export interface RowCase {
  /** Where it ran. */
  readonly runtime: TestRuntime;
  /** Its title. */
  readonly title: string;
  /** How it ended. */
  readonly outcome: TestCase["outcome"];
}

/** The variable that names the file to which a run of tests adds what it has to say. */
export const CASES_VARIABLE = "PARLEY_TEST_CASES";

/** A title begins with numbers, after the name of the back end where a suite is run against several. */
const HEAD = /^(?:[a-z]+: )?((?:[A-Z]+-\d+ )+)/;
const ROW = /\b(?:DS|RS|WT|CORE|NET|CON)-\d+\b/g;

/**
 * The rows that a test shows.
 *
 * @param title Its title.
 * @returns Numbers such as `DS-01`; none when the title begins otherwise.
 */
export function rowsOf(title: string): string[] {
  return HEAD.exec(title)?.[1]?.match(ROW) ?? [];
}

/** Whether a text names a row somewhere. */
export function namesRow(text: string): boolean {
  return text.search(ROW) >= 0;
}

/** Whether a test shows that Parley differs from a text on purpose. */
export function showsDeviation(title: string): boolean {
  return /\bdeviates\b/.test(title);
}

/**
 * Adds the tests that name rows to a file, one line of JSON each.
 *
 * @param path The file.
 * @param runtime Where they ran.
 * @param cases All tests of a run.
 */
export async function appendRowCases(path: string, runtime: TestRuntime, cases: readonly TestCase[]): Promise<void> {
  const lines = cases.filter(({ title }) => rowsOf(title).length > 0)
    .map(({ title, outcome }) => `${JSON.stringify({ runtime, title, outcome })}\n`);
  await appendFile(path, lines.join(""));
}

/**
 * Reads what was added to a file.
 *
 * @param path The file; absent counts as empty.
 */
export async function readRowCases(path: string): Promise<RowCase[]> {
  const text = (await readIfPresent(path)) ?? "";
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as RowCase);
}
