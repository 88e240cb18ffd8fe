/**
 * Writes docs/conformance.md from the outcome of the tests that name rows of the specifications.
 *
 * Usage: conformance.ts [--check] [--cases FILE]
 * Without a file of outcomes it runs the tests itself. With `--check` it writes nothing, and fails when the page is not what it
 * would be. It fails in any case when a row has no test that passes on some runtime.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { PENDING, ROW_SECTIONS } from "../tests/conformance/rows.ts";
import { conformanceFindings, formatConformancePage, judgeRows, needlesslyPending } from "./conformance_page.ts";
import { CASES_VARIABLE, namesRow, readRowCases, type RowCase } from "./conformance_results.ts";
import { settlePage } from "./generate.ts";
import { type Finding, PROJECT_ROOT, reportFindings } from "./project.ts";
import { runCommand } from "./run_command.ts";
import { listSourceFiles } from "./source_files.ts";
import { FAST_SUITES, groupSuites } from "./test_suites.ts";

/** The suites that run on each runtime and that everybody runs. */
const SUITES: readonly string[] = FAST_SUITES.filter((name) => name !== "tools");

/** Test files that name rows, themselves or by what stands beside them in their suite. */
async function filesThatNameRows(): Promise<string[]> {
  const sources = await listSourceFiles(PROJECT_ROOT);
  const naming = new Set<string>();
  for (const file of sources) {
    if (namesRow(await readFile(join(PROJECT_ROOT, file), "utf8"))) {
      naming.add(file.endsWith("_test.ts") ? file : dirname(file));
    }
  }
  return groupSuites(sources).filter(({ name }) => SUITES.includes(name)).flatMap(({ name, files }) =>
    files.filter((file) => naming.has(file) || (name !== "unit" && naming.has(dirname(file))))
  );
}

/** What the tests say; null when some fail. */
async function runTests(): Promise<RowCase[] | null> {
  const folder = await mkdtemp(join(tmpdir(), "parley-conformance-"));
  try {
    const file = join(folder, "cases.jsonl");
    const only = (await filesThatNameRows()).flatMap((path) => ["--file", path]);
    const command = [process.execPath, "run", "-A", "tools/run_tests.ts", ...SUITES, ...only];
    const env = { [CASES_VARIABLE]: file };
    const { status } = await runCommand(command, { cwd: PROJECT_ROOT, env, timeoutMs: 30 * 60_000, live: true });
    return status === 0 ? await readRowCases(file) : null;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: process.argv.slice(2),
    options: { check: { type: "boolean", default: false }, cases: { type: "string" } },
  });
  const cases = values.cases === undefined ? await runTests() : await readRowCases(values.cases);
  if (cases === null) return reportFindings("conformance", [{ where: "tests", message: "some fail; mend them first" }]);
  const evidence = { cases, pending: PENDING };
  const sections = ROW_SECTIONS.map((section) => [section, judgeRows(section, evidence)] as const);
  const judged = sections.flatMap(([, rows]) => rows);
  const findings: Finding[] = conformanceFindings(judged, evidence);
  // A page with holes is not written: it would look as if they were meant.
  if (findings.length === 0) {
    const how = { check: values.check, task: "conformance" };
    findings.push(...(await settlePage("docs/conformance.md", formatConformancePage(sections), how)));
  }
  const shown = needlesslyPending(judged, PENDING);
  if (shown.length > 0) console.log(`warning: no longer pending: ${shown.join(", ")}`);
  return reportFindings("conformance", findings);
}

process.exitCode = await main();
