import assert from "node:assert/strict";
import { auditFixture } from "../../tests/fuzz/audit_fixture.ts";
import { REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";
import { ChainCheck, type ChainTotals } from "./audit_chain.ts";

/** The lines of one run: a policy, and so many uses. */
function run(uses: number, options: { readonly ended: boolean } = { ended: true }): string[] {
  const { audit, log } = auditFixture();
  for (let index = 0; index < uses; index++) {
    audit.record({
      event: "opened",
      requester: REQUESTER,
      descriptor: tcp(`h${index}.example`, 25),
      address: null,
      detail: null,
    });
  }
  if (options.ended) audit.end();
  return log.lines;
}

function check(
  files: readonly string[],
  options: { readonly olderRemoved?: boolean } = {},
): { readonly faults: string[]; readonly totals: ChainTotals } {
  const faults: string[] = [];
  const chain = new ChainCheck(nodeDigest, {
    olderRemoved: options.olderRemoved ?? false,
    onFault: ({ path, line, problem }) => faults.push(`${path}:${line}: ${problem.replace(/ \(run .*\)/, "")}`),
  });
  files.forEach((text, index) => chain.file(`f${index}`, text));
  return { faults, totals: chain.totals };
}

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

test("CON-22 the lines of several runs, mixed and over several files, are proved whole", () => {
  const [first, second] = [run(4), run(3, { ended: false })];
  const mixed = first.flatMap((line, index) => [line, ...(second[index] === undefined ? [] : [second[index]])]);
  const { faults, totals } = check([joined(mixed.slice(0, 5)), "", joined(mixed.slice(5))]);
  assert.deepEqual(faults, []);
  assert.deepEqual(totals, { lines: 10, runs: 2, ended: 1, begunEarlier: 0 });
});

for (
  const [title, tamper, fault] of [
    ["changed", (lines: string[]) => lines.with(2, lines[2]!.replace("h1.example", "h9.example")), [
      "f0:4: number 3 before it was changed",
    ]],
    ["removed", (lines: string[]) => lines.toSpliced(2, 1), ["f0:3: number 3 before it is missing"]],
    ["removed with its neighbour", (lines: string[]) => lines.toSpliced(2, 2), [
      "f0:3: numbers 3 to 4 before it are missing",
    ]],
    ["removed at the start", (lines: string[]) => lines.slice(1), ["f0:1: line 1 before it is missing"]],
    ["swapped with the next", (lines: string[]) => lines.with(2, lines[3]!).with(3, lines[2]!), [
      "f0:3: number 3 before it is missing",
      "f0:4: number 3 stands behind number 4: it was moved or doubled",
      "f0:5: number 4 before it is missing",
    ]],
    ["doubled", (lines: string[]) => lines.toSpliced(2, 0, lines[2]!), [
      "f0:4: number 3 stands behind number 3: it was moved or doubled",
    ]],
    ["cut short", (lines: string[]) => lines.with(2, lines[2]!.slice(0, 90)), [
      "f0:3: it is not JSON",
      "f0:4: number 3 before it is missing",
    ]],
    ["put in from elsewhere", (lines: string[]) => lines.toSpliced(2, 0, "hello"), ["f0:3: it is not JSON"]],
    ["put behind the end", (lines: string[]) => [...lines, lines[2]!], ["f0:7: it stands behind the end of its run"]],
  ] as const
) {
  test(`CON-22 a line that was ${title} is noticed, with its file and number`, () => {
    const lines = run(4);
    assert.deepEqual(check([joined(lines)]).faults, []);
    assert.deepEqual(check([joined(tamper(lines))]).faults, fault);
  });
}

test("CON-22 a last line that was not written whole is noticed, and a blank line is none", () => {
  const lines = run(2);
  const text = joined(lines);
  assert.deepEqual(check([text.slice(0, -5)]).faults, ["f0:4: the line has no end: it was not written whole"]);
  assert.deepEqual(check([`${joined(lines.slice(0, 2))}\n${joined(lines.slice(2))}`]).faults, []);
});

test("CON-22 a run whose beginning was removed to make room is whole from where it begins", () => {
  const text = joined(run(4).slice(2));
  assert.deepEqual(check([text], { olderRemoved: true }), {
    faults: [],
    totals: { lines: 4, runs: 1, ended: 1, begunEarlier: 1 },
  });
  assert.deepEqual(check([text]).faults, ["f0:1: lines 1 to 2 before it are missing"]);
});

test("CON-22 a run that was ended and has lost its last lines is one that did not end", () => {
  assert.equal(check([joined(run(4).slice(0, -2))]).totals.ended, 0);
});
