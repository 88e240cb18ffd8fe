import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { Counters } from "../inventory.ts";
import { DatagramQueue, DEFAULT_QUEUE_LIMITS, type QueueLimits } from "./datagram_queue.ts";

interface Message {
  readonly data: Uint8Array;
  readonly number: number;
}

function queueOf(limits: Partial<QueueLimits> = {}): { queue: DatagramQueue<Message>; counters: Counters } {
  const counters = new Counters();
  return { queue: new DatagramQueue<Message>({ ...DEFAULT_QUEUE_LIMITS, ...limits }, counters), counters };
}

const message = (number: number, size = 1): Message => ({ data: new Uint8Array(size), number });

test("NET-27 gives datagrams in the order in which they came, over many turns of the ring", () => {
  const { queue, counters } = queueOf();
  let [put, taken] = [0, 0];
  for (let round = 0; round < 60; round++) {
    for (let count = 0; count < round; count++) queue.push(message(put++));
    for (let count = 0; count < round - 1; count++) assert.equal(queue.take()?.number, taken++);
  }
  assert.equal(queue.length, put - taken);
  while (queue.length > 0) assert.equal(queue.take()?.number, taken++);
  assert.equal(queue.take(), undefined);
  assert.deepEqual([taken, counters.received, counters.bytesReceived, counters.dropped], [put, put, put, 0]);
});

test("NET-27 drops the newest datagram when as many wait as may, and counts it", () => {
  const { queue, counters } = queueOf({ maxDatagrams: 3 });
  for (let number = 0; number < 5; number++) queue.push(message(number));
  assert.deepEqual([queue.length, counters.dropped], [3, 2]);
  assert.equal(queue.take()?.number, 0);
  queue.push(message(5));
  assert.deepEqual([1, 2, 5], [queue.take()?.number, queue.take()?.number, queue.take()?.number]);
});

test("NET-27 drops a datagram that does not fit by its bytes, and takes a smaller one after it", () => {
  const { queue, counters } = queueOf({ maxBytes: 100 });
  queue.push(message(0, 60));
  queue.push(message(1, 41));
  queue.push(message(2, 40));
  queue.push(message(3, 0));
  assert.deepEqual([queue.length, queue.bytes, counters.dropped], [3, 100, 1]);
  queue.take();
  assert.equal(queue.bytes, 40);
});

test("NET-27 a flood of 100,000 datagrams at a reader that does not read keeps to the limits", () => {
  const { queue, counters } = queueOf();
  for (let number = 0; number < 100_000; number++) queue.push(message(number, 20));
  assert.deepEqual([queue.length, queue.bytes], [1024, 1024 * 20]);
  assert.equal(counters.dropped, 100_000 - 1024);
  assert.equal(counters.received, 0);
});

test("NET-07 hands a datagram to whoever waits for one, in the order of asking", async () => {
  const { queue, counters } = queueOf();
  const waiting = [queue.next(), queue.next()];
  queue.push(message(1));
  queue.push(message(2));
  queue.push(message(3));
  const taken = await Promise.all([...waiting, queue.next()]);
  assert.deepEqual(taken.map((one) => one?.number), [1, 2, 3]);
  assert.deepEqual([queue.length, counters.received], [0, 3]);
});

test("NET-04 after its end a queue gives nothing more, takes nothing, and lets nobody wait", async () => {
  const { queue, counters } = queueOf();
  const waiting = queue.next();
  queue.end(null);
  queue.push(message(1));
  queue.end(new TypeError("too late"));
  assert.deepEqual([await waiting, await queue.next(), queue.length, counters.dropped], [null, null, 0, 0]);
});

test("NET-04 a queue that ends with an error rejects those who wait and those who come", async () => {
  const { queue } = queueOf();
  queue.push(message(1));
  await queue.next();
  const waiting = assert.rejects(queue.next(), { message: "gone" });
  queue.end(new TypeError("gone"));
  await waiting;
  await assert.rejects(queue.next(), { message: "gone" });
  assert.equal(queue.take(), undefined);
});
