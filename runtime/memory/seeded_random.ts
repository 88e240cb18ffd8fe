/**
 * Chance that a seed decides, the same on every runtime: for faults that can be made to happen again. The generator is
 * sfc32, Chris Doty-Humphrey's "small fast counting" one, in the public domain. Not for secrets.
 */

const WORD = 2 ** 32;
/** What is left of the largest safe integer above one word. */
const UPPER = 2 ** 21;
/** Rounds after which every bit of the seed has reached every bit of the state. */
const WARM_UP = 15;

/** A stream of random numbers. */
export class SeededRandom {
  #a: number;
  #b: number;
  #c = 0;
  #counter = 1;

  /**
   * Begins a stream.
   *
   * @param seed A whole number from 0 to `Number.MAX_SAFE_INTEGER`.
   * @throws {RangeError} for any other.
   */
  constructor(seed: number) {
    if (!Number.isSafeInteger(seed) || seed < 0) {
      throw new RangeError("Cannot use the seed: it is not a whole number from 0 to 2^53 - 1");
    }
    this.#a = seed >>> 0;
    this.#b = Math.floor(seed / WORD);
    for (let round = 0; round < WARM_UP; round++) this.word();
  }

  /** 32 random bits, as a number from 0 to 2^32 - 1. */
  word(): number {
    const result = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = (this.#b ^ (this.#b >>> 9)) >>> 0;
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + result) >>> 0;
    return result;
  }

  /** A whole number between two, both included, each as likely as the other; at most 2^32 of them. */
  integer(least: number, most: number): number {
    return least + Math.floor(this.word() / WORD * (most - least + 1));
  }

  /** True with a probability from 0 to 1. */
  chance(probability: number): boolean {
    return this.word() < probability * WORD;
  }

  /** One of a list that is not empty. */
  pick<T>(list: readonly T[]): T {
    return list[this.integer(0, list.length - 1)] as T;
  }

  /** A stream of its own: what is drawn from it changes nothing here. */
  fork(): SeededRandom {
    return new SeededRandom(this.word() % UPPER * WORD + this.word());
  }
}
