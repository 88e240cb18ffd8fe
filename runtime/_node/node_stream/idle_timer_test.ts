import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { test } from "../../../tests/support/harness.ts";
import { IdleTimer } from "./idle_timer.ts";

test("NET-04 activity puts the idle timer off without a new timer each time", async () => {
  const clock = new ManualClock();
  let fired = 0;
  const timer = new IdleTimer(clock, () => fired++);
  timer.touch();
  assert.equal(clock.pendingTimers, 0);
  timer.set(100);
  for (let count = 0; count < 50; count++) {
    await clock.advance(10);
    timer.touch();
    assert.equal(clock.pendingTimers, 1);
  }
  assert.equal(fired, 0);
  await clock.advance(100);
  assert.equal(fired, 1);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-04 the idle timer fires again only after activity, and not once stopped", async () => {
  const clock = new ManualClock();
  let fired = 0;
  const timer = new IdleTimer(clock, () => fired++);
  timer.set(100);
  await clock.advance(1000);
  assert.equal(fired, 1);
  timer.touch();
  await clock.advance(100);
  assert.equal(fired, 2);
  timer.touch();
  timer.stop();
  timer.touch();
  await clock.advance(1000);
  assert.equal(fired, 2);
});
