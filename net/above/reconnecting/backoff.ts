/** How long to wait before the next attempt: growing, with jitter, so that a thousand devices do not return at once. */

/** Milliseconds before the first attempt, and the least before any. */
export const MIN_DELAY_MS: number = 1_000;
/** The most before any. */
export const MAX_DELAY_MS: number = 60_000;
/** A connection that held so long was a good one: the next wait is short again. */
export const HEALTHY_MS: number = 30_000;

/** Taken at load: a wait that others foresee is none. */
const { getRandomValues } = crypto;
const { apply } = Reflect;

/** A random number from 0 up to, not including, 1. */
export function randomFraction(): number {
  const [bits = 0] = apply(getRandomValues, crypto, [new Uint32Array(1)]) as Uint32Array;
  return bits / 2 ** 32;
}

/**
 * The wait before an attempt.
 *
 * @param failures How many attempts have failed in a row.
 * @param fraction A random number from 0 to 1.
 * @returns Milliseconds: between the least and a ceiling that doubles with each failure, 1 s to 60 s.
 */
export function backoffMs(failures: number, fraction: number): number {
  const ceiling = Math.min(MAX_DELAY_MS, MIN_DELAY_MS * 2 ** Math.min(failures + 1, 16));
  return Math.round(MIN_DELAY_MS + fraction * (ceiling - MIN_DELAY_MS));
}
