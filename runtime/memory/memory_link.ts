/** A connection in memory: two pipes, seen from one end. */
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { Pipe } from "./pipe.ts";

/** The most that `readChunk` gives at once. */
const CHUNK_BYTES = 64 * 1024;

/** Where the two ends of a connection claim to be. */
export interface LinkEnds {
  /** The end that connects. */
  readonly client: SocketAddress;
  /** The end that listens. */
  readonly server: SocketAddress;
}

/** One end of a connection in memory. */
export class MemoryLink implements ByteLink {
  /** The far end. */
  readonly remote: SocketAddress;
  /** This end. */
  readonly local: SocketAddress;
  /** Nothing is read ahead. */
  readonly bufferedBytes = 0;
  readonly #incoming: Pipe;
  readonly #outgoing: Pipe;
  #closed = false;
  #writeEnded = false;

  /** Use {@linkcode linkPair}. */
  constructor(
    ends: { readonly local: SocketAddress; readonly remote: SocketAddress },
    pipes: { incoming: Pipe; outgoing: Pipe },
  ) {
    this.local = ends.local;
    this.remote = ends.remote;
    this.#incoming = pipes.incoming;
    this.#outgoing = pipes.outgoing;
  }

  /**
   * Reads into a view; 0 at the end.
   *
   * @throws {RangeError} for an empty view.
   * @throws {ParleyError} `NET_CLOSED` or `NET_RESET`.
   */
  async read(view: Uint8Array): Promise<number> {
    if (view.byteLength === 0) throw new RangeError("Cannot read: the view is empty");
    const chunk = await this.#own(this.#incoming.read(view.byteLength));
    if (chunk === null) return 0;
    view.set(chunk);
    return chunk.byteLength;
  }

  /** Reads a chunk; null at the end. */
  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#own(this.#incoming.read(CHUNK_BYTES));
  }

  /** Writes bytes, waiting for room. */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#writeEnded) return Promise.reject(closedError());
    return this.#own(this.#outgoing.write(bytes));
  }

  /**
   * Ends the writing direction.
   *
   * @throws {ParleyError} `NET_CLOSED` when the link is closed.
   */
  closeWrite(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    this.#writeEnded = true;
    this.#outgoing.finish();
    return Promise.resolve();
  }

  /** Ends both directions; what the far end still sends is answered with a reset, as by a kernel. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outgoing.finish();
    this.#incoming.fail(resetError());
  }

  /** Breaks the connection off: the far end sees a reset. */
  reset(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#outgoing.fail(resetError());
    this.#incoming.fail(resetError());
  }

  /** What failed because this end was closed says so. */
  async #own<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw this.#closed ? closedError() : error;
    }
  }
}

/** Makes both ends of a connection. */
export function linkPair(ends: LinkEnds): { readonly client: MemoryLink; readonly server: MemoryLink } {
  const up = new Pipe();
  const down = new Pipe();
  return {
    client: new MemoryLink({ local: ends.client, remote: ends.server }, { incoming: down, outgoing: up }),
    server: new MemoryLink({ local: ends.server, remote: ends.client }, { incoming: up, outgoing: down }),
  };
}

function resetError(): ParleyError {
  return new ParleyError("NET_RESET", "Cannot go on: the other side broke the connection off");
}

function closedError(): ParleyError {
  return new ParleyError("NET_CLOSED", "Cannot use the connection: it was closed");
}
