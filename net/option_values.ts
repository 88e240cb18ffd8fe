/** Values of options that several faces take. */
import { member } from "../core/dictionary.ts";
import { toBoolean, toUnsignedLong } from "../core/webidl.ts";

/** Milliseconds of silence before the first keep-alive probe, where nothing else is asked for. */
const DEFAULT_KEEP_ALIVE_MS = 75_000;
/** The longest time that timers of the runtimes take. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Reads `keepAlive` and `keepAliveDelay`.
 *
 * @param options The options.
 * @returns Milliseconds of silence before the first probe, or null for none.
 * @throws {TypeError} for a delay without `keepAlive: true`, or of under a second.
 */
export function toKeepAliveDelayMs(options: object | null): number | null {
  const keepAlive = member(options, "keepAlive");
  const delay = member(options, "keepAliveDelay");
  if (!toBoolean(keepAlive)) {
    if (delay !== undefined) throw new TypeError("Cannot use keepAliveDelay: keepAlive is not true");
    return null;
  }
  if (delay === undefined) return DEFAULT_KEEP_ALIVE_MS;
  const delayMs = toUnsignedLong(delay, { enforceRange: true, what: "keepAliveDelay" });
  if (delayMs < 1000) throw new TypeError("Cannot use keepAliveDelay: it is under 1000 ms");
  return delayMs;
}

/**
 * Reads a time limit.
 *
 * @param value What the script gave.
 * @param how The option's name, and what holds when it is absent.
 * @returns Milliseconds.
 * @throws {TypeError} for anything but 1 to 2^31 - 1.
 */
export function toTimeoutMs<T extends number | null>(
  value: unknown,
  how: { readonly what: string; readonly absent: T },
): number | T {
  if (value === undefined) return how.absent;
  const timeoutMs = toUnsignedLong(value, { enforceRange: true, what: how.what });
  if (timeoutMs === 0 || timeoutMs > MAX_TIMER_MS) throw new TypeError(`Cannot use ${how.what}: it is out of range`);
  return timeoutMs;
}

/**
 * Reads a number of things, of which there is at least one.
 *
 * @param value What the script gave.
 * @param how The option's name, the most there may be, and what holds when it is absent.
 * @throws {TypeError} for anything out of range.
 */
export function toCount(
  value: unknown,
  how: { readonly what: string; readonly max: number; readonly absent: number },
): number {
  if (value === undefined) return how.absent;
  const count = toUnsignedLong(value, { enforceRange: true, what: how.what });
  if (count === 0 || count > how.max) throw new TypeError(`Cannot use ${how.what}: it is out of range`);
  return count;
}

/**
 * Reads an abort signal.
 *
 * @param value What the script gave; one that never fires when absent.
 * @throws {TypeError} for anything else.
 */
export function toAbortSignal(value: unknown): AbortSignal {
  if (value === undefined) return new AbortController().signal;
  if (!(value instanceof AbortSignal)) throw new TypeError("Cannot use signal: it is not an AbortSignal");
  return value;
}
