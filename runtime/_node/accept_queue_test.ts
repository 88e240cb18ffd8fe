import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink } from "../../net/port.ts";
import { test } from "../../tests/support/harness.ts";
import { linkPair } from "../memory/memory_link.ts";
import { AcceptQueue, type WaitingLink } from "./accept_queue.ts";

const ENDS = { client: { address: "192.0.2.1", port: 1 }, server: { address: "192.0.2.2", port: 2 } };

/** A connection that notes what becomes of it. */
class Waiting implements WaitingLink {
  readonly link: ByteLink = linkPair(ENDS).server;
  fate = "waits";

  take(): ByteLink {
    this.fate = "taken";
    return this.link;
  }

  drop(): void {
    this.fate = "dropped";
  }
}

function queueOf(backlog: number): { readonly queue: AcceptQueue; readonly stops: () => number } {
  let stops = 0;
  return { queue: new AcceptQueue({ local: ENDS.server, backlog, stop: () => void stops++ }), stops: () => stops };
}

function failure(): ParleyError {
  return new ParleyError("NET_FAILED", "Cannot accept a connection: the test says so");
}

test("DS-62 hands connections out in their order, to whoever waits or comes", async () => {
  const { queue } = queueOf(2);
  const [first, second, third] = [new Waiting(), new Waiting(), new Waiting()];
  const early = queue.accept();
  for (const waiting of [first, second, third]) queue.offer(waiting);
  assert.equal(await early, first.link);
  assert.deepEqual([first.fate, second.fate, third.fate], ["taken", "waits", "waits"]);
  assert.equal(await queue.accept(), second.link);
  assert.equal(await queue.accept(), third.link);
  assert.equal(queue.overflowed, 0);
});

test("DS-62 breaks off what comes beyond the backlog, and counts it", async () => {
  const { queue } = queueOf(1);
  const [first, second, third] = [new Waiting(), new Waiting(), new Waiting()];
  for (const waiting of [first, second]) queue.offer(waiting);
  assert.deepEqual([first.fate, second.fate, queue.overflowed], ["waits", "dropped", 1]);
  assert.equal(await queue.accept(), first.link);
  queue.offer(third);
  assert.deepEqual([third.fate, queue.overflowed], ["waits", 1]);
});

test("gives the place of a connection that ended to another, and forgets none twice", () => {
  const { queue } = queueOf(1);
  const [first, second] = [new Waiting(), new Waiting()];
  queue.offer(first);
  queue.forget(first);
  queue.forget(first);
  queue.offer(second);
  assert.deepEqual([first.fate, second.fate], ["waits", "waits"]);
});

test("tells a pending or the next accept of a failure, once, and goes on", async () => {
  const { queue } = queueOf(1);
  const pending = queue.accept();
  const error = failure();
  queue.fail(error);
  await assert.rejects(pending, error);
  const other = failure();
  queue.fail(other);
  await assert.rejects(queue.accept(), other);
  const waiting = new Waiting();
  queue.offer(waiting);
  assert.equal(await queue.accept(), waiting.link);
});

test("gives what waits before it tells of a failure", async () => {
  const { queue } = queueOf(1);
  const waiting = new Waiting();
  queue.offer(waiting);
  const error = failure();
  queue.fail(error);
  assert.equal(await queue.accept(), waiting.link);
  await assert.rejects(queue.accept(), error);
});

test("DS-61 stops the runtime once, breaks off what waits or comes, and gives null from then on", async () => {
  const { queue, stops } = queueOf(2);
  const [before, after] = [new Waiting(), new Waiting()];
  queue.offer(before);
  queue.fail(failure());
  queue.close();
  queue.close();
  queue.offer(after);
  queue.fail(failure());
  assert.deepEqual([before.fate, after.fate, stops(), queue.overflowed], ["dropped", "dropped", 1, 0]);
  assert.equal(await queue.accept(), null);
});

test("DS-61 gives null to a pending accept when it is closed", async () => {
  const { queue } = queueOf(1);
  const pending = queue.accept();
  await assert.rejects(queue.accept(), { code: "INTERNAL_INVARIANT" });
  queue.close();
  assert.equal(await pending, null);
});
