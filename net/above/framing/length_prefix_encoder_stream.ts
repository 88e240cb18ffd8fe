/** Frames to bytes, each with its length before it. */
import { ParleyError } from "../../../core/errors.ts";
import { toBufferSource } from "../../../core/webidl.ts";
import { encodingStreams } from "./encoding_streams.ts";
import { type LengthPrefix, type LengthPrefixOptions, readLengthPrefix } from "./length_prefix_options.ts";

/**
 * A pair of streams that puts a length before each frame, for `pipeThrough`: length and frame are one chunk.
 *
 * The streams fail with a `ParleyError` `DATA_TOO_LARGE` for a frame longer than `maxBytes` or than its length can say,
 * and with a `TypeError` for what is not a BufferSource.
 *
 * @example Sending frames with a length of two bytes before them
 * ```ts
 * import { LengthPrefixEncoderStream } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const frames = new LengthPrefixEncoderStream({ lengthBytes: 2 });
 * const writer = frames.writable.getWriter();
 * void writer.write(new Uint8Array([7, 8, 9]));
 * void writer.close();
 * assert.deepEqual(await new Response(frames.readable).bytes(), new Uint8Array([0, 3, 7, 8, 9]));
 * ```
 */
export class LengthPrefixEncoderStream {
  /** Bytes: one chunk a frame. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Takes frames. */
  readonly writable: WritableStream<BufferSource>;

  /**
   * Makes an encoder.
   *
   * @param options The length's form, and the limit.
   * @throws {RangeError} When `lengthBytes` is not 1 to 4, or `maxBytes` not a whole number from 1 to 2147483647.
   */
  constructor(options?: LengthPrefixOptions) {
    const prefix = readLengthPrefix(options);
    const streams = encodingStreams<BufferSource>((frame) => encodeFrame(toBufferSource(frame, "Chunk"), prefix));
    this.readable = streams.readable;
    this.writable = streams.writable;
  }
}

function encodeFrame(frame: Uint8Array, prefix: LengthPrefix): Uint8Array<ArrayBuffer> {
  const { lengthBytes, littleEndian, extra } = prefix;
  const most = Math.min(prefix.maxBytes, 256 ** lengthBytes - 1 - extra);
  const { byteLength } = frame;
  if (byteLength > most) {
    throw new ParleyError("DATA_TOO_LARGE", `Cannot encode a frame: its ${byteLength} bytes are more than ${most}`, {
      detail: { length: byteLength, maxBytes: most },
    });
  }
  const bytes = new Uint8Array(lengthBytes + byteLength);
  const length = byteLength + extra;
  for (let index = 0; index < lengthBytes; index++) {
    // Stored modulo 256.
    bytes[littleEndian ? index : lengthBytes - 1 - index] = Math.floor(length / 256 ** index);
  }
  bytes.set(frame, lengthBytes);
  return bytes;
}
