/**
 * The queue between a runtime that accepts connections by itself and a listener that is asked for them. What waits in it is not
 * read from, so its peers stall; what comes when it is full is broken off and counted.
 */
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import type { LinkListener } from "../../net/server_port.ts";

const OTHER_ACCEPT = "Cannot accept: another accept is under way";

/** A connection that nobody has taken yet. Nothing is read from it. */
export interface WaitingLink {
  /** Hands it over; reading may begin. */
  take(): ByteLink;
  /** Breaks it off. Never throws. */
  drop(): void;
}

/** What an {@linkcode AcceptQueue} stands before. */
export interface AcceptQueueOptions {
  /** Where the runtime listens. */
  readonly local: SocketAddress;
  /** How many connections may wait, at least 1. */
  readonly backlog: number;
  /** Stops the runtime's listener; called once. */
  readonly stop: () => void;
}

/** Who waits for a connection. */
interface Taker {
  resolve(link: ByteLink | null): void;
  reject(error: ParleyError): void;
}

/** A {@linkcode LinkListener} that the runtime fills. */
export class AcceptQueue implements LinkListener {
  readonly local: SocketAddress;
  readonly #options: AcceptQueueOptions;
  readonly #waiting: WaitingLink[] = [];
  #overflowed = 0;
  #failure: ParleyError | null = null;
  #taker: Taker | null = null;
  #closed = false;

  /** @param options What it stands before. */
  constructor(options: AcceptQueueOptions) {
    this.#options = options;
    this.local = options.local;
  }

  get overflowed(): number {
    return this.#overflowed;
  }

  /** Takes in a connection, for whoever waits or comes. */
  offer(waiting: WaitingLink): void {
    if (this.#closed) return waiting.drop();
    const taker = this.#taker;
    if (taker !== null) {
      this.#taker = null;
      taker.resolve(waiting.take());
    } else if (this.#waiting.length < this.#options.backlog) {
      this.#waiting.push(waiting);
    } else {
      this.#overflowed++;
      waiting.drop();
    }
  }

  /** Takes out a connection that ended before anybody took it. */
  forget(waiting: WaitingLink): void {
    const index = this.#waiting.indexOf(waiting);
    if (index >= 0) this.#waiting.splice(index, 1);
  }

  /** Records that the system refused a connection; one `accept` is told. */
  fail(error: ParleyError): void {
    const taker = this.#taker;
    this.#taker = null;
    if (taker !== null) taker.reject(error);
    else if (!this.#closed) this.#failure = error;
  }

  accept(): Promise<ByteLink | null> {
    if (this.#taker !== null) return Promise.reject(new ParleyError("INTERNAL_INVARIANT", OTHER_ACCEPT));
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return Promise.resolve(waiting.take());
    if (this.#closed) return Promise.resolve(null);
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#failure = null;
    this.#options.stop();
    for (const waiting of this.#waiting.splice(0)) waiting.drop();
    this.#taker?.resolve(null);
    this.#taker = null;
  }
}
