/**
 * A reader over bytes from outside that never throws. Reading past the end makes `ok` false for good and gives zeros, so a
 * decoder reads a whole record and asks once at the end.
 */

const EMPTY = new Uint8Array(0);
const UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

/** A bounded reader over a `Uint8Array`. The bytes are not copied. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #offset = 0;
  #failedAt = -1;
  #failedWhat = "";

  /** @param bytes The bytes to read, from the first. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Whether every read so far was inside the bytes. Once false it stays false, and every later read gives zero or nothing. */
  get ok(): boolean {
    return this.#failedAt < 0;
  }

  /** What the first read past the end was, such as `u16le at byte 3 of 4`; null while there was none. */
  get failure(): string | null {
    return this.ok ? null : `${this.#failedWhat} at byte ${this.#failedAt} of ${this.#bytes.length}`;
  }

  /** Bytes read so far. */
  get offset(): number {
    return this.#offset;
  }

  /** Bytes left to read; 0 after a failure. */
  get remaining(): number {
    return this.ok ? this.#bytes.length - this.#offset : 0;
  }

  /** Reads an unsigned byte. */
  u8(): number {
    const at = this.#claim(1, "u8");
    return at < 0 ? 0 : this.#view.getUint8(at);
  }

  /** Reads a signed byte. */
  i8(): number {
    const at = this.#claim(1, "i8");
    return at < 0 ? 0 : this.#view.getInt8(at);
  }

  /** Reads 16 bits, unsigned, little-endian. */
  u16le(): number {
    const at = this.#claim(2, "u16le");
    return at < 0 ? 0 : this.#view.getUint16(at, true);
  }

  /** Reads 16 bits, unsigned, big-endian. */
  u16be(): number {
    const at = this.#claim(2, "u16be");
    return at < 0 ? 0 : this.#view.getUint16(at);
  }

  /** Reads 16 bits, signed, little-endian. */
  i16le(): number {
    const at = this.#claim(2, "i16le");
    return at < 0 ? 0 : this.#view.getInt16(at, true);
  }

  /** Reads 16 bits, signed, big-endian. */
  i16be(): number {
    const at = this.#claim(2, "i16be");
    return at < 0 ? 0 : this.#view.getInt16(at);
  }

  /** Reads 24 bits, unsigned, little-endian. */
  u24le(): number {
    const at = this.#claim(3, "u24le");
    return at < 0 ? 0 : this.#view.getUint16(at, true) | this.#view.getUint8(at + 2) << 16;
  }

  /** Reads 24 bits, unsigned, big-endian. */
  u24be(): number {
    const at = this.#claim(3, "u24be");
    return at < 0 ? 0 : this.#view.getUint16(at) << 8 | this.#view.getUint8(at + 2);
  }

  /** Reads 32 bits, unsigned, little-endian. */
  u32le(): number {
    const at = this.#claim(4, "u32le");
    return at < 0 ? 0 : this.#view.getUint32(at, true);
  }

  /** Reads 32 bits, unsigned, big-endian. */
  u32be(): number {
    const at = this.#claim(4, "u32be");
    return at < 0 ? 0 : this.#view.getUint32(at);
  }

  /** Reads 32 bits, signed, little-endian. */
  i32le(): number {
    const at = this.#claim(4, "i32le");
    return at < 0 ? 0 : this.#view.getInt32(at, true);
  }

  /** Reads 32 bits, signed, big-endian. */
  i32be(): number {
    const at = this.#claim(4, "i32be");
    return at < 0 ? 0 : this.#view.getInt32(at);
  }

  /** Reads 64 bits, unsigned, little-endian. */
  u64le(): bigint {
    const at = this.#claim(8, "u64le");
    return at < 0 ? 0n : this.#view.getBigUint64(at, true);
  }

  /** Reads 64 bits, unsigned, big-endian. */
  u64be(): bigint {
    const at = this.#claim(8, "u64be");
    return at < 0 ? 0n : this.#view.getBigUint64(at);
  }

  /** Reads a 32-bit float, little-endian. What it gives may be NaN or infinite: it is the sender's. */
  f32le(): number {
    const at = this.#claim(4, "f32le");
    return at < 0 ? 0 : this.#view.getFloat32(at, true);
  }

  /**
   * Passes over bytes that are not needed or not known.
   *
   * @param count How many; a count that is no whole number from 0 up is a failure.
   * @param why What they are; it stands in {@linkcode failure} when they are not there.
   */
  skip(count: number, why: string): void {
    this.#claim(count, why);
  }

  /**
   * Takes bytes.
   *
   * @param count How many; a count that is no whole number from 0 up is a failure.
   * @returns A view on them, not a copy; empty when they are not all there.
   */
  take(count: number): Uint8Array {
    const at = this.#claim(count, "bytes");
    return at < 0 ? EMPTY : this.#bytes.subarray(at, at + count);
  }

  /**
   * Reads UTF-8 text. Bytes that are not UTF-8 become U+FFFD; the text is not escaped.
   *
   * @param count How many bytes, not characters.
   * @returns The text; empty when the bytes are not all there.
   */
  utf8(count: number): string {
    const at = this.#claim(count, "text");
    return at < 0 ? "" : UTF8.decode(this.#bytes.subarray(at, at + count));
  }

  /** Where the next `count` bytes begin, or -1 when they are not all there; passes over them. */
  #claim(count: number, what: string): number {
    if (this.#failedAt >= 0) return -1;
    const at = this.#offset;
    // `<=` is false for NaN.
    if (count >= 0 && count <= this.#bytes.length - at && Number.isInteger(count)) {
      this.#offset = at + count;
      return at;
    }
    this.#failedAt = at;
    this.#failedWhat = what;
    return -1;
  }
}
