/**
 * Keeps SIGINT, SIGTERM and SIGHUP from ending the process in the middle of a piece of synchronous code, and lets them
 * do what they do anyway right after it.
 */
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type GuardedSignal = (typeof SIGNALS)[number];

/** In force from when it is made until it is removed. */
export class SignalGuard {
  readonly #listeners: ReadonlyMap<GuardedSignal, () => void>;
  readonly #restore: () => void;
  #interrupted = false;

  /** @param restore Called before a signal takes its effect. */
  constructor(restore: () => void = () => {}) {
    this.#restore = restore;
    this.#listeners = new Map(SIGNALS.map((name) => [name, () => this.#received(name)]));
    for (const [name, listener] of this.#listeners) process.on(name, listener);
  }

  /** Whether SIGINT came and the process lives on, because the program handles it. */
  get interrupted(): boolean {
    return this.#interrupted;
  }

  /** Puts everything back. Idempotent. */
  remove(): void {
    for (const [name, listener] of this.#listeners) process.off(name, listener);
  }

  #received(name: GuardedSignal): void {
    this.#restore();
    if (name === "SIGINT") this.#interrupted = true;
    // Where the program listens too, it has the signal already; else the default action is due.
    if (process.listenerCount(name) > 1) return;
    this.remove();
    process.kill(process.pid, name);
  }
}
