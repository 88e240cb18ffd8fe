/** Connections from the system, one at a time; where it refuses to hand one over, another is tried for after a while. */
import type { Clock, Timer } from "../../../core/clock.ts";
import type { ByteLink } from "../../port.ts";
import type { LinkListener } from "../../server_port.ts";

/** Milliseconds until the first further attempt; each that fails doubles them. */
const MIN_PAUSE_MS = 50;
/** Longest time between two attempts. A process without descriptors gets one back when a connection ends. */
const MAX_PAUSE_MS = 2000;

/** Takes connections from a listener. */
export class AcceptSource {
  readonly #listener: LinkListener;
  readonly #clock: Clock;
  readonly #onFailure: (error: unknown) => void;
  #pauseMs = MIN_PAUSE_MS;
  #timer: Timer | null = null;
  #closed = false;

  /**
   * @param listener The listener.
   * @param options Time, and who is told of each failure.
   */
  constructor(
    listener: LinkListener,
    options: { readonly clock: Clock; readonly onFailure: (error: unknown) => void },
  ) {
    this.#listener = listener;
    this.#clock = options.clock;
    this.#onFailure = options.onFailure;
  }

  /**
   * The next connection; one call at a time. Never rejects.
   *
   * @returns Null once the listener is closed.
   */
  async take(): Promise<ByteLink | null> {
    while (!this.#closed) {
      try {
        const link = await this.#listener.accept();
        this.#pauseMs = MIN_PAUSE_MS;
        return link;
      } catch (error) {
        if (this.#closed) return null;
        this.#onFailure(error);
        await this.#pause();
      }
    }
    return null;
  }

  /** Stops listening. */
  close(): void {
    this.#closed = true;
    this.#listener.close();
    // Whoever waits out a pause has nothing to wait for any more, and is told by the server.
    this.#timer?.cancel();
  }

  async #pause(): Promise<void> {
    const delayMs = this.#pauseMs;
    this.#pauseMs = Math.min(MAX_PAUSE_MS, delayMs * 2);
    await new Promise<void>((resolve) => void (this.#timer = this.#clock.after(delayMs, resolve)));
  }
}
