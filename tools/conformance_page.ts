/** Judges the rows of the specifications by the tests that name them, and makes docs/conformance.md of the outcome. */
import type { Row, RowSection } from "../tests/conformance/rows.ts";
import type { TestRuntime } from "../tests/support/runtimes.ts";
import { type RowCase, rowsOf, showsDeviation } from "./conformance_results.ts";
import type { Finding } from "./project.ts";

const RUNTIMES: readonly TestRuntime[] = ["deno", "bun", "node"];

/** What has become of a row on one runtime. */
export type RowState =
  /** Its tests pass. */
  | "pass"
  /** Differs from the text on purpose; a test shows how. */
  | "deviates"
  /** Comes later. */
  | "planned"
  /** Is not there yet, and may be so for now. */
  | "pending"
  /** Is shown by another suite. */
  | "elsewhere"
  /** Has nothing to show. */
  | "inapplicable"
  /** No test shows it. */
  | "missing"
  /** A test of it fails. */
  | "fails"
  /** A test shows a deviation that the row does not tell, or one of a row that is not there yet. */
  | "contradicted";

/** A row with its states, in the order Deno, Bun, Node. */
export interface JudgedRow {
  /** The row. */
  readonly row: Row;
  /** Its state on each runtime. */
  readonly states: readonly RowState[];
}

/** What the judgement is made from. */
export interface Evidence {
  /** Tests that name rows, of all runtimes. */
  readonly cases: readonly RowCase[];
  /** Rows that need no test yet. */
  readonly pending: readonly string[];
}

/**
 * Judges the rows of a specification.
 *
 * @param section The specification.
 * @param evidence What the tests say.
 */
export function judgeRows({ rows }: RowSection, { cases, pending }: Evidence): JudgedRow[] {
  return rows.map((row) => {
    const own = cases.filter(({ title }) => rowsOf(title).includes(row.id));
    const judge = (runtime: TestRuntime): RowState =>
      judgeRow(row, {
        runtime,
        cases: own.filter((one) => one.runtime === runtime),
        pending: pending.includes(row.id),
      });
    return { row, states: RUNTIMES.map(judge) };
  });
}

interface RowEvidence {
  readonly runtime: TestRuntime;
  readonly cases: readonly RowCase[];
  readonly pending: boolean;
}

function judgeRow(row: Row, { runtime, cases, pending }: RowEvidence): RowState {
  const passed = cases.filter(({ outcome }) => outcome === "passed");
  if (cases.some(({ outcome }) => outcome === "failed")) return "fails";
  const later = row.planned !== undefined ? "planned" : row.inapplicable !== undefined ? "inapplicable" : null;
  if (later !== null) return passed.length > 0 ? "contradicted" : later;
  if (row.elsewhere !== undefined && cases.length === 0) return "elsewhere";
  // What deviates does so from a specification; our own requirements are held or not.
  const deviation = !/^(?:CORE|NET|CON)-/.test(row.id) && passed.some(({ title }) => showsDeviation(title));
  const expected = deviationOn(row, runtime) !== null;
  if (deviation && !expected) return "contradicted";
  if (passed.length === 0 || (expected && !deviation)) return pending ? "pending" : "missing";
  return expected ? "deviates" : "pass";
}

/** Why a row differs on a runtime, or null. */
function deviationOn({ deviates }: Row, runtime: TestRuntime): string | null {
  return (typeof deviates === "object" ? deviates[runtime] : deviates) ?? null;
}

const COMPLAINTS: ReadonlyMap<RowState, string> = new Map<RowState, string>([
  ["missing", "no test that passes shows it, or how it deviates"],
  ["fails", "a test of it fails"],
  ["contradicted", "a test shows what rows.ts does not say: a deviation, or something that is planned"],
]);

/**
 * What is wrong with the rows: a run in which there is anything fails.
 *
 * @param judged The rows of all specifications.
 * @param evidence What they were judged by.
 */
export function conformanceFindings(judged: readonly JudgedRow[], { cases }: Evidence): Finding[] {
  const known = new Set(judged.map(({ row }) => row.id));
  const unknown = new Set(cases.flatMap(({ title }) => rowsOf(title)).filter((id) => !known.has(id)));
  return [
    ...judged.flatMap(({ row, states }) =>
      [...COMPLAINTS].flatMap(([state, message]) => {
        const where = RUNTIMES.filter((_, index) => states[index] === state);
        return where.length === 0 ? [] : [{ where: `${row.id} on ${where.join(", ")}`, message }];
      })
    ),
    ...[...unknown].map((id) => ({ where: id, message: "a test names it, and there is no such row" })),
  ];
}

/**
 * Rows that would need no leave any more to be without a test.
 *
 * @param judged The rows of all specifications.
 * @param pending Rows that need no test yet.
 */
export function needlesslyPending(judged: readonly JudgedRow[], pending: readonly string[]): string[] {
  return judged.filter(({ row, states }) => pending.includes(row.id) && !states.includes("pending"))
    .map(({ row }) => row.id);
}

const HEAD =
  `<!-- Made from tests/conformance/rows.ts and the outcome of the tests by \`deno task conformance\`. Do not edit. -->

# Conformance

What the three socket specifications ask for, row by row, what the project itself has to hold, and what Parley does on each
runtime. The rows are this project's own count; the titles of the tests begin with their numbers.

- **pass**: tests show it.
- **deviates**: Parley differs from the text on purpose, for the reason given; a test shows the difference and fails when it is gone.
- **elsewhere**: shown by the suite that is named, which needs real servers, a terminal or much time.
- **planned**: comes later. **not yet**: being made. **n/a**: nothing here that it could apply to.

The surface of every class (properties, names, lengths, errors, order of conversions) is compared with the specifications' own
interface definitions, in \`tests/conformance/idl/\`.
`;

const WORDS: ReadonlyMap<RowState, string> = new Map<RowState, string>([
  ["pending", "not yet"],
  ["inapplicable", "n/a"],
]);

function reasonText({ row }: JudgedRow): string {
  const { deviates } = row;
  if (typeof deviates !== "object") return deviates ?? row.planned ?? row.inapplicable ?? row.elsewhere ?? "";
  return RUNTIMES.flatMap((runtime) => deviates[runtime] === undefined ? [] : [`${runtime}: ${deviates[runtime]}`])
    .join("; ");
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("<", "&lt;");
}

function formatSection({ name, text }: RowSection, judged: readonly JudgedRow[]): string {
  const lines = judged.map((one) => {
    const states = one.states.map((state) => WORDS.get(state) ?? state);
    const { id, title } = one.row;
    return `| <a id="${id.toLowerCase()}"></a>${id} | ${[title, ...states, reasonText(one)].map(cell).join(" | ")} |`;
  });
  return [
    `## ${name}`,
    "",
    `The text: ${text}.`,
    "",
    `| row | what is asked for | ${RUNTIMES.join(" | ")} | why |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...lines,
    "",
  ].join("\n");
}

/**
 * Makes the page.
 *
 * @param sections The specifications with their judged rows.
 * @returns Markdown, the same for the same outcome.
 */
export function formatConformancePage(sections: readonly (readonly [RowSection, readonly JudgedRow[]])[]): string {
  return [HEAD, ...sections.map(([section, judged]) => formatSection(section, judged))].join("\n");
}
