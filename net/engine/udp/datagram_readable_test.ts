import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { Counters } from "../inventory.ts";
import { DatagramQueue, DEFAULT_QUEUE_LIMITS } from "./datagram_queue.ts";
import { DatagramReadable } from "./datagram_readable.ts";
import type { UdpMessage } from "./udp_message.ts";

function fixture(): {
  readonly queue: DatagramQueue<UdpMessage>;
  readonly readable: DatagramReadable<UdpMessage>;
  readonly ends: unknown[];
} {
  const queue = new DatagramQueue<UdpMessage>(DEFAULT_QUEUE_LIMITS, new Counters());
  const ends: unknown[] = [];
  const readable = new DatagramReadable(queue, { toFaceError: (error) => error, onEnd: (error) => ends.push(error) });
  return { queue, readable, ends };
}

function message(byte: number): UdpMessage {
  return { data: new Uint8Array([byte]) };
}

/** Lets the stream ask for as much as it ever will. */
async function asked(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

test("DS-50 nothing is taken until somebody reads, and then one for each read", async () => {
  const { queue, readable } = fixture();
  for (const byte of [1, 2, 3]) queue.push(message(byte));
  await asked();
  assert.equal(queue.length, 3);
  const reader = readable.stream.getReader();
  assert.deepEqual((await reader.read()).value, message(1));
  await asked();
  assert.equal(queue.length, 2);
});

test("DS-50 reads that wait are answered in order, whether messages come at once or one by one", async () => {
  const { queue, readable } = fixture();
  const reader = readable.stream.getReader();
  await asked();
  const reads = Array.from({ length: 5 }, () => reader.read());
  await asked();
  queue.push(message(1));
  queue.push(message(2));
  await reads[1];
  for (const byte of [3, 4, 5, 6]) queue.push(message(byte));
  const bytes = (await Promise.all(reads)).map(({ value }) => value?.data[0]);
  assert.deepEqual(bytes, [1, 2, 3, 4, 5]);
  assert.equal(queue.length, 1);
});

test("DS-50 reads that were given up take one message with them, and no more", async () => {
  const { queue, readable } = fixture();
  const reader = readable.stream.getReader();
  await asked();
  const given = [reader.read(), reader.read(), reader.read()].map((read) => read.catch(() => null));
  await asked();
  reader.releaseLock();
  await Promise.all(given);
  queue.push(message(1));
  queue.push(message(2));
  assert.deepEqual(await queue.next(), message(2));
  assert.deepEqual((await readable.stream.getReader().read()).value, message(1));
});

test("DS-50 the end of the queue ends the stream, after whoever ends both has had his say", async () => {
  for (const last of [null, "last word"]) {
    const { queue, readable, ends } = fixture();
    const reading = readable.stream.getReader().read();
    await asked();
    queue.end(null);
    if (last !== null) {
      readable.fail(last);
      await assert.rejects(reading, (error) => error === last);
    } else assert.equal((await reading).done, true);
    assert.deepEqual(ends, [last]);
  }
});

test("DS-50 an error of the queue is the stream's, whether a read waits or comes later", async () => {
  for (const waits of [true, false]) {
    const { queue, readable, ends } = fixture();
    const reader = readable.stream.getReader();
    const early = waits ? reader.read() : null;
    await asked();
    queue.end("broken");
    await assert.rejects(early ?? reader.read(), (error) => error === "broken");
    assert.deepEqual(ends, ["broken"]);
  }
});
