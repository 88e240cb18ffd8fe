/** The chance moments at which the parties of a run act: by promise turns, or by the run's clock. */
import type { ManualClock } from "../../../core/manual_clock.ts";
import type { SeededRandom } from "../../../runtime/memory/seeded_random.ts";

/** Chance and time for one party of a run. */
export class Pace {
  /** Decides. */
  readonly random: SeededRandom;
  readonly #clock: ManualClock;
  readonly #longestMs: number;

  /**
   * @param random Decides.
   * @param clock Of the run.
   * @param longestMs The longest pause.
   */
  constructor(random: SeededRandom, clock: ManualClock, longestMs: number) {
    this.random = random;
    this.#clock = clock;
    this.#longestMs = longestMs;
  }

  /** The pace of another party. */
  fork(): Pace {
    return new Pace(this.random.fork(), this.#clock, this.#longestMs);
  }

  /** Now and then, a moment in which others get on. */
  async idle(): Promise<void> {
    if (this.random.chance(0.7)) return;
    await this.moment();
  }

  /** A moment in which others get on: some promise turns, or some time. */
  async moment(): Promise<void> {
    if (this.random.chance(0.5)) await this.#pass(this.random.integer(1, this.#longestMs));
    else for (let turns = this.random.integer(1, 40); turns > 0; turns--) await Promise.resolve();
  }

  /** A size over all magnitudes. */
  size(most: number): number {
    return this.random.integer(1, Math.min(most, 2 ** this.random.integer(0, 16)));
  }

  #pass(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(delayMs, resolve));
  }
}
