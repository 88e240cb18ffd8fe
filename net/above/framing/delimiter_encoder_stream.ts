/** Frames to bytes, each with a delimiter after it. */
import { member } from "../../../core/dictionary.ts";
import { toBufferSource } from "../../../core/webidl.ts";
import { DelimiterMatcher, toDelimiter } from "./delimiter_matcher.ts";
import { encodingStreams } from "./encoding_streams.ts";

/** What follows each frame. */
export interface DelimiterEncoderOptions {
  /** At least one byte, or text whose UTF-8 counts. */
  readonly delimiter: Uint8Array | string;
}

/**
 * A pair of streams that puts a delimiter after each frame, for `pipeThrough`: frame and delimiter are one chunk.
 *
 * A frame that the other side would not cut where it ends is refused: one that holds the delimiter, and one whose end forms
 * a delimiter with the beginning of its own. The streams then fail with a `TypeError`, as for what is not a BufferSource.
 *
 * @example Records that end with a zero byte
 * ```ts
 * import { DelimiterEncoderStream } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const frames = new DelimiterEncoderStream({ delimiter: "\0" });
 * const writer = frames.writable.getWriter();
 * void writer.write(new TextEncoder().encode("one"));
 * void writer.close();
 * assert.equal(await new Response(frames.readable).text(), "one\0");
 * ```
 */
export class DelimiterEncoderStream {
  /** Bytes: one chunk a frame. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes frames without delimiters. */
  readonly writable: WritableStream<BufferSource>;

  /**
   * Makes an encoder.
   *
   * @param options The delimiter.
   * @throws {TypeError} When the delimiter is empty, or neither text nor bytes.
   */
  constructor(options: DelimiterEncoderOptions) {
    const delimiter = toDelimiter(member(options, "delimiter"));
    const matcher = new DelimiterMatcher(delimiter);
    const streams = encodingStreams<BufferSource>((chunk) => {
      const frame = toBufferSource(chunk, "Chunk");
      const bytes = new Uint8Array(frame.byteLength + delimiter.byteLength);
      bytes.set(frame);
      bytes.set(delimiter, frame.byteLength);
      if (matcher.search(bytes, 0) === bytes.byteLength) return bytes;
      throw new TypeError("Cannot encode a frame: the delimiter would be found before its end");
    });
    this.readable = streams.readable;
    this.writable = streams.writable;
  }
}
