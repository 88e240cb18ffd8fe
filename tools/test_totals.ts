/** Adds up test results over suites and runtimes, carries them from one process to the next, and prints them. */
import { appendFile } from "node:fs/promises";
import { readIfPresent } from "./project.ts";

/** One suite on one runtime. */
export interface SuiteTotals {
  /** Name of the suite. */
  readonly suite: string;
  /** Name of the runtime. */
  readonly runtime: string;
  /** Tests that passed. */
  readonly passed: number;
  /** Tests and files that failed. */
  readonly failed: number;
  /** Tests that were skipped. */
  readonly skipped: number;
  /** Milliseconds of work. */
  readonly elapsedMs: number;
}

/**
 * Adds totals to a file, one line of JSON each.
 *
 * @param path The file.
 * @param totals What to add.
 */
export async function appendTotals(path: string, totals: readonly SuiteTotals[]): Promise<void> {
  await appendFile(path, totals.map((one) => `${JSON.stringify(one)}\n`).join(""));
}

/**
 * Reads what was added to a file.
 *
 * @param path The file; absent counts as empty.
 */
export async function readTotals(path: string): Promise<SuiteTotals[]> {
  const text = (await readIfPresent(path)) ?? "";
  return text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as SuiteTotals);
}

/**
 * Draws the table.
 *
 * @param totals Its rows.
 * @returns Text with one line a row and a head, without a line end.
 */
export function formatTotals(totals: readonly SuiteTotals[]): string {
  const rows = totals.map(({ suite, runtime, passed, failed, skipped, elapsedMs }) => [
    suite,
    runtime,
    ...[passed, failed, skipped].map(String),
    (elapsedMs / 60_000).toFixed(2),
  ]);
  const table = [["suite", "runtime", "passed", "failed", "skipped", "minutes"], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return table.map((row) =>
    row.map((cell, column) => column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)).join(
      "  ",
    )
  ).join("\n");
}

/**
 * The last line of every run.
 *
 * @param totals What was run.
 * @returns `N passed, N failed`.
 */
export function formatVerdict(totals: readonly SuiteTotals[]): string {
  const sum = (key: "passed" | "failed"): number => totals.reduce((total, one) => total + one[key], 0);
  return `${sum("passed")} passed, ${sum("failed")} failed`;
}

/**
 * Whether a run may count as a success: something was tested, and nothing failed.
 *
 * @param totals What was run.
 */
export function isSuccess(totals: readonly SuiteTotals[]): boolean {
  return totals.some(({ passed }) => passed > 0) && totals.every(({ failed }) => failed === 0);
}
