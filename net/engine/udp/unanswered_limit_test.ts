import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { hasSettled } from "../../../tests/support/udp_fixture.ts";
import { SendBacklog } from "./send_backlog.ts";
import { UnansweredLimit } from "./unanswered_limit.ts";

function limit(): { limit: UnansweredLimit; clock: ManualClock; backlog: SendBacklog } {
  const clock = new ManualClock();
  const backlog = new SendBacklog();
  return { limit: new UnansweredLimit(clock, backlog), clock, backlog };
}

test("NET-27 lets 10 datagrams go at once, then one a second in the order of asking", async () => {
  const scene = limit();
  for (let count = 0; count < 10; count++) assert.equal(scene.limit.admit(1, null), undefined);
  const order: number[] = [];
  const waiting = [11, 12, 13].map((number) => scene.limit.admit(1, null)?.then(() => void order.push(number)));
  await scene.clock.advance(999);
  assert.deepEqual(order, []);
  await scene.clock.advance(1);
  assert.deepEqual(order, [11]);
  await scene.clock.advance(999);
  assert.deepEqual(order, [11]);
  await scene.clock.advance(1001);
  assert.deepEqual(order, [11, 12, 13]);
  await Promise.all(waiting);
  assert.deepEqual([scene.clock.pendingTimers, scene.backlog.datagrams], [0, 0]);
});

test("NET-27 lets 4 KiB go at once, whatever the number of datagrams", async () => {
  const scene = limit();
  assert.equal(scene.limit.admit(4000, null), undefined);
  assert.equal(scene.limit.admit(96, null), undefined);
  const over = scene.limit.admit(1, null);
  assert.equal(await hasSettled(over), false);
  await scene.clock.advance(1000);
  assert.equal(await hasSettled(over), true);
});

test("NET-27 a first datagram of more than 4 KiB takes the first second's turn, and nothing is free after it", async () => {
  const scene = limit();
  assert.equal(scene.limit.admit(60_000, null), undefined);
  const next = scene.limit.admit(0, null);
  assert.equal(await hasSettled(next), false);
  await scene.clock.advance(1000);
  assert.equal(await hasSettled(next), true);
});

test("NET-27 no small datagram overtakes a large one that waits", async () => {
  const scene = limit();
  assert.equal(scene.limit.admit(3000, null), undefined);
  const order: number[] = [];
  const large = scene.limit.admit(2000, null)?.then(() => void order.push(2000));
  const small = scene.limit.admit(500, null)?.then(() => void order.push(500));
  await scene.clock.advance(2000);
  await Promise.all([large, small]);
  assert.deepEqual(order, [2000, 500]);
});

test("NET-27 a turn that nobody took is not saved up", async () => {
  const scene = limit();
  for (let count = 0; count < 10; count++) scene.limit.admit(1, null);
  await scene.clock.advance(60_000);
  assert.equal(scene.limit.admit(1, null), undefined);
  assert.equal(await hasSettled(scene.limit.admit(1, null)), false);
  scene.limit.lift();
});

test("NET-27 with the peer's answer all go at once, and there is no limit any more", async () => {
  const scene = limit();
  for (let count = 0; count < 10; count++) scene.limit.admit(1, null);
  const waiting = [scene.limit.admit(1, null), scene.limit.admit(1, null)];
  scene.limit.lift();
  await Promise.all(waiting);
  for (let count = 0; count < 100; count++) assert.equal(scene.limit.admit(60_000, null), undefined);
  assert.deepEqual([scene.clock.pendingTimers, scene.backlog.datagrams], [0, 0]);
});

test("NET-04 a signal ends the wait of one datagram, and the next moves up", async () => {
  const scene = limit();
  scene.limit.admit(4096, null);
  const reason = new TypeError("enough");
  const controller = new AbortController();
  const first = scene.limit.admit(5000, controller.signal);
  const second = scene.limit.admit(1, null);
  const aborted = assert.rejects(
    first as Promise<void>,
    (error) => error instanceof ParleyError && error.code === "NET_ABORTED" && error.cause === reason,
  );
  await scene.clock.advance(500);
  controller.abort(reason);
  await aborted;
  await assert.rejects(scene.limit.admit(1, controller.signal) as Promise<void>, { code: "NET_ABORTED" });
  assert.equal(await hasSettled(second), false);
  await scene.clock.advance(500);
  assert.equal(await hasSettled(second), true);
  assert.deepEqual([scene.clock.pendingTimers, scene.backlog.datagrams, scene.limit.isBusy], [0, 0, false]);
});

test("NET-04 a socket that ends refuses what waits", async () => {
  const scene = limit();
  scene.limit.admit(4096, null);
  const waiting = [scene.limit.admit(1, null), scene.limit.admit(1, null)];
  const rejections = waiting.map((one) => assert.rejects(one as Promise<void>, { code: "NET_CLOSED" }));
  scene.limit.end(new ParleyError("NET_CLOSED", "Cannot go on"));
  await Promise.all(rejections);
  assert.deepEqual([scene.clock.pendingTimers, scene.backlog.datagrams], [0, 0]);
});

test("NET-27 a program that sends without waiting is refused before it fills the memory", async () => {
  const scene = limit();
  scene.limit.admit(4096, null);
  const waiting = Array.from({ length: 1024 }, () => scene.limit.admit(1, null));
  const over = scene.limit.admit(1, null) as Promise<void>;
  await assert.rejects(over, (error) => error instanceof ParleyError && error.detail["limit"] === "waiting-datagrams");
  scene.limit.lift();
  await Promise.all(waiting);
  scene.backlog.enter(1024 * 1024);
  assert.throws(() => scene.backlog.enter(1), { code: "NET_LIMIT" });
});
