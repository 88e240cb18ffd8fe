/** Notices that the operator can no longer be at the terminal: it hung up, or the multiplexer around it was detached (CON-23). */
import type { Clock, Timer } from "../../core/clock.ts";
import type { Presence } from "./port.ts";

/** How often to look, in milliseconds: within a second of a hang-up it is known. */
export const PRESENCE_POLL_MS = 500;

const REASONS: ReadonlyMap<Presence, string> = new Map<Presence, string>([
  ["gone", "the terminal hung up"],
  ["detached", "the terminal was detached"],
]);

/** What a watch is made of. */
export interface PresenceWatchInit {
  /** Time. */
  readonly clock: Clock;
  /** Looks at the terminal. */
  readonly presence: () => Presence;
  /** Is told once each time that somebody was there and then can no longer be. */
  readonly callback: (reason: string) => void;
}

/**
 * Watches the terminal until it is gone. Holds neither the process open nor the terminal.
 *
 * @param init Time, how to look, and who is told.
 * @returns The way to stop.
 */
export function watchPresence({ clock, presence, callback }: PresenceWatchInit): () => void {
  let timer: Timer | null = null;
  let stopped = false;
  let told = false;
  const look = (): void => {
    const now = presence();
    const reason = REASONS.get(now);
    if (reason !== undefined && !told) callback(reason);
    told = reason !== undefined;
    // A terminal that hung up does not come back to this process.
    if (now !== "gone" && !stopped) next();
  };
  const next = (): void => {
    timer = clock.after(PRESENCE_POLL_MS, look, { keepAlive: false });
  };
  next();
  return () => {
    stopped = true;
    timer?.cancel();
  };
}
