import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { compare, costOf, type Round, spreadOf } from "./figures.ts";
import { contestantsOf, type TaskName, TASKS } from "./plan.ts";
import { outcomeOf, tableOf } from "./report.ts";

function round(native: number, parley: number): Round {
  const figures = (cost: number): { cost: number; cpuMs: number } => ({ cost, cpuMs: cost * 2 });
  return { native: figures(native), web: figures(1), parley: figures(parley) };
}

function memory(native: number, parley: number): Round {
  return { native: { cost: native, cpuMs: null }, parley: { cost: parley, cpuMs: null } };
}

test("a spread has the median and the quartiles, whatever the order", () => {
  assert.deepEqual(spreadOf([5, 1, 4, 2, 3]), { median: 3, low: 2, high: 4 });
  assert.deepEqual(spreadOf([1, 2]), { median: 1.5, low: 1.25, high: 1.75 });
  assert.throws(() => spreadOf([]), RangeError);
});

test("a rate's ratio says how many times as fast, round by round", () => {
  // Twice as fast in every round, though the machine was ten times slower in the second.
  const { ratio, cpu } = compare(TASKS["write"], [round(10, 5), round(100, 50)], {
    judged: "parley",
    against: "native",
  });
  assert.equal(ratio.median, 2);
  assert.equal(cpu?.median, 0.5);
});

test("a time's ratio says how many times as long", () => {
  const { ratio } = compare(TASKS["ping-pong"], [round(10, 15)], { judged: "parley", against: "native" });
  assert.equal(ratio.median, 1.5);
});

test("a memory's ratio says how many times as much, and nothing of processor time", () => {
  const rounds = [memory(2, 8), memory(4, 12), memory(3, 9)];
  const { ratio, cpu } = compare(TASKS["idle-connection"], rounds, { judged: "parley", against: "native" });
  assert.equal(ratio.median, 3);
  assert.equal(cpu, null);
  assert.equal(costOf(rounds, "parley").median, 9);
});

test("who took no part is compared with nobody", () => {
  const pair = { judged: "parley", against: "web" } as const;
  assert.throws(() => compare(TASKS["accept"], [memory(1, 2)], pair), RangeError);
});

test("every aim is set against somebody who takes part, and every row of the table has all its cells", () => {
  for (const task of Object.keys(TASKS) as TaskName[]) {
    for (const runtime of ["deno", "bun", "node"] as const) {
      const names = contestantsOf(task, runtime);
      for (const { against } of TASKS[task].aims(runtime)) assert.ok(names.includes(against));
      const rounds = [Object.fromEntries(names.map((name) => [name, { cost: 1, cpuMs: null }])) as Round];
      const row = tableOf([outcomeOf({ runtime, version: "1", task }, rounds)]).split("\n")[2] ?? "";
      assert.equal(row.split(" | ").length, 7, row);
      assert.equal(
        row.includes("NO"),
        TASKS[task].measure === "rate" && TASKS[task].aims(runtime).some(({ limit }) => limit > 1),
      );
    }
  }
});
