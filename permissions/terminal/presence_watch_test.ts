import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import type { Presence } from "./port.ts";
import { watchPresence } from "./presence_watch.ts";

function makeWatch(): { clock: ManualClock; told: string[]; stop: () => void; now(presence: Presence): void } {
  const clock = new ManualClock();
  const told: string[] = [];
  let current: Presence = "foreground";
  const stop = watchPresence({ clock, presence: () => current, callback: (reason) => told.push(reason) });
  return { clock, told, stop, now: (presence) => void (current = presence) };
}

test("CON-23 a hang-up is told within a second, once, and ends the watch", async () => {
  const { clock, told, now } = makeWatch();
  await clock.advance(60_250);
  now("gone");
  await clock.advance(1_000);
  assert.deepEqual(told, ["the terminal hung up"]);
  assert.equal(clock.pendingTimers, 0);
});

test("CON-23 each detaching is told once; being in the background is nothing to tell", async () => {
  const { clock, told, now, stop } = makeWatch();
  for (const presence of ["background", "detached", "foreground", "detached"] as const) {
    now(presence);
    await clock.advance(5_000);
  }
  assert.deepEqual(told, ["the terminal was detached", "the terminal was detached"]);
  stop();
  assert.equal(clock.pendingTimers, 0);
});

test("CON-23 a watch that was stopped tells nothing, even from within its own callback", async () => {
  const { clock, told, now, stop } = makeWatch();
  stop();
  now("gone");
  await clock.advance(5_000);
  assert.deepEqual(told, []);
  let calls = 0;
  const end = watchPresence({
    clock,
    presence: () => "detached",
    callback: () => {
      calls++;
      end();
    },
  });
  await clock.advance(5_000);
  assert.equal(calls, 1);
  assert.equal(clock.pendingTimers, 0);
});
