/** Reads the JUnit reports of the three test runners: the one machine-readable form that all of them write. */

/** One test, as its runner reported it. */
export interface TestCase {
  /** Its title. */
  readonly title: string;
  /** How it ended. */
  readonly outcome: "passed" | "failed" | "skipped";
  /** What the runner says about a failure; empty otherwise. */
  readonly text: string;
}

const NAMED: ReadonlyMap<string, string> = new Map([
  ["lt", "<"],
  ["gt", ">"],
  ["amp", "&"],
  ["quot", '"'],
  ["apos", "'"],
]);

function unescape(text: string): string {
  return text.replace(/&(#x?)?([0-9a-zA-Z]+);/g, (whole, numeric: string | undefined, body: string) => {
    if (numeric === undefined) return NAMED.get(body) ?? whole;
    const code = parseInt(body, numeric === "#x" ? 16 : 10);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

const CASE = /<testcase((?:\s+[\w:.-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/testcase>)/g;

/**
 * Reads a report.
 *
 * @param xml Text of the report.
 * @returns Its tests, or null when the report is not whole: its runner died while it wrote.
 */
export function parseJunit(xml: string): TestCase[] | null {
  if (!/<\/testsuites>\s*$|<testsuites[^>]*\/>\s*$/.test(xml)) return null;
  const cases: TestCase[] = [];
  for (const [, attributes = "", body = ""] of xml.matchAll(CASE)) {
    const title = unescape(/\sname="([^"]*)"/.exec(attributes)?.[1] ?? "");
    const failed = /<(failure|error)[\s>/]/.test(body);
    const skipped = /<skipped[\s>/]/.test(body);
    const text = failed
      ? unescape(body.replace(/<\/?(?:failure|error)(?:\s+[\w:.-]+="[^"]*")*\s*\/?>/g, "")).trim()
      : "";
    const message = failed ? unescape(/\smessage="([^"]*)"/.exec(body)?.[1] ?? "") : "";
    cases.push({ title, outcome: failed ? "failed" : skipped ? "skipped" : "passed", text: text || message });
  }
  return cases;
}
