/**
 * NET-21 as a table: which use case was tried on which runtime, and how it ended. The titles of the tests carry it from the
 * processes of the suite to the runner, which prints it.
 */
import { RUNTIMES } from "../support/each_runtime.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import type { PeerTest } from "./peer_suite.ts";

/** What a test shows of a use case. */
export interface UseCase {
  /** The use case, a row of the table: `SSH`. */
  readonly name: string;
  /** What the test shows, to end a sentence: `runs a command and checks the host key`. */
  readonly shows: string;
  /** Where it runs; all three runtimes when omitted. The table has a dash for the others. */
  readonly runtimes?: readonly TestRuntime[];
}

/** A test that has run. */
export interface TitledOutcome {
  /** Its title. */
  readonly title: string;
  /** How it ended. */
  readonly outcome: "passed" | "failed" | "skipped";
}

const TITLE = /\bNET-21 (.+?) on (deno|bun|node)\b/;
/** Of several tests of one cell, what came last in this order is shown. */
const WEIGHT: readonly TitledOutcome["outcome"][] = ["skipped", "passed", "failed"];
const HEAD = "use case (NET-21)";

/**
 * Registers one test for each runtime of a use case.
 *
 * @param test What `peerSuite()` returned.
 * @param useCase The use case, and what the test shows of it.
 * @param body The test, for one runtime.
 */
export function testUseCase<T>(
  test: PeerTest<T>,
  useCase: UseCase,
  body: (runtime: TestRuntime, peers: Parameters<Parameters<PeerTest<T>>[1]>[0]) => Promise<void>,
): void {
  for (const runtime of useCase.runtimes ?? RUNTIMES) {
    test(`NET-21 ${useCase.name} on ${runtime}: ${useCase.shows}`, (peers) => body(runtime, peers));
  }
}

/**
 * Draws the table.
 *
 * @param cases Tests that have run, of any kind.
 * @returns Text with a head and a line for each use case, without a line end; empty when there is none among the tests.
 */
export function formatUseCases(cases: readonly TitledOutcome[]): string {
  const rows = new Map<string, Map<string, TitledOutcome["outcome"]>>();
  for (const { title, outcome } of cases) {
    const [, name, runtime] = TITLE.exec(title) ?? [];
    if (name === undefined || runtime === undefined) continue;
    const row = rows.get(name) ?? new Map<string, TitledOutcome["outcome"]>();
    const before = row.get(runtime);
    if (before === undefined || WEIGHT.indexOf(outcome) > WEIGHT.indexOf(before)) row.set(runtime, outcome);
    rows.set(name, row);
  }
  if (rows.size === 0) return "";
  const table = [
    [HEAD, ...RUNTIMES],
    ...[...rows].map(([name, row]) => [name, ...RUNTIMES.map((runtime) => row.get(runtime) ?? "-")]),
  ];
  const width = Math.max(...table.map(([name = ""]) => name.length));
  return table.map(([name = "", ...cells]) => [name.padEnd(width), ...cells.map((cell) => cell.padEnd(7))].join("  "))
    .map((line) => line.trimEnd()).join("\n");
}
