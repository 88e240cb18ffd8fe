/** One `send` of `node:dgram`, which always calls back later. The objects are used again, their callbacks with them. */
import type { ParleyError } from "../../../core/errors.ts";

/** What a pending send needs of its socket. */
export interface SendOwner {
  /** Whether a send may fail for the sake of an earlier datagram, and is then tried once more. */
  readonly retries: boolean;
  /**
   * Hands a datagram to the runtime.
   *
   * @throws {Error} Whatever the runtime throws instead of calling back.
   */
  hand(send: PendingSend): void;
  /** The error for a send that failed. */
  failure(error: unknown, send: PendingSend): ParleyError;
  /** An error of an earlier datagram came with a send that has now succeeded. */
  late(error: unknown): void;
  /** The object may be used again. */
  free(send: PendingSend): void;
}

/** A datagram on its way to the system. */
export class PendingSend {
  /** The content. */
  bytes: Uint8Array | null = null;
  /** Destination address as the runtime wants it; empty for the socket's own peer. */
  address = "";
  /** Destination port. */
  port = 0;
  /** What the runtime calls back; bound once. */
  readonly done: (error?: unknown) => void;
  readonly #owner: SendOwner;
  readonly #executor: (resolve: () => void, reject: (error: ParleyError) => void) => void;
  #resolve: (() => void) | null = null;
  #reject: ((error: ParleyError) => void) | null = null;
  #firstError: unknown = null;

  /** @param owner The socket. */
  constructor(owner: SendOwner) {
    this.#owner = owner;
    this.done = (error) => this.#done(error ?? null);
    this.#executor = (resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    };
  }

  /** Sends what the fields say; rejects with the owner's error. */
  start(): Promise<void> {
    const promise = new Promise<void>(this.#executor);
    this.#hand();
    return promise;
  }

  #hand(): void {
    try {
      this.#owner.hand(this);
    } catch (error) {
      this.#done(error);
    }
  }

  #done(error: unknown): void {
    if (this.bytes === null) return;
    if (error !== null && this.#firstError === null && this.#owner.retries) {
      // The system gives the ICMP message for one datagram to the next send, whatever that is for: the second attempt tells.
      this.#firstError = error;
      return this.#hand();
    }
    if (error !== null) this.#reject?.(this.#owner.failure(error, this));
    else {
      if (this.#firstError !== null) this.#owner.late(this.#firstError);
      this.#resolve?.();
    }
    this.bytes =
      this.#firstError =
      this.#resolve =
      this.#reject =
        null;
    this.#owner.free(this);
  }
}
