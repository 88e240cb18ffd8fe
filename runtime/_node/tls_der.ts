/** Distinguished encoding (X.690 DER) read strictly: one-byte tags, shortest lengths, nothing left over. */

/** Tags that certificates are made of. */
export const TAG: Readonly<Record<TagName, number>> = Object.freeze({
  __proto__: null as never,
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
});

type TagName =
  | "boolean"
  | "integer"
  | "bitString"
  | "octetString"
  | "oid"
  | "utcTime"
  | "generalizedTime"
  | "sequence";

/** The length that an element must stay below; the strictest of the TLS stacks reads no longer ones. */
const MAX_LENGTH = 0xffff;

/** What is read is not in this encoding. Never leaves the modules that read certificates. */
export class NotDerError extends Error {}

/** One element. */
export interface DerElement {
  /** Its tag. */
  readonly tag: number;
  /** What stands in it. */
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** Reads elements one after another. Every method throws {@linkcode NotDerError} where the encoding is another. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param bytes What to read. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether everything was read. */
  get atEnd(): boolean {
    return this.#at === this.#bytes.byteLength;
  }

  /** Whether the next element has this tag. */
  sees(tag: number): boolean {
    return this.#bytes[this.#at] === tag;
  }

  /**
   * Reads any element.
   *
   * @throws {NotDerError}
   */
  any(): DerElement {
    const start = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw new NotDerError();
    const length = this.#length();
    const from = this.#at;
    if (length >= MAX_LENGTH || length > this.#bytes.byteLength - from) throw new NotDerError();
    this.#at = from + length;
    return { tag, content: this.#bytes.subarray(from, this.#at), whole: this.#bytes.subarray(start, this.#at) };
  }

  /**
   * Reads an element with this tag.
   *
   * @throws {NotDerError}
   */
  element(tag: number): DerElement {
    if (!this.sees(tag)) throw new NotDerError();
    return this.any();
  }

  /** The content of an element with this tag. */
  content(tag: number): Uint8Array {
    return this.element(tag).content;
  }

  /** Enters an element with this tag; what is in it must be read to its end by `read`. */
  inside<T>(tag: number, read: (inner: DerReader) => T): T {
    return wholly(this.content(tag), read);
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte === undefined) throw new NotDerError();
    return byte;
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    const count = first & 0x7f;
    if (count === 0 || count > 4) throw new NotDerError();
    let length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + this.#byte();
    if (length < 0x80 || length < 256 ** (count - 1)) throw new NotDerError();
    return length;
  }
}

/**
 * Reads bytes to their end.
 *
 * @param bytes What to read.
 * @param read Reads it.
 * @throws {NotDerError} when `read` leaves something over, or throws it.
 */
export function wholly<T>(bytes: Uint8Array, read: (reader: DerReader) => T): T {
  const reader = new DerReader(bytes);
  const value = read(reader);
  if (!reader.atEnd) throw new NotDerError();
  return value;
}

/** Whether two pieces hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
