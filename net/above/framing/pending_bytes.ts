/** The beginning of a frame that has not arrived whole. Grows by doubling, so every byte is copied a bounded number of times. */

const EMPTY = new Uint8Array(0);
const FIRST_CAPACITY = 256;
/** More than this is given back once a frame was taken, so that one large frame does not hold memory for good. */
const KEPT_CAPACITY = 64 * 1024;

/** Bytes kept between chunks. They are copies: the chunks belong to whoever wrote them. */
export class PendingBytes {
  #bytes: Uint8Array<ArrayBuffer> = EMPTY;
  #length = 0;

  /** How many bytes are kept. */
  get length(): number {
    return this.#length;
  }

  /**
   * Keeps more bytes.
   *
   * @param bytes The bytes; they are copied.
   * @param most How many will be kept at most, these included: no memory is taken beyond it.
   */
  append(bytes: Uint8Array, most: number): void {
    const length = this.#length + bytes.byteLength;
    if (length > this.#bytes.byteLength) this.#grow(length, most);
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  /** What is kept, without copying; good until the next call of anything else. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what is kept. */
  clear(): void {
    this.#length = 0;
    if (this.#bytes.byteLength > KEPT_CAPACITY) this.#bytes = EMPTY;
  }

  /**
   * Hands over the first bytes, in memory of their own, and forgets all.
   *
   * @param length How many, at most {@linkcode PendingBytes.length}.
   */
  take(length: number): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes;
    if (length < bytes.byteLength) {
      const taken = bytes.slice(0, length);
      this.clear();
      return taken;
    }
    this.#bytes = EMPTY;
    this.#length = 0;
    return bytes;
  }

  #grow(length: number, most: number): void {
    const capacity = Math.max(FIRST_CAPACITY, length, 2 * this.#bytes.byteLength);
    const grown = new Uint8Array(Math.max(length, Math.min(capacity, most)));
    grown.set(this.view());
    this.#bytes = grown;
  }
}
