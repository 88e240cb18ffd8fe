/** Work that may take a limited time. */
import { abortError } from "../../../core/abort.ts";
import type { Clock } from "../../../core/clock.ts";
import { ParleyError } from "../../../core/errors.ts";

/** How long, and until when. */
export interface DeadlineOptions {
  /** Tells the time. */
  readonly clock: Clock;
  /** Ends the work. */
  readonly signal: AbortSignal;
  /** Milliseconds that it may take. */
  readonly timeoutMs: number;
}

/**
 * Gives work a signal that fires with the given one, or when time is up.
 *
 * @param options How long.
 * @param work What to do.
 * @throws {ParleyError} `NET_TIMEOUT` when time was up, `NET_ABORTED` or the signal's own reason when that fired; else what
 * the work throws.
 */
export async function withDeadline<Result>(
  { clock, signal, timeoutMs }: DeadlineOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController();
  const timer = clock.after(timeoutMs, () => {
    deadline.abort(new ParleyError("NET_TIMEOUT", `Cannot open the socket within ${timeoutMs} ms`));
  });
  const either = AbortSignal.any([signal, deadline.signal]);
  try {
    either.throwIfAborted();
    return await work(either);
  } catch (error) {
    // A back end may report an abort in its own words; the reason is what counts.
    throw either.aborted ? abortError(either.reason) : error;
  } finally {
    timer.cancel();
  }
}
