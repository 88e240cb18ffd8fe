/** The rebinding lab as a table: which trick was tried on which runtime, and how it ended. Made of the titles of its tests. */
import type { TitledOutcome } from "../peers/use_case_table.ts";

const TITLE = /\bNET-14 RS-16 (.+?) over (tcp|udp) on (deno|bun|node)\b/;
const COLUMNS = ["deno", "bun", "node"].flatMap((runtime) =>
  ["tcp", "udp"].map((transport) => `${runtime} ${transport}`)
);
const HEAD = "rebinding (NET-14)";
const SHOWN: Readonly<Record<TitledOutcome["outcome"], string>> = Object.freeze({
  passed: "refused",
  failed: "FAILED",
  skipped: "skipped",
});

/**
 * The title of the test of one trick.
 *
 * @param name The trick.
 * @param where On which runtime, over what.
 */
export function rebindingTitle(name: string, where: { readonly runtime: string; readonly transport: string }): string {
  return `NET-14 RS-16 ${name} over ${where.transport} on ${where.runtime}: refused at first, and after an honest answer`;
}

/**
 * Draws the table.
 *
 * @param cases Tests that have run, of any kind.
 * @returns Text with a head and a line for each trick, without a line end; empty when there is none among the tests.
 */
export function formatRebinding(cases: readonly TitledOutcome[]): string {
  const rows = new Map<string, Map<string, string>>();
  for (const { title, outcome } of cases) {
    const [, name, transport, runtime] = TITLE.exec(title) ?? [];
    if (name === undefined) continue;
    const row = rows.get(name) ?? new Map<string, string>();
    row.set(`${runtime} ${transport}`, SHOWN[outcome]);
    rows.set(name, row);
  }
  if (rows.size === 0) return "";
  const table = [
    [HEAD, ...COLUMNS],
    ...[...rows].map(([name, row]) => [name, ...COLUMNS.map((column) => row.get(column) ?? "-")]),
  ];
  const width = Math.max(...table.map(([name = ""]) => name.length));
  return table.map(([name = "", ...cells]) => [name.padEnd(width), ...cells.map((cell) => cell.padEnd(8))].join("  "))
    .map((line) => line.trimEnd()).join("\n");
}
