/** Bytes to frames, each of which has a delimiter after it. */
import { member } from "../../../core/dictionary.ts";
import { ParleyError } from "../../../core/errors.ts";
import { DelimiterMatcher, toDelimiter } from "./delimiter_matcher.ts";
import { type FrameDecoder, FrameDecodingStreams } from "./frame_decoder.ts";
import { readFlag, readMaxBytes } from "./framing_options.ts";
import { PendingBytes } from "./pending_bytes.ts";

/** How frames are cut at a delimiter. */
export interface DelimiterDecoderOptions {
  /** What follows each frame: at least one byte, or text whose UTF-8 counts. */
  readonly delimiter: Uint8Array | string;
  /** Longest frame, in bytes without the delimiter. Default 65,536. */
  readonly maxBytes?: number;
  /** Fails with `DATA_TRUNCATED` when the last frame has no delimiter. Default true; false delivers that frame, too. */
  readonly requireFinal?: boolean;
}

const EMPTY = new Uint8Array(0);
const DEFAULT_MAX_BYTES = 64 * 1024;

/**
 * A pair of streams that cuts bytes into frames at a delimiter, for `pipeThrough`.
 *
 * A frame reaches to the first delimiter after it, which may span chunks and is not part of it. Each frame is delivered in
 * memory of its own; it may be empty. The time taken is linear in the bytes, whatever they are. Frames are decoded as
 * they are read, one ahead: memory holds the chunk that was written last, one frame, and at most `maxBytes` and a delimiter
 * of another begun. Frames before an error are delivered.
 *
 * The streams fail with a `ParleyError`: `DATA_TOO_LARGE` for a frame longer than `maxBytes`, as soon as that is certain;
 * `DATA_TRUNCATED` when the input ends within a frame, unless `requireFinal` is false.
 *
 * @example Records that end with a zero byte
 * ```ts
 * import { DelimiterDecoderStream } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const bytes = new Blob(["one\0two\0"]).stream();
 * const frames = await Array.fromAsync(bytes.pipeThrough(new DelimiterDecoderStream({ delimiter: "\0" })));
 * assert.deepEqual(frames.map((frame) => new TextDecoder().decode(frame)), ["one", "two"]);
 * ```
 */
export class DelimiterDecoderStream {
  /** Frames without their delimiters. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes bytes. */
  readonly writable: WritableStream<BufferSource>;

  /**
   * Makes a decoder.
   *
   * @param options The delimiter, and the limit.
   * @throws {TypeError} When the delimiter is empty, or neither text nor bytes.
   * @throws {RangeError} When `maxBytes` is not a whole number from 1 to 2147483647.
   */
  constructor(options: DelimiterDecoderOptions) {
    const streams = new FrameDecodingStreams(new DelimiterDecoder(options));
    this.readable = streams.readable;
    this.writable = streams.writable;
  }
}

class DelimiterDecoder implements FrameDecoder<Uint8Array<ArrayBuffer>> {
  readonly #delimiterBytes: number;
  readonly #matcher: DelimiterMatcher;
  readonly #maxBytes: number;
  readonly #requireFinal: boolean;
  readonly #pending = new PendingBytes();
  #chunk: Uint8Array<ArrayBuffer> = EMPTY;
  #at = 0;

  constructor(options: unknown) {
    const delimiter = toDelimiter(member(options, "delimiter"));
    this.#delimiterBytes = delimiter.byteLength;
    this.#matcher = new DelimiterMatcher(delimiter);
    this.#maxBytes = readMaxBytes(options, DEFAULT_MAX_BYTES);
    this.#requireFinal = readFlag(options, "requireFinal", true);
  }

  feed(bytes: Uint8Array<ArrayBuffer>): void {
    this.#chunk = bytes;
    this.#at = 0;
  }

  next(): Uint8Array<ArrayBuffer> | undefined {
    const start = this.#at;
    const end = this.#matcher.search(this.#chunk, start);
    const part = this.#chunk.subarray(start, end < 0 ? undefined : end);
    const before = this.#pending.length;
    const frame = before + part.byteLength - (end < 0 ? this.#matcher.matched : this.#delimiterBytes);
    if (frame > this.#maxBytes) throw this.#tooLong();
    if (end >= 0) this.#at = end;
    if (end >= 0 && before === 0) return part.slice(0, frame);
    if (part.byteLength > 0) this.#pending.append(part, this.#maxBytes + this.#delimiterBytes);
    if (end >= 0) return this.#pending.take(frame);
    this.#chunk = EMPTY;
    this.#at = 0;
    return undefined;
  }

  end(): Uint8Array<ArrayBuffer> | undefined {
    const { length } = this.#pending;
    if (length === 0) return undefined;
    if (this.#requireFinal) {
      throw new ParleyError("DATA_TRUNCATED", "Cannot decode a frame: the input ended before its delimiter");
    }
    if (length > this.#maxBytes) throw this.#tooLong();
    return this.#pending.take(length);
  }

  #tooLong(): ParleyError {
    return new ParleyError("DATA_TOO_LARGE", `Cannot decode a frame: it is longer than ${this.#maxBytes} bytes`, {
      detail: { maxBytes: this.#maxBytes },
    });
  }
}
