/**
 * When a refusal is told that needs no look-up (NET-17): at a moment that was set before the request was looked at, so that
 * a program cannot tell by the clock what refused it, or whether a rule knows the destination.
 *
 * By the machine's own timers, whatever the clock of a test: what counts is that it does not depend on the decision.
 */

import { onAbort } from "../core/abort.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { setTimeout, clearTimeout } = globalThis;

/** Milliseconds. A decision takes microseconds, and timers go by milliseconds. */
const TICK_MS = 2;

/** When one request's refusal is told. */
export interface RefusalMoment {
  /**
   * Waits for it.
   *
   * @param signal Ends the waiting: whoever withdraws a request knows when.
   */
  passed(signal: AbortSignal): Promise<void>;
  /** Lets it be: the request was not refused. */
  cancel(): void;
}

/** At once: for a host that reaches nothing real, and where another realm has waited already. */
export const AT_ONCE: RefusalMoment = Object.freeze({ passed: () => Promise.resolve(), cancel: () => {} });

/** A moment of its own for each request. */
export class RefusalTick implements RefusalMoment {
  readonly #passed = Promise.withResolvers<void>();
  readonly #timer: ReturnType<typeof setTimeout>;

  /** Sets the moment. */
  constructor() {
    this.#timer = setTimeout(() => this.#passed.resolve(), TICK_MS);
  }

  /**
   * Waits for it.
   *
   * @param signal Ends the waiting: whoever withdraws a request knows when.
   */
  async passed(signal: AbortSignal): Promise<void> {
    const forget = onAbort(signal, () => this.#passed.resolve());
    if (signal.aborted) this.#passed.resolve();
    await this.#passed.promise;
    forget();
  }

  /** Lets it be: the request was not refused. */
  cancel(): void {
    clearTimeout(this.#timer);
  }
}
