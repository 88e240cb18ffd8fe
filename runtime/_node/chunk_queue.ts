/**
 * The queue between a runtime that pushes bytes and a link that is asked for them: it stops the runtime at a high
 * watermark, lets it go on at a low one, and remembers how the stream ended.
 */
import { invariant, type ParleyError } from "../../core/errors.ts";

/** Bytes at which the source is told to stop. */
const HIGH_WATER_MARK = 256 * 1024;
/** Bytes at which it may go on. */
const LOW_WATER_MARK = 64 * 1024;
/** What a chunk costs beside its bytes, so that a flood of one-byte chunks cannot fill the memory. */
const CHUNK_COST = 256;

/** How a queue steers what fills it. */
export interface ChunkSource {
  /** Stops the source. It may deliver what it has already read. */
  pause(): void;
  /** Lets the source go on. */
  resume(): void;
}

/** A queue of received chunks with one reader. Chunks pushed in belong to the queue, and to the reader once read. */
export class ChunkQueue {
  readonly #source: ChunkSource;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: ParleyError | null = null;
  #waiter: (() => void) | null = null;

  /** @param source What is stopped when the queue is full. */
  constructor(source: ChunkSource) {
    this.#source = source;
  }

  /** Bytes in the queue. */
  get bufferedBytes(): number {
    return this.#bytes;
  }

  /** Whether the end, a failure or a close has been recorded: nothing more is taken in. */
  get finished(): boolean {
    return this.#ended || this.#failure !== null;
  }

  /** Takes in a chunk and stops the source when there is enough. After the end it is dropped. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.finished || chunk.byteLength === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (!this.#paused && this.#cost() >= HIGH_WATER_MARK) {
      this.#paused = true;
      this.#source.pause();
    }
    this.#wake();
  }

  /** Records the end of the stream. */
  end(): void {
    this.#ended ||= this.#failure === null;
    this.#wake();
  }

  /** Records that the stream broke; what arrived before can still be read. */
  fail(error: ParleyError): void {
    if (this.finished) return;
    this.#failure = error;
    this.#wake();
  }

  /** Drops everything and makes pending and later reads reject with this error. */
  close(error: ParleyError): void {
    this.#chunks.length = 0;
    this.#bytes = 0;
    this.#ended = false;
    this.#failure = error;
    this.#wake();
  }

  /**
   * Waits for at least one byte and copies what fits.
   *
   * @returns Number of bytes, or 0 at the end.
   * @throws {ParleyError} as recorded by `fail` or `close`.
   */
  async read(view: Uint8Array): Promise<number> {
    await this.#available();
    let copied = 0;
    while (copied < view.byteLength && this.#chunks.length > 0) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, view.byteLength - copied);
      view.set(part, copied);
      copied += part.byteLength;
      if (part.byteLength === chunk.byteLength) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.byteLength);
    }
    this.#took(copied);
    return copied;
  }

  /**
   * Waits for a chunk and hands it over.
   *
   * @returns A chunk of at least one byte, or null at the end.
   * @throws {ParleyError} as recorded by `fail` or `close`.
   */
  async readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    await this.#available();
    const chunk = this.#chunks.shift();
    this.#took(chunk?.byteLength ?? 0);
    return chunk ?? null;
  }

  /** Resolves when there is a chunk or the end, rejects when there is neither and the stream broke. */
  async #available(): Promise<void> {
    invariant(this.#waiter === null, "Cannot read: another read is under way");
    // A loop, because between the wake-up and this line the queue can be closed: that must not look like the end.
    while (this.#chunks.length === 0 && !this.#ended) {
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => {
        this.#waiter = resolve;
      });
    }
  }

  #wake(): void {
    const waiter = this.#waiter;
    this.#waiter = null;
    waiter?.();
  }

  #took(bytes: number): void {
    this.#bytes -= bytes;
    if (!this.#paused || this.finished || this.#cost() > LOW_WATER_MARK) return;
    this.#paused = false;
    this.#source.resume();
  }

  #cost(): number {
    return this.#bytes + this.#chunks.length * CHUNK_COST;
  }
}

/**
 * The chunk as a plain array whose buffer belongs to nobody else: itself where it fills its buffer, which the runtimes
 * allocate for each read, else a copy (a slice of a shared pool).
 */
export function ownedChunk(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = chunk;
  const whole = buffer instanceof ArrayBuffer && chunk.byteOffset === 0 && chunk.byteLength === buffer.byteLength;
  return whole ? new Uint8Array(buffer) : new Uint8Array(chunk);
}
