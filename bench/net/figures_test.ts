import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { compare, type Round, spreadOf } from "./figures.ts";
import { TASKS } from "./plan.ts";

function round(nativeMs: number, parleyMs: number): Round {
  const figures = (wallMs: number): { wallMs: number; cpuMs: number } => ({ wallMs, cpuMs: wallMs * 2 });
  return { native: figures(nativeMs), web: figures(1), parley: figures(parleyMs) };
}

test("a spread has the median and the quartiles, whatever the order", () => {
  assert.deepEqual(spreadOf([5, 1, 4, 2, 3]), { median: 3, low: 2, high: 4 });
  assert.deepEqual(spreadOf([1, 2]), { median: 1.5, low: 1.25, high: 1.75 });
  assert.throws(() => spreadOf([]), RangeError);
});

test("a rate's ratio says how many times as fast, round by round", () => {
  // Twice as fast in every round, though the machine was ten times slower in the second.
  const { wall, cpu } = compare(TASKS["write"], [round(10, 5), round(100, 50)], {
    judged: "parley",
    against: "native",
  });
  assert.equal(wall.median, 2);
  assert.equal(cpu.median, 0.5);
});

test("a time's ratio says how many times as long", () => {
  const { wall } = compare(TASKS["ping-pong"], [round(10, 15)], { judged: "parley", against: "native" });
  assert.equal(wall.median, 1.5);
});
