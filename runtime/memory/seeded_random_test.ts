import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { SeededRandom } from "./seeded_random.ts";

const words = (random: SeededRandom, count = 5): number[] => Array.from({ length: count }, () => random.word());

test("NET-04 a seed decides every number, on every runtime", () => {
  assert.deepEqual(words(new SeededRandom(1)), [3387734806, 1080862987, 3546521498, 2861869171, 428981239]);
  assert.deepEqual(words(new SeededRandom(1)), words(new SeededRandom(1)));
  const seeds = [0, 1, 2, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
  assert.equal(new Set(seeds.map((seed) => words(new SeededRandom(seed)).join())).size, seeds.length);
});

for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
  test(`NET-04 ${seed} is no seed`, () => {
    assert.throws(() => new SeededRandom(seed), RangeError);
  });
}

test("NET-04 whole numbers lie between their ends, which both occur, about as often", () => {
  const random = new SeededRandom(7);
  const counts = new Map<number, number>();
  for (let draw = 0; draw < 3000; draw++) {
    const number = random.integer(-1, 1);
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  assert.deepEqual([...counts.keys()].sort((a, b) => a - b), [-1, 0, 1]);
  for (const count of counts.values()) assert.ok(count > 900 && count < 1100, `${count} of 3000`);
  assert.equal(random.integer(5, 5), 5);
});

test("NET-04 what has probability 0 never happens, what has 1 always", () => {
  const random = new SeededRandom(3);
  const happened = (probability: number): number =>
    Array.from({ length: 1000 }, () => random.chance(probability)).filter(Boolean).length;
  assert.equal(happened(0), 0);
  assert.equal(happened(1), 1000);
  const often = happened(0.25);
  assert.ok(often > 200 && often < 300, `${often} of 1000`);
});

test("NET-04 a forked stream is another, and what is drawn from it changes nothing in the first", () => {
  const [drawn, left] = [new SeededRandom(9), new SeededRandom(9)];
  const fork = drawn.fork();
  left.fork();
  assert.notDeepEqual(words(fork), words(new SeededRandom(9)));
  words(fork, 100);
  assert.deepEqual(words(drawn), words(left));
});
