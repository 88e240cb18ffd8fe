/**
 * The queue between a runtime that pushes bytes and a link that is asked for them: it stops the runtime at a high
 * watermark, lets it go on at a low one, and remembers how the stream ended.
 */
import { ParleyError } from "../../core/errors.ts";

/** Bytes at which the source is told to stop. */
const HIGH_WATER_MARK = 256 * 1024;
/** Bytes at which it may go on. */
const LOW_WATER_MARK = 64 * 1024;
/** What a chunk costs beside its bytes, so that a flood of one-byte chunks cannot fill the memory. */
const CHUNK_COST = 256;
const OTHER_READ = "Cannot read: another read is under way";

/** How a queue steers what fills it. */
export interface ChunkSource {
  /** Stops the source. It may deliver what it has already read. */
  pause(): void;
  /** Lets the source go on. */
  resume(): void;
}

/** Who waits for something to read. */
interface Waiter {
  /** There is a chunk, or the end. */
  answer(): void;
  /** There is neither, and the stream broke. */
  reject(error: ParleyError): void;
}

/** A queue of received chunks with one reader. Chunks pushed in belong to the queue, and to the reader once read. */
export class ChunkQueue {
  readonly #source: ChunkSource;
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  /** Bytes of the first chunk that were read already. */
  #offset = 0;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: ParleyError | null = null;
  #waiter: Waiter | null = null;

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
    // First to whoever waits: what a reader takes at once need not stop the source.
    this.#wake();
    if (!this.#paused && this.#cost() >= HIGH_WATER_MARK) {
      this.#paused = true;
      this.#source.pause();
    }
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
    this.#offset = 0;
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
  read(view: Uint8Array): Promise<number> {
    return this.#whenAvailable(() => this.#copyTo(view));
  }

  /**
   * Waits for a chunk and hands it over.
   *
   * @returns A chunk of at least one byte, or null at the end.
   * @throws {ParleyError} as recorded by `fail` or `close`.
   */
  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#whenAvailable(() => this.#shift());
  }

  /**
   * Takes when there is a chunk or the end, at once or in the moment it comes, so that nothing can happen in between;
   * rejects when there is neither and the stream broke.
   */
  #whenAvailable<T>(take: () => T): Promise<T> {
    if (this.#waiter !== null) return Promise.reject(new ParleyError("INTERNAL_INVARIANT", OTHER_READ));
    if (this.#chunks.length > 0 || this.#ended) return Promise.resolve(take());
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiter = { answer: () => resolve(take()), reject };
    });
  }

  #copyTo(view: Uint8Array): number {
    let copied = 0;
    while (copied < view.byteLength) {
      const chunk = this.#chunks[0];
      if (chunk === undefined) break;
      const from = this.#offset;
      const to = Math.min(chunk.byteLength, from + view.byteLength - copied);
      view.set(to - from === chunk.byteLength ? chunk : chunk.subarray(from, to), copied);
      copied += to - from;
      this.#offset = to;
      if (to === chunk.byteLength) this.#dropFirst();
    }
    this.#took(copied);
    return copied;
  }

  #shift(): Uint8Array<ArrayBuffer> | null {
    const chunk = this.#chunks[0];
    if (chunk === undefined) return null;
    const rest = this.#offset === 0 ? chunk : chunk.subarray(this.#offset);
    this.#dropFirst();
    this.#took(rest.byteLength);
    return rest;
  }

  #dropFirst(): void {
    this.#chunks.shift();
    this.#offset = 0;
  }

  #wake(): void {
    const waiter = this.#waiter;
    if (waiter === null) return;
    this.#waiter = null;
    if (this.#chunks.length === 0 && !this.#ended && this.#failure !== null) waiter.reject(this.#failure);
    else waiter.answer();
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
