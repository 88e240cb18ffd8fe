/**
 * What a peer may be sent before it has answered: 10 datagrams and 4 KiB, then one datagram a second (NET-27). Whoever does
 * not answer may never have asked to be written to.
 */
import { abortError, onAbort } from "../../../core/abort.ts";
import type { Clock, Timer } from "../../../core/clock.ts";
import type { SendBacklog } from "./send_backlog.ts";

/** Datagrams that go at once. */
export const FREE_DATAGRAMS: number = 10;
/** Bytes that go at once. */
export const FREE_BYTES: number = 4096;
/** Milliseconds from one datagram to the next after that. */
export const SLOT_MS: number = 1000;

interface Waiting {
  readonly byteLength: number;
  /** Lets it go, or refuses it with an error. */
  settle(error: unknown): void;
}

/** The limit for one peer. */
export class UnansweredLimit {
  readonly #clock: Clock;
  readonly #backlog: SendBacklog;
  #answered = false;
  #datagrams = 0;
  #bytes = 0;
  #lastMs = -Infinity;
  #timer: Timer | null = null;
  /** Made when it is needed: most peers answer. */
  #waiting: Waiting[] | null = null;

  /**
   * @param clock Measures.
   * @param backlog Bounds what waits, over all peers of the socket.
   */
  constructor(clock: Clock, backlog: SendBacklog) {
    this.#clock = clock;
    this.#backlog = backlog;
  }

  /** Whether datagrams wait for their turn. */
  get isBusy(): boolean {
    return this.#waiting !== null && this.#waiting.length > 0;
  }

  /**
   * Asks for leave to send a datagram.
   *
   * @param byteLength Its size.
   * @param signal Gives up waiting; or null.
   * @returns Undefined when it may go at once; else resolves when it is its turn. Turns come in the order of asking.
   * @throws {ParleyError} as rejection: `NET_ABORTED` when the signal fires, `NET_LIMIT` when too much waits, and what
   * {@linkcode end} was given.
   */
  admit(byteLength: number, signal: AbortSignal | null): Promise<void> | undefined {
    if (this.#answered) return undefined;
    if (!this.isBusy && this.#dueInMs(byteLength) <= 0) {
      this.#charge(byteLength);
      return undefined;
    }
    return this.#wait(byteLength, signal);
  }

  /** The peer has answered: there is no limit from then on, and whatever waits goes. */
  lift(): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#settleAll(null);
  }

  /** Refuses whatever waits: the socket is gone. */
  end(error: unknown): void {
    this.#settleAll(error);
  }

  #settleAll(error: unknown): void {
    this.#timer?.cancel();
    this.#timer = null;
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const one of waiting) one.settle(error);
  }

  #dueInMs(byteLength: number): number {
    const free = this.#datagrams < FREE_DATAGRAMS && this.#bytes + byteLength <= FREE_BYTES;
    return free ? 0 : this.#lastMs + SLOT_MS - this.#clock.monotonicMs();
  }

  #charge(byteLength: number): void {
    this.#datagrams++;
    this.#bytes += byteLength;
    this.#lastMs = this.#clock.monotonicMs();
  }

  async #wait(byteLength: number, signal: AbortSignal | null): Promise<void> {
    if (signal?.aborted === true) throw abortError(signal.reason);
    this.#backlog.enter(byteLength);
    let forget = (): void => {};
    try {
      await new Promise<void>((resolve, reject) => {
        const one = { byteLength, settle: (error: unknown) => error === null ? resolve() : reject(error) };
        if (signal !== null) forget = onAbort(signal, () => this.#withdraw(one, abortError(signal.reason)));
        (this.#waiting ??= []).push(one);
        this.#schedule();
      });
    } finally {
      forget();
      this.#backlog.leave(byteLength);
    }
  }

  #withdraw(one: Waiting, error: unknown): void {
    const at = this.#waiting?.indexOf(one) ?? -1;
    if (at >= 0) this.#waiting?.splice(at, 1);
    one.settle(error);
    if (at !== 0) return;
    // The next may be small enough to go earlier.
    this.#timer?.cancel();
    this.#timer = null;
    this.#schedule();
  }

  /** Sets the timer for the first that waits. */
  #schedule(): void {
    const first = this.#waiting?.[0];
    if (first === undefined || this.#timer !== null) return;
    this.#timer = this.#clock.after(this.#dueInMs(first.byteLength), () => {
      this.#timer = null;
      this.#waiting?.shift();
      this.#charge(first.byteLength);
      first.settle(null);
      this.#schedule();
    });
  }
}
