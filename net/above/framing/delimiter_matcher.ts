/** Finds a delimiter in bytes that come in pieces, after Knuth, Morris and Pratt: the time is linear. */
import { toBufferSource } from "../../../core/webidl.ts";

/** A delimiter, and how far it has been matched. */
export class DelimiterMatcher {
  readonly #delimiter: Uint8Array;
  /** For each length of a match, that of the longest proper prefix of the delimiter which ends it. */
  readonly #borders: Uint32Array;
  #matched = 0;

  /** @param delimiter At least one byte; not copied. */
  constructor(delimiter: Uint8Array) {
    this.#delimiter = delimiter;
    this.#borders = borders(delimiter);
  }

  /** Bytes at the end of what was searched that may be the delimiter's beginning. */
  get matched(): number {
    return this.#matched;
  }

  /**
   * Searches on.
   *
   * @param bytes What follows the bytes searched before.
   * @param start Where to begin in it.
   * @returns Where the first delimiter has ended in it, after which the matcher begins anew; -1 for nowhere.
   */
  search(bytes: Uint8Array, start: number): number {
    const delimiter = this.#delimiter;
    const first = delimiter[0] as number;
    let matched = this.#matched;
    for (let index = start; index < bytes.length; index++) {
      if (matched === 0 && bytes[index] !== first) {
        index = bytes.indexOf(first, index + 1);
        if (index < 0) break;
      }
      while (matched > 0 && bytes[index] !== delimiter[matched]) matched = this.#borders[matched - 1] as number;
      if (bytes[index] === delimiter[matched]) matched++;
      if (matched === delimiter.length) {
        this.#matched = 0;
        return index + 1;
      }
    }
    this.#matched = matched;
    return -1;
  }
}

function borders(delimiter: Uint8Array): Uint32Array {
  const lengths = new Uint32Array(delimiter.length);
  for (let index = 1, border = 0; index < delimiter.length; index++) {
    while (border > 0 && delimiter[index] !== delimiter[border]) border = lengths[border - 1] as number;
    if (delimiter[index] === delimiter[border]) border++;
    lengths[index] = border;
  }
  return lengths;
}

/**
 * Converts a delimiter.
 *
 * @param value Bytes, which are copied, or text, whose UTF-8 counts.
 * @throws {TypeError} When it is neither, or empty.
 */
export function toDelimiter(value: unknown): Uint8Array {
  const bytes = typeof value === "string"
    ? new TextEncoder().encode(value)
    : toBufferSource(value, "Delimiter").slice();
  if (bytes.byteLength === 0) throw new TypeError("Cannot frame by delimiter: the delimiter is empty");
  return bytes;
}
