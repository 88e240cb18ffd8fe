/**
 * A Node stream over a byte link, for `node:tls` to run on. Backpressure holds both ways: one chunk is read when the
 * stream has room, and a write calls back when the link has taken it.
 */
import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import type { ByteLink } from "../../net/port.ts";

type Done = (error?: Error | null) => void;

/** Own properties all: a `read` or `write` from Object.prototype would replace the method of the class (CORE-01). */
const STREAM_OPTIONS = Object.freeze({
  allowHalfOpen: true,
  autoDestroy: true,
  emitClose: true,
  readable: undefined,
  writable: undefined,
  objectMode: false,
  readableObjectMode: false,
  writableObjectMode: false,
  decodeStrings: undefined,
  defaultEncoding: undefined,
  encoding: undefined,
  highWaterMark: undefined,
  readableHighWaterMark: undefined,
  writableHighWaterMark: undefined,
  read: undefined,
  write: undefined,
  writev: undefined,
  final: undefined,
  destroy: undefined,
  construct: undefined,
  signal: undefined,
});

/** A duplex stream whose two directions are those of a {@linkcode ByteLink}. Destroying it closes the link. */
export class LinkDuplex extends Duplex {
  readonly #link: ByteLink;
  /** The write or shutdown under way; settled when there is none. Never rejects. */
  #sending: Promise<void> = Promise.resolve();
  #flushWaiters: (() => void)[] = [];
  #held = false;
  #readWaits = false;

  /** @param link The link; nobody else may read from or write to it any more. */
  constructor(link: ByteLink) {
    super(STREAM_OPTIONS as object);
    this.#link = link;
  }

  /**
   * Resolves when the link has taken all that was written, or the stream is no more. Bun's TLS reports a write as done while
   * its records still queue up here.
   */
  flushed(): Promise<void> {
    if (this.writableLength === 0 || this.destroyed) return Promise.resolve();
    return new Promise((resolve) => void this.#flushWaiters.push(resolve));
  }

  /**
   * Stops taking bytes from the link until `release`. Deno's TLS reads on when its socket is paused, without bound, so whoever
   * pauses that has to say it here too.
   */
  hold(): void {
    this.#held = true;
  }

  /** Goes on after `hold`. */
  release(): void {
    this.#held = false;
    if (this.#readWaits) this._read();
  }

  override _read(): void {
    this.#readWaits = this.#held;
    if (this.#held) return;
    this.#link.readChunk().then(
      (chunk) => void this.push(chunk === null ? null : asBuffer(chunk)),
      (error: Error) => void this.destroy(error),
    );
  }

  override _write(chunk: Uint8Array, _encoding: string, done: Done): void {
    this.#send(() => this.#link.write(chunk), done);
  }

  override _final(done: Done): void {
    this.#send(() => this.#link.closeWrite(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    if (error !== null) {
      this.#link.close();
    } else {
      // Both directions are done. On Deno the last record may still be on its way, and nobody has asked for FIN.
      void this.#sending.then(() => this.#link.closeWrite()).catch(ignore).then(() => this.#link.close());
    }
    done(error);
    this.#wake();
  }

  #send(start: () => Promise<void> | undefined, done: Done): void {
    const sent = start() ?? Promise.resolve();
    this.#sending = sent.catch(ignore);
    const settled = (error?: Error): void => {
      done(error);
      if (this.writableLength === 0) this.#wake();
    };
    sent.then(() => settled(), settled);
  }

  #wake(): void {
    for (const wake of this.#flushWaiters.splice(0)) wake();
  }
}

function asBuffer(chunk: Uint8Array): Uint8Array {
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function ignore(): void {}
