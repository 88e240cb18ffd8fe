/**
 * The internal slots that sockets of every kind have: two promises, and what `close()` does in each state (DS-16, DS-23,
 * DS-38 to DS-41).
 */

/** What a socket rests on once it is open. */
export interface SocketCore {
  /** Settles when all of its streams have ended. */
  readonly closed: Promise<void>;
  /** Whether one of its streams is in use by a reader, writer or pipe. */
  readonly locked: boolean;
  /** Ends its streams and releases the descriptor. */
  close(): Promise<void>;
}

/** A socket that is open. */
export interface OpenSocket<Info> {
  /** What `opened` resolves with. */
  readonly info: Info;
  /** What it rests on. */
  readonly core: SocketCore;
}

/**
 * Opens a socket. Rejects with the errors of the draft; nothing stays open then.
 *
 * @param closing Whether the script has called `close()`: what fails from then on fails for that reason.
 */
export type Opening<Info> = (closing: () => boolean) => Promise<OpenSocket<Info>>;

/** A socket from construction to its end: `opening` → `open` → `closed`, or `opening` → `failed`. */
export class SocketState<Info> {
  /** Settles when the socket is open, or could not be opened. */
  readonly opened: Promise<Info>;
  /** Settles when its streams have ended, or it could not be opened. */
  readonly closed: Promise<void>;
  readonly #opened: PromiseWithResolvers<Info> = Promise.withResolvers();
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers();
  #core: SocketCore | null = null;
  #closing = false;
  #settled = false;

  /** @param source How the socket is opened, or a socket that is open already. */
  constructor(source: Opening<Info> | OpenSocket<Info>) {
    this.opened = this.#opened.promise;
    this.closed = this.#closed.promise;
    // Nobody has to look at either (DS-23).
    this.opened.catch(() => {});
    this.closed.catch(() => {});
    if (typeof source === "function") void this.#open(source);
    else void this.#live(source);
  }

  async #open(open: Opening<Info>): Promise<void> {
    let socket: OpenSocket<Info>;
    try {
      socket = await open(() => this.#closing);
    } catch (error) {
      this.#settled = true;
      this.#opened.reject(error);
      this.#closed.reject(error);
      return;
    }
    await this.#live(socket);
  }

  async #live({ info, core }: OpenSocket<Info>): Promise<void> {
    this.#core = core;
    this.#opened.resolve(info);
    try {
      await core.closed;
      this.#closed.resolve();
    } catch (error) {
      this.#closed.reject(error);
    } finally {
      this.#settled = true;
    }
  }

  /**
   * Ends the streams and releases the descriptor.
   *
   * Deviation: `closed` then resolves, as the draft's prose on `closed` says, although its steps reject it with the stored
   * error of the aborted writable, which is undefined (DS-41); and that stored error is an `AbortError`.
   *
   * https://wicg.github.io/direct-sockets/#close-method
   *
   * @returns The very `closed` promise.
   * @throws {DOMException} `InvalidStateError`, as rejection, before the socket is open, after it failed to open, and while
   * a stream is locked. Nothing is closed then, and an attempt to open goes on.
   */
  close(): Promise<void> {
    if (this.#core === null) return invalidState(this.#settled ? "it could not be opened" : "it is not open yet");
    if (this.#settled) return this.closed;
    if (this.#core.locked) return invalidState("a stream is locked");
    this.#closing = true;
    void this.#core.close();
    return this.closed;
  }
}

function invalidState(state: string): Promise<never> {
  return Promise.reject(new DOMException(`Cannot close the socket: ${state}`, "InvalidStateError"));
}
