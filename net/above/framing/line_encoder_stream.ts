/** Lines of text to bytes. */
import { member } from "../../../core/dictionary.ts";
import { encodingStreams } from "./encoding_streams.ts";

/** How lines are encoded. */
export interface LineEncoderOptions {
  /** What ends each line. Default `"\r\n"`: who reads lines takes it, while mail servers refuse a bare `"\n"`. */
  readonly newline?: "\n" | "\r\n";
}

const LINE_BREAK = /[\r\n]/;
const encoder = new TextEncoder();

/**
 * A pair of streams that turns lines of text into bytes, for `pipeThrough`: UTF-8, each line with its end as one chunk.
 *
 * A line that holds a line break itself would be two to the other side, the second chosen by whoever supplied the text
 * (command injection). It is refused: the streams fail with a `TypeError`, as for what is not a string.
 *
 * @example Sending commands
 * ```ts
 * import { LineEncoderStream } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const lines = new LineEncoderStream();
 * const writer = lines.writable.getWriter();
 * void writer.write("EHLO client.example");
 * void writer.close();
 * assert.equal(await new Response(lines.readable).text(), "EHLO client.example\r\n");
 * ```
 */
export class LineEncoderStream {
  /** Bytes: one chunk a line. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes lines without line ends. */
  readonly writable: WritableStream<string>;

  /**
   * Makes an encoder.
   *
   * @param options The line end.
   * @throws {TypeError} When `newline` is neither of the two.
   */
  constructor(options?: LineEncoderOptions) {
    const newline = member(options, "newline") ?? "\r\n";
    if (newline !== "\n" && newline !== "\r\n") throw new TypeError("Cannot encode lines: newline is not LF or CR LF");
    const streams = encodingStreams<string>((line) => encodeLine(line, newline));
    this.readable = streams.readable;
    this.writable = streams.writable;
  }
}

function encodeLine(line: unknown, newline: string): Uint8Array<ArrayBuffer> {
  if (typeof line !== "string") throw new TypeError("Cannot encode a line: it is not a string");
  if (LINE_BREAK.test(line)) throw new TypeError("Cannot encode a line: it holds a line break");
  return encoder.encode(line + newline);
}
