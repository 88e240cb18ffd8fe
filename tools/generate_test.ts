import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { ERROR_CODES } from "../core/error_codes.ts";
import { formatErrorsPage } from "./errors_page.ts";
import { formatDifference } from "./generate.ts";

test("the errors page has one row for every code, with what to do and the exit status", () => {
  const page = formatErrorsPage(ERROR_CODES);
  for (
    const [code, { meaning, remedy, exit }] of Object.entries(
      ERROR_CODES as Record<string, { meaning: string; remedy: string; exit: number }>,
    )
  ) {
    const rows = page.split("\n").filter((line) => line.includes(`\`${code}\` |`));
    assert.equal(rows.length, 1, code);
    assert.equal(rows[0]?.split(/(?<!\\)\|/).length, 6, `cells of ${code}`);
    assert.ok(rows[0]?.endsWith(`| ${exit} |`), code);
    for (const text of [meaning, remedy]) {
      assert.ok(rows[0]?.replaceAll("\\|", "|").replaceAll("&lt;", "<").includes(text), code);
    }
  }
});

test("a code of an unknown area is shown under its own name", () => {
  assert.match(formatErrorsPage({ NEW_THING: { meaning: "M|x", remedy: "R", exit: 1 } }), /## NEW\n[\s\S]*M\\\|x/);
});

test("the difference shows only the lines that changed", () => {
  assert.equal(formatDifference("a\nb\nc", "a\nx\ny\nc"), "@@ line 2\n- b\n+ x\n+ y");
  assert.equal(formatDifference("a\na", "a\na\na"), "@@ line 3\n+ a");
});
