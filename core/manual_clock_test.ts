import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { ManualClock } from "./manual_clock.ts";

test("a manual clock stands still until it is turned", async () => {
  const clock = new ManualClock({ nowMs: 1_000 });
  assert.equal(clock.nowMs(), 1_000);
  assert.equal(clock.monotonicMs(), 0);
  await clock.advance(250);
  assert.equal(clock.nowMs(), 1_250);
  assert.equal(clock.monotonicMs(), 250);
});

test("timers fire in the order of their time, each at its own time, and only when due", async () => {
  const clock = new ManualClock();
  const fired: [string, number][] = [];
  const note = (name: string) => () => void fired.push([name, clock.monotonicMs()]);
  clock.after(30, note("c"));
  clock.after(10, note("a"));
  clock.after(10, note("b"));
  clock.after(31, note("late"));
  await clock.advance(30);
  assert.deepEqual(fired, [["a", 10], ["b", 10], ["c", 30]]);
  assert.equal(clock.pendingTimers, 1);
});

test("timers and promises that a timer sets off run at their own time within one turn", async () => {
  const clock = new ManualClock();
  const times: number[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const chain = (async () => {
    for (let turn = 0; turn < 4; turn++) {
      await sleep(20);
      times.push(clock.monotonicMs());
    }
  })();
  await clock.advance(65);
  assert.deepEqual(times, [20, 40, 60]);
  await clock.advance(15);
  await chain;
});

test("a cancelled timer does not fire, and cancelling twice is harmless", async () => {
  const clock = new ManualClock();
  let fired = 0;
  const timer = clock.after(5, () => fired++);
  timer.cancel();
  timer.cancel();
  await clock.advance(10);
  assert.equal(fired, 0);
  assert.equal(clock.pendingTimers, 0);
});

test("a manual clock refuses to be turned back or for ever", async () => {
  const clock = new ManualClock();
  for (const ms of [-1, NaN, Infinity]) await assert.rejects(clock.advance(ms), RangeError);
});
