import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { test } from "../../tests/support/harness.ts";
import { createFaultPlan, type FaultOptions } from "./faults.ts";
import { FaultyLink } from "./faulty_link.ts";
import { linkPair, type MemoryLink } from "./memory_link.ts";
import { PIPE_BYTES } from "./pipe.ts";

interface Pair {
  readonly link: ByteLink;
  readonly far: MemoryLink;
  readonly clock: ManualClock;
}

function ends(): { readonly near: MemoryLink; readonly far: MemoryLink } {
  const [client, server] = [5000, 7].map((port) => ({ address: "127.0.0.1", port })) as [SocketAddress, SocketAddress];
  const pair = linkPair({ client, server });
  return { near: pair.client, far: pair.server };
}

function pairWith(faults: FaultOptions): Pair {
  const clock = new ManualClock();
  const both = ends();
  return { link: createFaultPlan(faults, clock).link(both), far: both.far, clock };
}

const bytes = (length: number): Uint8Array<ArrayBuffer> => Uint8Array.from({ length }, (_, index) => index % 251);

/** Lets everything happen that waits for nothing from outside. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** The sizes of the pieces that come, up to the end, and all of them in one. */
async function pieces(link: ByteLink): Promise<{ readonly sizes: number[]; readonly all: Uint8Array }> {
  const parts: Uint8Array[] = [];
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) parts.push(chunk);
  return { sizes: parts.map(({ length }) => length), all: new Uint8Array(parts.flatMap((part) => [...part])) };
}

test("NET-04 faults: the far end and this end are those of the connection", () => {
  const { link } = pairWith({});
  assert.deepEqual([link.remote.port, link.local.port, link.bufferedBytes], [7, 5000, 0]);
});

test("NET-04 faults: what is read comes in pieces, all of it, in order", async () => {
  const { link, far } = pairWith({ split: true });
  await far.write(bytes(20_000));
  await far.closeWrite();
  const { sizes, all } = await pieces(link);
  assert.deepEqual(all, bytes(20_000));
  assert.ok(sizes.length > 5 && Math.min(...sizes) < 20 && Math.max(...sizes) <= 4096, sizes.join());
});

test("NET-04 faults: pieces may be single bytes, into a view too", async () => {
  const { link, far } = pairWith({ split: 1 });
  await far.write(bytes(3));
  const view = new Uint8Array(8);
  assert.equal(await link.read(view), 1);
  assert.equal(await link.read(view.subarray(5)), 1);
  assert.deepEqual(view, new Uint8Array([0, 0, 0, 0, 0, 1, 0, 0]));
  assert.deepEqual(await link.readChunk(), new Uint8Array([2]));
  await assert.rejects(link.read(new Uint8Array(0)), RangeError);
});

test("NET-04 faults: what is written goes in pieces, and a write settles after the last", async () => {
  const { link, far, clock } = pairWith({ split: 10, delayMs: [5, 5] });
  let settled = false;
  const written = Promise.resolve(link.write(bytes(40))).then(() => settled = true);
  await clock.advance(5);
  const first = await far.readChunk();
  assert.ok(first !== null && first.length <= 10);
  await clock.advance(5);
  assert.equal(settled, false);
  await clock.advance(5 * 40);
  await written;
  const rest = await far.readChunk();
  assert.deepEqual(new Uint8Array([...first, ...rest ?? []]), bytes(40));
});

test("NET-04 faults: a chunk belongs to its reader alone", async () => {
  const { link, far } = pairWith({ split: 4 });
  await far.write(bytes(100));
  const chunk = await link.readChunk();
  assert.equal(chunk?.buffer.byteLength, chunk?.byteLength);
});

test("NET-04 faults: bytes and the end arrive late, by the clock", async () => {
  const { link, far, clock } = pairWith({ delayMs: [30, 30] });
  await far.write(bytes(5));
  await far.closeWrite();
  let seen: number | undefined;
  const read = link.read(new Uint8Array(9)).then((length) => seen = length);
  await clock.advance(29);
  assert.equal(seen, undefined);
  await clock.advance(1);
  assert.equal(await read, 5);
  const end = link.read(new Uint8Array(9));
  await clock.advance(30);
  assert.equal(await end, 0);
});

/** A link that is reset after so many bytes in one direction. */
function pairWithReset(direction: "received" | "sent", afterBytes: number): Pair {
  const clock = new ManualClock();
  const { near, far } = ends();
  const lane = { pieceBytes: (most: number) => most, delayMs: () => 0 };
  const reset = { direction, afterBytes };
  const faults = { seed: 2, received: lane, sent: lane, reset, finishAfterBytes: null };
  return { link: new FaultyLink({ near, far, clock, faults }), far, clock };
}

test("NET-04 faults: a reset strikes after its bytes from the far end, at both ends, and names the seed", async () => {
  const { link, far } = pairWithReset("received", 7);
  await far.write(bytes(20));
  assert.deepEqual(await link.readChunk(), bytes(7));
  const reset = { code: "NET_RESET", detail: { seed: 2 }, message: /broke the connection off \(a fault of seed 2\)$/ };
  await assert.rejects(link.readChunk(), reset);
  await assert.rejects(Promise.resolve(link.write(bytes(1))), reset);
  await assert.rejects(link.closeWrite(), reset);
  await assert.rejects(far.readChunk(), { code: "NET_RESET" });
  await assert.rejects(far.write(bytes(1)), { code: "NET_RESET" });
});

test("NET-04 faults: a reset strikes in the middle of a write, and a read that waits fails with it", async () => {
  const { link, far } = pairWithReset("sent", 9);
  const reading = assert.rejects(link.readChunk(), { code: "NET_RESET", detail: { seed: 2 } });
  await assert.rejects(Promise.resolve(link.write(bytes(20))), { code: "NET_RESET", detail: { seed: 2 } });
  await reading;
  await assert.rejects(far.readChunk(), { code: "NET_RESET" });
});

test("NET-04 faults: which direction a reset counts in, and after how many bytes, is for the seed to say", async () => {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 40; seed++) {
    const { link, far } = pairWith({ seed, split: 1, reset: 1, afterBytes: [1, 3] });
    await far.write(bytes(9));
    let received = 0;
    const reading = (async () => {
      while (received < 9) received += (await link.readChunk())?.length ?? 0;
    })();
    const failed = await reading.then(() => false, () => true);
    seen.add(failed ? `received ${received}` : "sent");
  }
  assert.deepEqual([...seen].sort(), ["received 1", "received 2", "received 3", "sent"]);
});

test("NET-04 faults: a reset after no byte at all comes before the first", async () => {
  const { link, far } = pairWith({ reset: 1, afterBytes: [0, 0] });
  await assert.rejects(link.readChunk(), { code: "NET_RESET" });
  await assert.rejects(far.readChunk(), { code: "NET_RESET" });
});

test("NET-04 faults: the far end finishes after its bytes, cannot go on, and can still be written to", async () => {
  const { link, far } = pairWith({ finish: 1, afterBytes: [6, 6] });
  await far.write(bytes(20));
  const { all } = await pieces(link);
  assert.deepEqual(all, bytes(6));
  assert.equal(await link.read(new Uint8Array(4)), 0);
  await assert.rejects(far.write(bytes(1)), { code: "NET_CLOSED" });
  await link.write(bytes(3));
  assert.deepEqual(await far.readChunk(), bytes(3));
});

test("NET-04 faults: a far end that waits for room learns that it has finished", async () => {
  const { link, far } = pairWith({ finish: 1, afterBytes: [1, 1] });
  const stuck = assert.rejects(far.write(bytes(PIPE_BYTES * 3)), { code: "NET_CLOSED" });
  await link.readChunk();
  await stuck;
});

test("NET-04 faults: close() ends reads and writes that wait for the clock, and leaves no timer", async () => {
  const { link, far, clock } = pairWith({ delayMs: [50, 50] });
  await far.write(bytes(5));
  const outcomes = [link.readChunk(), Promise.resolve(link.write(bytes(5)))]
    .map((work) => assert.rejects(work, { code: "NET_CLOSED" }));
  await settle();
  assert.equal(clock.pendingTimers, 2);
  link.close();
  link.close();
  await Promise.all(outcomes);
  assert.equal(clock.pendingTimers, 0);
  await assert.rejects(link.closeWrite(), { code: "NET_CLOSED" });
  assert.equal(await far.readChunk(), null);
});

test("NET-04 faults: what a write had settled for arrives, although the link is closed then", async () => {
  const { link, far } = pairWith({ split: 3 });
  await link.write(bytes(100));
  link.close();
  assert.deepEqual((await pieces(far)).all, bytes(100));
});

test("NET-04 faults: reset() breaks the connection off for the far end", async () => {
  const { link, far } = pairWith({});
  const reading = assert.rejects(link.readChunk(), { code: "NET_CLOSED" });
  link.reset();
  await reading;
  await assert.rejects(far.readChunk(), { code: "NET_RESET" });
});

test("NET-04 faults: ending the writing direction ends a write in the middle, and the far end gets what had gone", async () => {
  const { link, far, clock } = pairWith({ split: 1, delayMs: [2, 2] });
  const written = assert.rejects(Promise.resolve(link.write(bytes(10))), { code: "NET_CLOSED" });
  await clock.advance(5);
  const closed = link.closeWrite();
  await clock.advance(10);
  await Promise.all([written, closed]);
  assert.deepEqual((await pieces(far)).all, bytes(2));
});
