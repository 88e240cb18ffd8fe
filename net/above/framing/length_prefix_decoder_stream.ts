/** Bytes to frames, each of which has its length before it. */
import { ParleyError } from "../../../core/errors.ts";
import { type FrameDecoder, FrameDecodingStreams } from "./frame_decoder.ts";
import { type LengthPrefix, type LengthPrefixOptions, readLengthPrefix } from "./length_prefix_options.ts";
import { PendingBytes } from "./pending_bytes.ts";

const EMPTY = new Uint8Array(0);

/**
 * A pair of streams that turns bytes into frames which have their length before them, for `pipeThrough`.
 *
 * Each frame is delivered without its length, in memory of its own; it may be empty. Frames are decoded as they
 * are read, one ahead: memory holds the chunk that was written last, one frame, and what has arrived of another, never what
 * a length merely promises. Frames before an error are delivered.
 *
 * The streams fail with a `ParleyError`: `DATA_TOO_LARGE` for a length over `maxBytes`, before anything of that frame is
 * kept; `DATA_TRUNCATED` when the input ends within a frame, or, with `includesLength`, for a length that is less than its
 * own bytes.
 *
 * @example Reading frames with a length of two bytes before them
 * ```ts
 * import { LengthPrefixDecoderStream } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const bytes = new Blob([new Uint8Array([0, 2, 7, 8, 0, 0, 0, 1, 9])]).stream();
 * const frames = await Array.fromAsync(bytes.pipeThrough(new LengthPrefixDecoderStream({ lengthBytes: 2 })));
 * assert.deepEqual(frames.map((frame) => [...frame]), [[7, 8], [], [9]]);
 * ```
 */
export class LengthPrefixDecoderStream {
  /** Frames without their lengths. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes bytes. */
  readonly writable: WritableStream<BufferSource>;

  /**
   * Makes a decoder.
   *
   * @param options The length's form, and the limit.
   * @throws {RangeError} When `lengthBytes` is not 1 to 4, or `maxBytes` not a whole number from 1 to 2147483647.
   */
  constructor(options?: LengthPrefixOptions) {
    const streams = new FrameDecodingStreams(new LengthPrefixDecoder(readLengthPrefix(options)));
    this.readable = streams.readable;
    this.writable = streams.writable;
  }
}

class LengthPrefixDecoder implements FrameDecoder<Uint8Array<ArrayBuffer>> {
  readonly #prefix: LengthPrefix;
  readonly #pending = new PendingBytes();
  #chunk: Uint8Array<ArrayBuffer> = EMPTY;
  #at = 0;
  /** Bytes of the present length that were read, and their value. */
  #lengthRead = 0;
  #length = 0;

  constructor(prefix: LengthPrefix) {
    this.#prefix = prefix;
  }

  feed(bytes: Uint8Array<ArrayBuffer>): void {
    this.#chunk = bytes;
    this.#at = 0;
  }

  next(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.#readLength()) return undefined;
    const payload = this.#length - this.#prefix.extra;
    const missing = payload - this.#pending.length;
    const part = this.#chunk.subarray(this.#at, this.#at + missing);
    this.#at += part.byteLength;
    if (part.byteLength < missing) {
      this.#pending.append(part, payload);
      this.#chunk = EMPTY;
      this.#at = 0;
      return undefined;
    }
    this.#lengthRead = 0;
    this.#length = 0;
    if (this.#pending.length === 0) return part.slice();
    this.#pending.append(part, payload);
    return this.#pending.take(payload);
  }

  end(): undefined {
    if (this.#lengthRead === 0) return undefined;
    throw new ParleyError("DATA_TRUNCATED", "Cannot decode a frame: the input ended before all of it was there");
  }

  /** Whether the length is known. */
  #readLength(): boolean {
    const { lengthBytes, littleEndian } = this.#prefix;
    if (this.#lengthRead === lengthBytes) return true;
    while (this.#lengthRead < lengthBytes) {
      const byte = this.#chunk[this.#at];
      if (byte === undefined) return false;
      this.#length = littleEndian ? this.#length + byte * 256 ** this.#lengthRead : this.#length * 256 + byte;
      this.#lengthRead++;
      this.#at++;
    }
    this.#judgeLength();
    return true;
  }

  #judgeLength(): void {
    const { extra, maxBytes } = this.#prefix;
    const detail = { length: this.#length, maxBytes };
    if (this.#length < extra) {
      const message = `Cannot decode a frame: its length ${this.#length} is less than the ${extra} bytes of the length`;
      throw new ParleyError("DATA_TRUNCATED", message, { detail });
    }
    if (this.#length - extra > maxBytes) {
      const message = `Cannot decode a frame: its length ${this.#length} is more than ${maxBytes + extra}`;
      throw new ParleyError("DATA_TOO_LARGE", message, { detail });
    }
  }
}
