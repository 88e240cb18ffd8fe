/** One direction of a connection in memory: bounded, so that backpressure is as real as in a kernel. */
import { ParleyError } from "../../core/errors.ts";

/** Bytes that a pipe holds before the writer waits. */
export const PIPE_BYTES: number = 64 * 1024;

interface Waiter {
  wake(): void;
}

/** A bounded byte queue between one writer and one reader. */
export class Pipe {
  readonly #chunks: Uint8Array[] = [];
  #size = 0;
  #finished = false;
  #error: ParleyError | null = null;
  #reader: Waiter | null = null;
  #writer: Waiter | null = null;

  /**
   * Takes bytes in, waiting for room. Copies them.
   *
   * @throws {ParleyError} `NET_CLOSED` after `finish`, or what `fail` was given.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let offset = 0;
    while (offset < bytes.byteLength) {
      this.#check();
      if (this.#finished) throw new ParleyError("NET_CLOSED", "Cannot write: this direction is closed");
      const room = PIPE_BYTES - this.#size;
      if (room === 0) {
        await new Promise<void>((wake) => this.#writer = { wake });
        continue;
      }
      const part = bytes.slice(offset, offset + room);
      offset += part.byteLength;
      this.#size += part.byteLength;
      this.#chunks.push(part);
      this.#reader?.wake();
    }
  }

  /** Gives bytes out, waiting for some: at most `limit`. Null at the end. */
  async read(limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      this.#check();
      if (this.#size > 0) return this.#take(limit);
      if (this.#finished) return null;
      await new Promise<void>((wake) => this.#reader = { wake });
    }
  }

  /** Ends the direction in order: what is in it is still read. */
  finish(): void {
    this.#finished = true;
    this.#wake();
  }

  /** Ends the direction at once: pending and later calls reject. The first error stays. */
  fail(error: ParleyError): void {
    this.#error ??= error;
    this.#chunks.length = 0;
    this.#size = 0;
    this.#wake();
  }

  #take(limit: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(Math.min(limit, this.#size));
    let filled = 0;
    while (filled < out.byteLength) {
      const head = this.#chunks[0] as Uint8Array;
      const part = head.subarray(0, out.byteLength - filled);
      out.set(part, filled);
      filled += part.byteLength;
      if (part.byteLength === head.byteLength) this.#chunks.shift();
      else this.#chunks[0] = head.subarray(part.byteLength);
    }
    this.#size -= filled;
    this.#writer?.wake();
    return out;
  }

  #check(): void {
    if (this.#error !== null) throw this.#error;
  }

  #wake(): void {
    this.#reader?.wake();
    this.#writer?.wake();
  }
}
