import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { test } from "../../../tests/support/harness.ts";
import { AnswerBudget, MAX_SENDERS } from "./answer_budget.ts";

const SENDER = { address: "192.168.1.20", port: 5683 };

function budget(): { budget: AnswerBudget; clock: ManualClock } {
  const clock = new ManualClock();
  return { budget: new AnswerBudget(clock), clock };
}

test("NET-27 whoever wrote may be answered with three times the bytes, and no more", () => {
  const scene = budget();
  scene.budget.heard(SENDER, 100);
  assert.deepEqual(scene.budget.take(SENDER, 200), SENDER);
  assert.deepEqual(scene.budget.take(SENDER, 100), SENDER);
  assert.equal(scene.budget.take(SENDER, 1), null);
  scene.budget.heard(SENDER, 1);
  assert.equal(scene.budget.take(SENDER, 4), null, "what is too much takes nothing away");
  assert.deepEqual(scene.budget.take(SENDER, 3), SENDER);
});

test("NET-27 the budget is the sender's own: another port, another address and a stranger have none", () => {
  const scene = budget();
  scene.budget.heard(SENDER, 100);
  assert.equal(scene.budget.take({ ...SENDER, port: 5684 }, 1), null);
  assert.equal(scene.budget.take({ ...SENDER, address: "192.168.1.21" }, 1), null);
});

test("NET-27 bytes count for 10 s and not longer", async () => {
  const scene = budget();
  scene.budget.heard(SENDER, 100);
  await scene.clock.advance(9_000);
  scene.budget.heard(SENDER, 10);
  assert.equal(scene.budget.hasHeard(SENDER), true);
  assert.deepEqual(scene.budget.take(SENDER, 30), SENDER);
  await scene.clock.advance(1_000);
  assert.equal(scene.budget.take(SENDER, 31), null);
  assert.deepEqual(scene.budget.take(SENDER, 30), SENDER, "the older bytes were taken first");
  await scene.clock.advance(60_000);
  assert.equal(scene.budget.hasHeard(SENDER), false);
  assert.equal(scene.budget.take(SENDER, 1), null);
});

test("NET-27 however the clock stands, no byte counts for more than 10 s", async () => {
  for (const startMs of [0, 1, 500, 999]) {
    const scene = budget();
    await scene.clock.advance(startMs);
    scene.budget.heard(SENDER, 100);
    await scene.clock.advance(10_000);
    assert.equal(scene.budget.take(SENDER, 1), null, `heard at ${startMs} ms`);
  }
});

test("NET-27 empty datagrams count as a byte each way, so that one calls for three at most", () => {
  const scene = budget();
  scene.budget.heard(SENDER, 0);
  for (let count = 0; count < 3; count++) assert.deepEqual(scene.budget.take(SENDER, 0), SENDER);
  assert.equal(scene.budget.take(SENDER, 0), null);
});

test("NET-27 a forged sender that is a group, a broadcast address or port 0 gets no answer", () => {
  const scene = budget();
  for (
    const [address, port] of [["224.0.0.1", 1], ["ff02::1", 1], ["255.255.255.255", 1], ["0.0.0.0", 1], [
      "9.9.9.9",
      0,
    ]] as const
  ) {
    scene.budget.heard({ address, port }, 100);
    assert.equal(scene.budget.take({ address, port }, 1), null, address);
  }
});

test("NET-27 a flood of forged senders is remembered up to a limit, the oldest forgotten first", () => {
  const scene = budget();
  const forged = (number: number): typeof SENDER => ({ address: `10.0.${number >> 8}.${number & 255}`, port: 9 });
  for (let number = 0; number < MAX_SENDERS + 10; number++) scene.budget.heard(forged(number), 10);
  assert.equal(scene.budget.hasHeard(forged(9)), false);
  assert.equal(scene.budget.hasHeard(forged(10)), true);
  assert.equal(scene.budget.hasHeard(forged(MAX_SENDERS + 9)), true);
});

test("NET-27 the back end's one object for all senders is not kept", () => {
  const scene = budget();
  const from = { ...SENDER };
  scene.budget.heard(from, 100);
  from.port = 1;
  assert.deepEqual(scene.budget.take(SENDER, 1), SENDER);
});
