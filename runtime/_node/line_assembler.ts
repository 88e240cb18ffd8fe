/** Puts a line together from the pieces in which a terminal hands it out. */

const LF = 0x0a;
const CR = 0x0d;

/** One line in the making. */
export class LineAssembler {
  readonly #maxBytes: number;
  readonly #bytes: number[] = [];
  #cut = false;
  #more = false;
  #complete = false;

  /** @param maxBytes What exceeds it is cut off. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the line was longer than allowed. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Whether bytes came behind the line end. */
  get more(): boolean {
    return this.#more;
  }

  /**
   * Adds what was read.
   *
   * @param chunk The bytes.
   * @returns Whether the line is complete.
   */
  add(chunk: Uint8Array): boolean {
    for (const byte of chunk) {
      if (this.#complete) this.#more = true;
      else if (byte === LF || byte === CR) this.#complete = true;
      else if (this.#bytes.length < this.#maxBytes) this.#bytes.push(byte);
      else this.#cut = true;
    }
    return this.#complete;
  }

  /** The line without its end, as UTF-8; what is none becomes U+FFFD. */
  text(): string {
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(new Uint8Array(this.#bytes));
  }
}
