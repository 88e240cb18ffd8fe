/**
 * When a refusal is told that needs no look-up (NET-17): at a moment that was set before the request was looked at, so that
 * a program cannot tell by the clock what refused it, or whether a rule knows the destination.
 *
 * By the machine's own timers, whatever the clock of a test: what counts is that it does not depend on the decision.
 */

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { setTimeout, clearTimeout } = globalThis;

/** Milliseconds. A decision takes microseconds, and timers go by milliseconds. */
const TICK_MS = 2;

/** One request's moment. */
export class RefusalTick {
  readonly #passed: Promise<void>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Sets the moment. */
  constructor() {
    this.#passed = new Promise((resolve) => {
      this.#timer = setTimeout(resolve, TICK_MS);
    });
  }

  /** Waits for it. */
  passed(): Promise<void> {
    return this.#passed;
  }

  /** Lets it be: the request was not refused. */
  cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}
