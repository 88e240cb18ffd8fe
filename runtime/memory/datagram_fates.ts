/** What becomes of datagrams on their way: lost, doubled, delayed, overtaken. Decides; sends nothing. */
import type { Clock } from "../../core/clock.ts";
import type { SeededRandom } from "./seeded_random.ts";

/** One arrival of a datagram. */
export interface DatagramDelivery {
  /** What arrives: a copy, the receiver's own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When, on the clock's monotonic time. In the past or now for at once. */
  readonly deliverAtMs: number;
}

/** What may become of datagrams that go one way. */
export interface DatagramFatesInit {
  /** Decides. */
  readonly random: SeededRandom;
  /** Tells the time. */
  readonly clock: Clock;
  /** Probability of being lost. */
  readonly loss: number;
  /** Probability of arriving twice. */
  readonly duplicate: number;
  /** Probability of being overtaken. */
  readonly reorder: number;
  /** The least and the most milliseconds on the way. */
  readonly delayMs: readonly [number, number];
}

/** Milliseconds that a datagram stays behind to be overtaken, where delays are shorter than this. */
const LEAST_HOLD_MS = 10;

/**
 * Makes the fates of the datagrams that go one way between two sockets.
 *
 * @param init What may become of them.
 * @returns Gives the deliveries of a datagram, to be asked in the order of sending; none when it is lost.
 */
export function datagramFates(init: DatagramFatesInit): (bytes: Uint8Array) => readonly DatagramDelivery[] {
  const { random, clock, loss, duplicate, reorder, delayMs } = init;
  const holdMs = Math.max(LEAST_HOLD_MS, 2 * delayMs[1]);
  let lastInOrderMs = 0;

  function deliverAtMs(): number {
    const dueMs = clock.monotonicMs() + random.integer(...delayMs);
    const extraMs = random.integer(1, holdMs);
    if (random.chance(reorder)) return Math.max(dueMs, lastInOrderMs) + extraMs;
    // Without reordering, a longer delay holds up what comes after it, as on one line.
    lastInOrderMs = Math.max(dueMs, lastInOrderMs);
    return lastInOrderMs;
  }

  return (bytes) => {
    // Drawn whether or not they are used: one option changes nothing for the others.
    const [lost, doubled] = [random.chance(loss), random.chance(duplicate)];
    const times = [deliverAtMs(), deliverAtMs()];
    if (lost) return [];
    return times.slice(0, doubled ? 2 : 1).map((atMs) => ({ bytes: bytes.slice(), deliverAtMs: atMs }));
  };
}
