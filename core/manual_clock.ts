/** A clock that a test turns by hand: no sleeping, no waiting, the same result every time. */
import type { Clock, Timer } from "./clock.ts";

/** Taken at load: tests may replace the global while they run. */
const { setTimeout } = globalThis;

interface PendingTimer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
}

/** How a {@linkcode ManualClock} begins. */
export interface ManualClockOptions {
  /** Wall-clock time at the start, in milliseconds since 1970. Default 2026-01-01T00:00:00Z. */
  readonly nowMs?: number;
}

/**
 * A {@linkcode Clock} that stands still until {@linkcode ManualClock.advance} turns it.
 *
 * Wall-clock and monotonic time move together; monotonic time begins at 0. Timers never hold the process open.
 *
 * @example Waiting without waiting
 * ```ts
 * import { ManualClock } from "@parley/parley/testing";
 * import assert from "node:assert/strict";
 *
 * const clock = new ManualClock();
 * let rang = false;
 * clock.after(60_000, () => rang = true);
 * await clock.advance(59_999);
 * assert.equal(rang, false);
 * await clock.advance(1);
 * assert.equal(rang, true);
 * ```
 */
export class ManualClock implements Clock {
  readonly #startMs: number;
  readonly #timers: Set<PendingTimer> = new Set();
  #elapsedMs = 0;
  #order = 0;

  /**
   * Makes a clock.
   *
   * @param options Where it begins.
   */
  constructor(options: ManualClockOptions = {}) {
    this.#startMs = options.nowMs ?? Date.UTC(2026, 0, 1);
  }

  /** Wall-clock time in milliseconds since 1970. */
  nowMs(): number {
    return this.#startMs + this.#elapsedMs;
  }

  /** Milliseconds since the clock was made, as far as it was turned. */
  monotonicMs(): number {
    return this.#elapsedMs;
  }

  /** How many timers are set and have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  /**
   * Calls back once the clock was turned that far.
   *
   * @param delayMs Milliseconds from now; negative counts as 0. It never fires before `advance` is called.
   * @param callback What to call.
   * @returns The timer.
   */
  after(delayMs: number, callback: () => void): Timer {
    const timer: PendingTimer = { atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#timers.add(timer);
    return { cancel: () => void this.#timers.delete(timer) };
  }

  /**
   * Turns the clock. Timers fire in the order of their time, each at its own time, and whatever promises they settle
   * runs on before the next fires; timers set on the way fire too when they are due.
   *
   * @param ms Milliseconds, 0 to let pending promises and due timers run.
   * @throws {RangeError} When `ms` is negative or not a finite number.
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) throw new RangeError("Cannot turn the clock: not a finite number of milliseconds");
    const untilMs = this.#elapsedMs + ms;
    await settled();
    for (let timer = this.#due(untilMs); timer !== null; timer = this.#due(untilMs)) {
      this.#timers.delete(timer);
      this.#elapsedMs = Math.max(this.#elapsedMs, timer.atMs);
      timer.callback();
      await settled();
    }
    this.#elapsedMs = untilMs;
    await settled();
  }

  #due(untilMs: number): PendingTimer | null {
    let next: PendingTimer | null = null;
    for (const timer of this.#timers) {
      if (timer.atMs > untilMs) continue;
      if (next === null || timer.atMs < next.atMs || (timer.atMs === next.atMs && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }
}

/** A turn of the event loop runs every promise reaction that was due, however long the chain. */
function settled(): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, 0));
}
