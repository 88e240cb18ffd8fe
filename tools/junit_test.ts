import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { parseJunit } from "./junit.ts";

test("reports of Deno, Bun and Node give titles, outcomes and texts", () => {
  const deno = `<testsuites name="deno test"><testsuite name="a">
    <testcase name="one &quot;x&quot;" classname="a" time="0.1" line="2" col="3">
    </testcase><testcase name="two"><failure message="no">1 &lt; 2</failure></testcase>
    <testcase name="three"><error message="Cancelled"/></testcase><testcase name="four"><skipped/></testcase>
    </testsuite></testsuites>\n`;
  assert.deepEqual(parseJunit(deno), [
    { title: 'one "x"', outcome: "passed", text: "" },
    { title: "two", outcome: "failed", text: "1 < 2" },
    { title: "three", outcome: "failed", text: "Cancelled" },
    { title: "four", outcome: "skipped", text: "" },
  ]);
  const bun = '<testsuites><testcase name="a&#10;b" time="0" /><testcase name="c"><skipped /></testcase></testsuites>';
  assert.deepEqual(parseJunit(bun)?.map(({ title, outcome }) => [title, outcome]), [["a\nb", "passed"], [
    "c",
    "skipped",
  ]]);
  const node = '<testsuites>\n<testcase name="f" failure="x > y">\n<failure type="t" message="m > n">deep</failure>\n' +
    "</testcase>\n<!-- tests 1 -->\n</testsuites>\n";
  assert.deepEqual(parseJunit(node), [{ title: "f", outcome: "failed", text: "deep" }]);
});

test("a title that looks like a report counts as nothing but a title", () => {
  const xml = '<testsuites><testcase name="&lt;failure&gt; > &lt;/testcase&gt;"/></testsuites>';
  assert.deepEqual(parseJunit(xml), [{ title: "<failure> > </testcase>", outcome: "passed", text: "" }]);
});

test("a report that breaks off is no report", () => {
  assert.equal(parseJunit(""), null);
  assert.equal(parseJunit('<testsuites><testcase name="a"/>'), null);
  assert.deepEqual(parseJunit("<testsuites></testsuites>"), []);
});
