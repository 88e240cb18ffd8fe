/** The real clock, from web APIs. Only holding the process open or not differs between runtimes. */
import type { Clock, Timer } from "../core/clock.ts";

/** What Deno adds for timers that are plain numbers. */
interface DenoTimers {
  unrefTimer(id: number): void;
}

/** The machine's clock. */
export const systemClock: Clock = Object.freeze({
  nowMs: (): number => Date.now(),
  monotonicMs: (): number => performance.now(),
  after(delayMs: number, callback: () => void, options?: { readonly keepAlive?: boolean }): Timer {
    const handle: unknown = setTimeout(callback, delayMs);
    if (options?.keepAlive === false) release(handle);
    return { cancel: () => clearTimeout(handle as number) };
  },
});

/** Node and Bun give objects, Deno gives numbers. */
function release(handle: unknown): void {
  if (typeof handle === "object") (handle as { unref(): void }).unref();
  else (globalThis as unknown as { Deno?: DenoTimers }).Deno?.unrefTimer(handle as number);
}
