/** What signals mean for a question at the terminal: none may end the process while the terminal is raw, and some end the question. */
import process from "node:process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type GuardedSignal = (typeof SIGNALS)[number];

/**
 * Keeps SIGINT, SIGTERM and SIGHUP from ending the process in the middle of a piece of synchronous code, and lets them
 * do what they do anyway right after it. In force from when it is made until it is removed.
 */
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

/**
 * Notices SIGINT when the program handles it itself. Otherwise the default action ends the process, as anywhere else:
 * a listener of ours would have to imitate that. Listeners of `Deno.addSignalListener` cannot be counted: a program that
 * has only those keeps its question until it is answered, or withdrawn through the abort signal.
 */
export class InterruptWatch {
  #seen = false;
  #listening = false;
  readonly #listener = (): void => void (this.#seen = true);

  constructor() {
    this.refresh();
  }

  /** Whether it came. */
  get seen(): boolean {
    return this.#seen;
  }

  /** Looks whether the program listens. Not to be called while a {@linkcode SignalGuard} is in force: it listens, too. */
  refresh(): void {
    const others = process.listenerCount("SIGINT") - (this.#listening ? 1 : 0);
    if (others > 0 && !this.#listening) process.on("SIGINT", this.#listener);
    if (others === 0 && this.#listening) process.off("SIGINT", this.#listener);
    this.#listening = others > 0;
  }

  /** Ends it. Idempotent. */
  stop(): void {
    if (this.#listening) process.off("SIGINT", this.#listener);
    this.#listening = false;
  }
}

/** Notices that the process was stopped and continued: the terminal belonged to others meanwhile, and so did the keys. */
export class ContinueWatch {
  #seen = false;
  readonly #listener = (): void => void (this.#seen = true);

  constructor() {
    process.on("SIGCONT", this.#listener);
  }

  /** Whether it happened since this was last called. */
  take(): boolean {
    const seen = this.#seen;
    this.#seen = false;
    return seen;
  }

  /** Ends it. Idempotent. */
  stop(): void {
    process.off("SIGCONT", this.#listener);
  }
}
