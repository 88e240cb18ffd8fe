/** Time as Parley sees it, so that tests turn the clock by hand instead of sleeping. */

/** A pending timer. */
export interface Timer {
  /** Stops it; does nothing when it has fired. */
  cancel(): void;
}

/** Where Parley gets its time from. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970, for logs and expiry dates. */
  nowMs(): number;
  /** Monotonic time in milliseconds from an arbitrary origin, for durations. */
  monotonicMs(): number;
  /** Calls back once after `delayMs` milliseconds. With `keepAlive` false the timer does not hold the process open. */
  after(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): Timer;
}
