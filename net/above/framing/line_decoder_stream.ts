/** Bytes to lines of text. */
import { member } from "../../../core/dictionary.ts";
import { ParleyError } from "../../../core/errors.ts";
import { type FrameDecoder, FrameDecodingStreams } from "./frame_decoder.ts";
import { readFlag, readMaxBytes } from "./framing_options.ts";
import { PendingBytes } from "./pending_bytes.ts";

/** How lines are decoded. */
export interface LineDecoderOptions {
  /** Longest line, in bytes without its line end. Default 65,536. */
  readonly maxBytes?: number;
  /** How the bytes are read; there is one way. A byte order mark stays part of its line. */
  readonly encoding?: "utf-8";
  /** Takes a carriage return that no line feed follows for a line end, too. Default false: it is part of the line. */
  readonly allowCR?: boolean;
  /** Fails with `DATA_TRUNCATED` when the last line has no line end. Default false: that line is delivered, too. */
  readonly requireFinal?: boolean;
  /** Fails when a line is not UTF-8. Default false: U+FFFD stands for what is not. */
  readonly fatal?: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);
const DEFAULT_MAX_BYTES = 64 * 1024;
const LENIENT = new TextDecoder("utf-8", { fatal: false, ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A pair of streams that turns bytes into lines of text, for `pipeThrough`.
 *
 * A line ends with LF or CR LF, which are not part of it; a chunk boundary may fall anywhere, within a character too. An
 * empty line is an empty string; after the last line end there is none. Lines are decoded as they are read, one ahead:
 * memory holds the chunk that was written last, one line, and at most `maxBytes` of a line begun. Lines before an error are
 * delivered.
 *
 * The streams fail with a `ParleyError`: `DATA_TOO_LARGE` for a line longer than `maxBytes`, as soon as that is certain;
 * `DATA_TRUNCATED` where `requireFinal` says so. With `fatal` they fail with a `TypeError` for a line that is not UTF-8.
 *
 * @example Reading lines
 * ```ts
 * import { LineDecoderStream } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const bytes = new Blob(["220-mail.example\r\n220 ready\r\n"]).stream();
 * const lines = await Array.fromAsync(bytes.pipeThrough(new LineDecoderStream({ maxBytes: 512 })));
 * assert.deepEqual(lines, ["220-mail.example", "220 ready"]);
 * ```
 */
export class LineDecoderStream {
  /** Lines without their line ends. */
  readonly readable: ReadableStream<string>;
  /** Takes bytes. */
  readonly writable: WritableStream<BufferSource>;

  /**
   * Makes a decoder.
   *
   * @param options Limit and line ends.
   * @throws {RangeError} When `maxBytes` is not a whole number from 1 to 2147483647.
   * @throws {TypeError} When `encoding` is something else than `utf-8`.
   */
  constructor(options?: LineDecoderOptions) {
    const encoding = member(options, "encoding");
    if (encoding !== undefined && encoding !== "utf-8") {
      throw new TypeError("Cannot decode lines: encoding is not utf-8, the only one there is");
    }
    const streams = new FrameDecodingStreams(new LineDecoder(options));
    this.readable = streams.readable;
    this.writable = streams.writable;
  }
}

class LineDecoder implements FrameDecoder<string> {
  readonly #maxBytes: number;
  readonly #allowCR: boolean;
  readonly #requireFinal: boolean;
  readonly #fatal: boolean;
  readonly #pending = new PendingBytes();
  #chunk: Uint8Array<ArrayBuffer> = EMPTY;
  #at = 0;
  /** A line ended with CR: an LF right after it belongs to that line end, whenever it comes. */
  #afterCR = false;

  constructor(options: unknown) {
    this.#maxBytes = readMaxBytes(options, DEFAULT_MAX_BYTES);
    this.#allowCR = readFlag(options, "allowCR", false);
    this.#requireFinal = readFlag(options, "requireFinal", false);
    this.#fatal = readFlag(options, "fatal", false);
  }

  feed(bytes: Uint8Array<ArrayBuffer>): void {
    this.#chunk = bytes;
    this.#at = 0;
  }

  next(): string | undefined {
    if (this.#afterCR && this.#at < this.#chunk.byteLength) {
      if (this.#chunk[this.#at] === LF) this.#at++;
      this.#afterCR = false;
    }
    const end = this.#findLineEnd();
    const part = this.#chunk.subarray(this.#at, end < 0 ? undefined : end);
    if (end < 0) {
      this.#chunk = EMPTY;
      this.#at = 0;
      return void this.#keep(part);
    }
    this.#afterCR = this.#chunk[end] === CR;
    this.#at = end + 1;
    return this.#finish(part);
  }

  end(): string | undefined {
    const { length } = this.#pending;
    if (length === 0) return undefined;
    if (this.#requireFinal) {
      throw new ParleyError("DATA_TRUNCATED", "Cannot decode a line: the input ended before its line end");
    }
    if (length > this.#maxBytes) throw this.#tooLong();
    return this.#decode(this.#pending.view());
  }

  #findLineEnd(): number {
    if (!this.#allowCR) return this.#chunk.indexOf(LF, this.#at);
    for (let index = this.#at; index < this.#chunk.byteLength; index++) {
      const byte = this.#chunk[index];
      if (byte === LF || byte === CR) return index;
    }
    return -1;
  }

  #keep(part: Uint8Array<ArrayBuffer>): void {
    if (part.byteLength === 0) return;
    const length = this.#pending.length + part.byteLength;
    // One byte more may be the CR of a CR LF.
    const most = this.#maxBytes + (part.at(-1) === CR ? 1 : 0);
    if (length > most) throw this.#tooLong();
    this.#pending.append(part, this.#maxBytes + 1);
  }

  #finish(part: Uint8Array<ArrayBuffer>): string {
    const before = this.#pending.length;
    if (before + part.byteLength > this.#maxBytes + 1) throw this.#tooLong();
    if (before > 0) this.#pending.append(part, this.#maxBytes + 1);
    const whole = before > 0 ? this.#pending.view() : part;
    const line = whole.at(-1) === CR && !this.#allowCR ? whole.subarray(0, -1) : whole;
    if (line.byteLength > this.#maxBytes) throw this.#tooLong();
    const text = this.#decode(line);
    this.#pending.clear();
    return text;
  }

  #decode(line: Uint8Array<ArrayBuffer>): string {
    try {
      return (this.#fatal ? STRICT : LENIENT).decode(line);
    } catch (error) {
      throw new TypeError("Cannot decode a line: it is not UTF-8", { cause: error });
    }
  }

  #tooLong(): ParleyError {
    return new ParleyError("DATA_TOO_LARGE", `Cannot decode a line: it is longer than ${this.#maxBytes} bytes`, {
      detail: { maxBytes: this.#maxBytes },
    });
  }
}
