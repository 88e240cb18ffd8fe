import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PENDING, type Row, ROW_SECTIONS, type RowSection } from "../tests/conformance/rows.ts";
import { test } from "../tests/support/harness.ts";
import { conformanceFindings, formatConformancePage, judgeRows, needlesslyPending } from "./conformance_page.ts";
import { appendRowCases, readRowCases, type RowCase, rowsOf } from "./conformance_results.ts";

const RUNTIMES = ["deno", "bun", "node"] as const;

function section(...rows: Omit<Row, "title">[]): RowSection {
  return { name: "Spec", text: "the text", rows: rows.map((row) => ({ title: `Title of ${row.id}`, ...row })) };
}

/** One test on every runtime; what differs by runtime in `outcomes`. */
function cases(
  title: string,
  outcomes: Partial<Record<(typeof RUNTIMES)[number], RowCase["outcome"]>> = {},
): RowCase[] {
  return RUNTIMES.map((runtime) => ({ runtime, title, outcome: outcomes[runtime] ?? "passed" }));
}

function states(row: Omit<Row, "title">, tests: readonly RowCase[], pending: readonly string[] = []): string {
  return judgeRows(section(row), { cases: tests, pending })[0]?.states.join(" ") ?? "";
}

test("the numbers at the beginning of a title count, those further on do not", () => {
  assert.deepEqual(rowsOf("DS-01 TCPSocket has a tag"), ["DS-01"]);
  assert.deepEqual(rowsOf("DS-34 NET-04 RS-09 deviates: not as WT-01"), ["DS-34", "NET-04", "RS-09"]);
  assert.deepEqual(rowsOf("memory: DS-25 goes on"), ["DS-25"]);
  assert.deepEqual(rowsOf("NET-01 has nothing to do with DS-01"), ["NET-01"]);
  assert.deepEqual(rowsOf("MED-01 comes later than NET-01"), []);
  assert.deepEqual(rowsOf("the row DS-01"), []);
});

test("a row passes where a test of it passes and none fails", () => {
  const id = "DS-01";
  assert.equal(states({ id }, cases("DS-01 a")), "pass pass pass");
  assert.equal(states({ id }, cases("DS-01 a", { bun: "skipped" })), "pass missing pass");
  assert.equal(states({ id }, cases("DS-01 a", { node: "failed" })), "pass pass fails");
  assert.equal(states({ id }, [...cases("DS-01 a"), ...cases("DS-01 b", { deno: "failed" })]), "fails pass pass");
  assert.equal(states({ id }, cases("DS-02 a")), "missing missing missing");
  assert.equal(states({ id }, [], [id]), "pending pending pending");
});

test("a deviation is shown by a test that says so, and by no other", () => {
  const everywhere = { id: "DS-01", deviates: "because" };
  assert.equal(states(everywhere, cases("DS-01 deviates: so")), "deviates deviates deviates");
  assert.equal(states(everywhere, cases("DS-01 as the text has it")), "missing missing missing");
  assert.equal(states(everywhere, cases("DS-01 deviates: so", { bun: "failed" })), "deviates fails deviates");
  const somewhere = { id: "DS-01", deviates: { deno: "because" } };
  const tests = [...cases("DS-01 deviates: so", { bun: "skipped", node: "skipped" }), ...cases("DS-01 as it is")];
  assert.equal(states(somewhere, tests), "deviates pass pass");
  assert.equal(states({ id: "DS-01" }, cases("DS-01 deviates: so")), "contradicted contradicted contradicted");
});

test("a row that is planned or does not apply has no test, and one that it gets is noticed", () => {
  for (const facts of [{ planned: "later" }, { inapplicable: "never" }]) {
    const row = { id: "RS-14", ...facts };
    assert.match(states(row, []), /^(planned planned planned|inapplicable inapplicable inapplicable)$/);
    assert.equal(states(row, cases("RS-14 a", { deno: "skipped" })).split(" ")[1], "contradicted");
  }
});

test("what is missing, fails or contradicts is a finding; so is a row that does not exist", () => {
  const rows = section({ id: "DS-01" }, { id: "DS-02" }, { id: "DS-03", planned: "later" }, { id: "DS-04" });
  const evidence = {
    cases: [...cases("DS-01 a", { bun: "failed" }), ...cases("DS-03 b"), ...cases("DS-65 c")],
    pending: ["DS-04"],
  };
  const findings = conformanceFindings(judgeRows(rows, evidence), evidence);
  assert.deepEqual(findings.map(({ where }) => where), [
    "DS-01 on bun",
    "DS-02 on deno, bun, node",
    "DS-03 on deno, bun, node",
    "DS-65",
  ]);
  assert.deepEqual(needlesslyPending(judgeRows(rows, evidence), ["DS-01", "DS-04"]), ["DS-01"]);
});

test("the page has one line a row, with the reason", () => {
  const rows = section({ id: "DS-01" }, { id: "DS-02", deviates: { bun: "a | b", node: "c" } }, {
    id: "DS-03",
    inapplicable: "<none>",
  });
  const evidence = { cases: [...cases("DS-01 a"), ...cases("DS-02 deviates: b")], pending: [] };
  const lines = formatConformancePage([[rows, judgeRows(rows, evidence)]]).split("\n").filter((line) =>
    /DS-\d/.test(line)
  );
  assert.deepEqual(lines, [
    '| <a id="ds-01"></a>DS-01 | Title of DS-01 | pass | pass | pass |  |',
    '| <a id="ds-02"></a>DS-02 | Title of DS-02 | contradicted | deviates | deviates | bun: a \\| b; node: c |',
    '| <a id="ds-03"></a>DS-03 | Title of DS-03 | n/a | n/a | n/a | &lt;none> |',
  ]);
});

test("every row of the three specifications, and every requirement so far, is there, once", () => {
  const counts = ROW_SECTIONS.map(({ rows }) => `${rows[0]?.id} ${rows.at(-1)?.id} ${rows.length}`);
  assert.deepEqual(counts.sort(), [
    "CORE-01 CON-23 54",
    "DS-01 DS-64 64",
    "RS-01 RS-26 26",
    "WT-01 WT-21 21",
  ]);
  const rows = ROW_SECTIONS.flatMap((one) => one.rows);
  assert.equal(new Set(rows.map(({ title }) => title)).size, rows.length);
  for (const { id, deviates, planned, inapplicable, elsewhere } of rows) {
    assert.ok([deviates, planned, inapplicable, elsewhere].filter((fact) => fact !== undefined).length <= 1, id);
  }
  assert.deepEqual(PENDING.filter((id) => !rows.some((row) => row.id === id)), []);
});

test("what a run of tests says of the rows goes through a file", async () => {
  const folder = await mkdtemp(join(tmpdir(), "parley-cases-"));
  try {
    const file = join(folder, "cases.jsonl");
    assert.deepEqual(await readRowCases(file), []);
    const found = (title: string) => ({ title, outcome: "passed", text: "" }) as const;
    await appendRowCases(file, "bun", [found("DS-01 a\n"), found("no row"), found("c")]);
    await appendRowCases(file, "node", [found("WT-01 d")]);
    assert.deepEqual(await readRowCases(file), [
      { runtime: "bun", title: "DS-01 a\n", outcome: "passed" },
      { runtime: "node", title: "WT-01 d", outcome: "passed" },
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
