/** Reads the lines of a server's plaintext dialogue, bounded, and knows whether more came than was asked for. */
import { ParleyError } from "../../../core/errors.ts";

/** The longest line of any mail protocol, with room to spare. */
const MAX_LINE = 2048;
/** Lines in one answer, so that an endless one ends. */
const MAX_LINES = 128;

/** Lines over a stream. */
export class LineReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  #buffer: Uint8Array = new Uint8Array(0);

  /** @param readable The stream; locked until `release`. */
  constructor(readable: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.#reader = readable.getReader();
  }

  /**
   * The next line, without its line end, as Latin-1 text.
   *
   * @throws {ParleyError} `DATA_TRUNCATED` at the end of the stream, `DATA_TOO_LARGE` for an endless line.
   */
  async line(): Promise<string> {
    for (;;) {
      const at = this.#buffer.indexOf(10);
      if (at >= 0) return this.#take(at + 1).replace(/\r?\n$/u, "");
      if (this.#buffer.byteLength > MAX_LINE) {
        throw new ParleyError("DATA_TOO_LARGE", "Cannot read the server's answer: a line is too long");
      }
      await this.#more();
    }
  }

  /** Exactly one byte, as a character code. */
  async byte(): Promise<number> {
    while (this.#buffer.byteLength === 0) await this.#more();
    return this.#take(1).charCodeAt(0);
  }

  /**
   * Lines up to the one that `last` accepts, which is included.
   *
   * @throws {ParleyError} as `line`, and `DATA_TOO_LARGE` when there is no end to them.
   */
  async linesUntil(last: (line: string) => boolean): Promise<string[]> {
    const lines: string[] = [];
    while (lines.length < MAX_LINES) {
      const line = await this.line();
      lines.push(line);
      if (last(line)) return lines;
    }
    throw new ParleyError("DATA_TOO_LARGE", "Cannot read the server's answer: it does not end");
  }

  /** Gives the stream back. Bytes that came after what was asked for can only have been meant to be taken for TLS. */
  release(): void {
    this.#reader.releaseLock();
  }

  /**
   * Makes sure that nothing came after what was asked for: it can only have been meant to be taken for TLS.
   *
   * @throws {ParleyError} `TLS_LEFTOVER` if something did.
   */
  requireEmpty(): void {
    const left = this.#buffer.byteLength;
    if (left === 0) return;
    throw new ParleyError("TLS_LEFTOVER", `Cannot start TLS: ${left} bytes of plaintext have arrived before it`);
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#reader.read();
    if (done) throw new ParleyError("DATA_TRUNCATED", "Cannot read the server's answer: the connection ended");
    const joined = new Uint8Array(this.#buffer.byteLength + value.byteLength);
    joined.set(this.#buffer);
    joined.set(value, this.#buffer.byteLength);
    this.#buffer = joined;
  }

  #take(length: number): string {
    const text = String.fromCharCode(...this.#buffer.subarray(0, length));
    this.#buffer = this.#buffer.subarray(length);
    return text;
  }
}
