/** The timer behind `setTimeout` of a socket: it fires when nothing has passed for a while, and costs a chunk next to nothing. */
import type { Clock, Timer } from "../../../core/clock.ts";

/** A timer that activity puts off. It does not hold the process open. */
export class IdleTimer {
  readonly #clock: Clock;
  readonly #onIdle: () => void;
  #delayMs = 0;
  #lastMs = 0;
  #timer: Timer | null = null;

  /**
   * @param clock Time.
   * @param onIdle Called once when it has been quiet for long enough, and again only after activity.
   */
  constructor(clock: Clock, onIdle: () => void) {
    this.#clock = clock;
    this.#onIdle = onIdle;
  }

  /** Starts over with a delay in milliseconds; 0 switches the timer off. */
  set(delayMs: number): void {
    this.stop();
    this.#delayMs = delayMs;
    this.touch();
  }

  /** Something passed. The pending timer is not moved: when it fires, it finds out how much is left. */
  touch(): void {
    if (this.#delayMs === 0) return;
    this.#lastMs = this.#clock.monotonicMs();
    if (this.#timer === null) this.#wait(this.#delayMs);
  }

  /** Switches the timer off. */
  stop(): void {
    this.#delayMs = 0;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #wait(ms: number): void {
    this.#timer = this.#clock.after(ms, () => this.#fired(), { keepAlive: false });
  }

  #fired(): void {
    this.#timer = null;
    const leftMs = this.#lastMs + this.#delayMs - this.#clock.monotonicMs();
    if (leftMs > 0) this.#wait(leftMs);
    else this.#onIdle();
  }
}
