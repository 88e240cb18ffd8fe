import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { type DatagramDelivery, datagramFates } from "./datagram_fates.ts";
import { createFaultPlan, type FaultOptions } from "./faults.ts";
import { SeededRandom } from "./seeded_random.ts";

const ALL_IS_WELL = { loss: 0, duplicate: 0, reorder: 0, delayMs: [0, 0] } as const;
const COUNT = 1000;

/** The deliveries of numbered datagrams that are sent a millisecond apart. */
async function send(options: FaultOptions): Promise<(readonly DatagramDelivery[])[]> {
  const clock = new ManualClock();
  const { seed = 1, ...faults } = options;
  const random = new SeededRandom(seed);
  const { loss, duplicate, reorder, delayMs } = { ...ALL_IS_WELL, ...faults };
  const fate = datagramFates({ random, clock, loss, duplicate, reorder, delayMs });
  const deliveries: (readonly DatagramDelivery[])[] = [];
  for (let number = 0; number < COUNT; number++) {
    deliveries.push(fate(new Uint8Array([number >> 8, number & 255])));
    if (number % 100 === 99) await clock.advance(100);
  }
  return deliveries;
}

/** Numbers in the order of arrival. */
function arrivals(deliveries: readonly (readonly DatagramDelivery[])[]): number[] {
  return deliveries.flat()
    .sort((one, other) => one.deliverAtMs - other.deliverAtMs)
    .map(({ bytes: [high = 0, low = 0] }) => high * 256 + low);
}

const inOrder = Array.from({ length: COUNT }, (_, number) => number);

test("NET-07 without faults every datagram arrives once, at once, in order", async () => {
  const deliveries = await send({});
  assert.deepEqual(arrivals(deliveries), inOrder);
  assert.equal(deliveries[0]?.[0]?.deliverAtMs, 0);
  assert.equal(deliveries.at(-1)?.[0]?.deliverAtMs, 900);
});

test("NET-07 loss leaves about that share out, and doubles or disorders nothing", async () => {
  const arrived = arrivals(await send({ loss: 0.25 }));
  assert.ok(arrived.length > 700 && arrived.length < 800, `${arrived.length} arrived`);
  assert.deepEqual(arrived, [...new Set(arrived)].sort((one, other) => one - other));
  assert.deepEqual(arrivals(await send({ loss: 1 })), []);
});

test("NET-07 duplicates are deliveries with bytes of their own", async () => {
  const deliveries = await send({ duplicate: 1 });
  for (const [one, other, third] of deliveries) {
    assert.ok(one !== undefined && other !== undefined && third === undefined);
    assert.deepEqual(one.bytes, other.bytes);
    assert.notEqual(one.bytes.buffer, other.bytes.buffer);
  }
  const bytes = new Uint8Array([1]);
  const { random, clock } = { random: new SeededRandom(1), clock: new ManualClock() };
  const [delivery] = datagramFates({ ...ALL_IS_WELL, random, clock })(bytes);
  bytes[0] = 2;
  assert.deepEqual(delivery?.bytes, new Uint8Array([1]));
});

test("NET-07 delays lie in their range and keep the order", async () => {
  const deliveries = await send({ delayMs: [20, 50] });
  assert.deepEqual(arrivals(deliveries), inOrder);
  for (const [index, [delivery]] of deliveries.entries()) {
    const onTheWay = (delivery?.deliverAtMs ?? NaN) - Math.floor(index / 100) * 100;
    assert.ok(onTheWay >= 20 && onTheWay <= 50, `${onTheWay} ms`);
  }
});

test("NET-07 reordering lets later ones overtake, and loses none", async () => {
  const arrived = arrivals(await send({ reorder: 0.2 }));
  assert.notDeepEqual(arrived, inOrder);
  assert.deepEqual([...arrived].sort((one, other) => one - other), inOrder);
  const behind = arrived.filter((number, index) => arrived.slice(0, index).some((earlier) => earlier > number)).length;
  assert.ok(behind > 100 && behind < 250, `${behind} were overtaken`);
});

test("NET-07 the seed decides, and each way between two sockets has a fate of its own", async () => {
  const faults = { loss: 0.3, duplicate: 0.3, reorder: 0.3, delayMs: [0, 9] } as const;
  assert.deepEqual(await send({ ...faults, seed: 5 }), await send({ ...faults, seed: 5 }));
  assert.notDeepEqual(await send({ ...faults, seed: 5 }), await send({ ...faults, seed: 6 }));
  const plan = createFaultPlan({ ...faults, seed: 5 }, new ManualClock());
  const [there, back] = [plan.datagrams(), plan.datagrams()];
  const fates = (fate: typeof there): unknown[] => Array.from({ length: 50 }, () => fate(new Uint8Array(1)).length);
  assert.notDeepEqual(fates(there), fates(back));
});
