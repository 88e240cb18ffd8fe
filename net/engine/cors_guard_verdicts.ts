/** What hosts answered when they were asked whether `fetch()` would do, for a while (NET-12). */
import type { Clock } from "../../core/clock.ts";

/** What a host's answer means for a connection. */
export interface CorsVerdict {
  /** Why there is to be no connection, to stand in an error message; null where there may be one. */
  readonly refusal: string | null;
  /** Whether the host gave an answer in HTTP. */
  readonly isAnswer: boolean;
}

/** Milliseconds that an answer holds. */
export const ANSWER_HOLDS_MS: number = 60 * 60 * 1000;
/** Milliseconds that the lack of one holds. */
export const SILENCE_HOLDS_MS: number = 30_000;
/** Verdicts kept; past it the oldest is forgotten, and the host is asked again. */
export const MAX_VERDICTS: number = 1000;

interface Kept {
  readonly verdict: CorsVerdict;
  readonly untilMs: number;
}

/** The verdicts of one engine. */
export class CorsVerdicts {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  /** @param clock Measures. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How many are kept, those that hold no longer included. */
  get size(): number {
    return this.#kept.size;
  }

  /** The verdict that holds, or null. */
  find(key: string): CorsVerdict | null {
    const kept = this.#kept.get(key);
    return kept !== undefined && this.#clock.monotonicMs() < kept.untilMs ? kept.verdict : null;
  }

  /** Keeps a verdict, as the newest. */
  keep(key: string, verdict: CorsVerdict): void {
    const holdsMs = verdict.isAnswer ? ANSWER_HOLDS_MS : SILENCE_HOLDS_MS;
    this.#kept.delete(key);
    if (this.#kept.size >= MAX_VERDICTS) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    this.#kept.set(key, { verdict, untilMs: this.#clock.monotonicMs() + holdsMs });
  }
}
