/** `fromNodeDuplex()`: a Node stream becomes a pair of web streams that behave as those of a socket of Parley's. */
import type { Duplex } from "node:stream";
import { causedException } from "../../../core/caused_exception.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { DuplexStreams } from "../../../net/above/node/port.ts";
import { nativeCode, netError } from "../errors.ts";
import { DuplexSink } from "./duplex_sink.ts";
import { DuplexSource } from "./duplex_source.ts";

/**
 * Makes web streams out of a Node stream, such as a `net.Socket`, a `TLSSocket` or an SSH channel.
 *
 * Nothing is read ahead beyond what the Node stream buffers by itself, and nothing before the first read. A write settles when
 * the Node stream has called back. Closing `writable` ends that direction only, if the Node stream allows half-open; when both
 * have ended it is destroyed. Its `error` events are listened to, so that they end no program.
 *
 * @param duplex The Node stream, of bytes. Nobody else may read from it.
 * @returns The streams. What fails is a `NetworkError` with a `ParleyError` as `cause`.
 * @throws {TypeError} for a stream of objects or of text.
 *
 * @example Both ways
 * ```ts
 * import { fromNodeDuplex } from "@parley/parley/node";
 * import { PassThrough } from "node:stream";
 * import assert from "node:assert/strict";
 *
 * const { readable, writable } = fromNodeDuplex(new PassThrough());
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * assert.equal(await new Response(readable).text(), "hello");
 * ```
 */
export function fromNodeDuplex(duplex: Duplex): DuplexStreams {
  if (duplex.readableObjectMode || duplex.writableObjectMode || duplex.readableEncoding) {
    throw new TypeError("Cannot convert the stream: it is not one of bytes");
  }
  const { readable, writable, closed } = new DuplexPair(duplex);
  return Object.freeze({ readable, writable, closed });
}

/** Both sides of one Node stream, and what the end of one means for the other. */
class DuplexPair implements DuplexStreams {
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly writable: WritableStream<BufferSource>;
  readonly closed: Promise<void>;
  readonly #duplex: Duplex;
  readonly #source: DuplexSource;
  readonly #sink: DuplexSink;
  readonly #settled: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #firstError: unknown = null;

  constructor(duplex: Duplex) {
    this.#duplex = duplex;
    this.closed = this.#settled.promise;
    // Nobody has to look at `closed`.
    this.closed.catch(() => {});
    const onEnd = (error: unknown): void => this.#sideEnded(error);
    this.#source = new DuplexSource(duplex, { onEnd });
    this.#sink = new DuplexSink(duplex, { onEnd, toError });
    this.readable = this.#source.stream;
    this.writable = this.#sink.stream;
    duplex.on("error", (error) => this.#broke(error));
    duplex.on("finish", () => this.#sink.finished());
    duplex.on("close", () => this.#broke(gone()));
    if (duplex.destroyed) this.#broke(duplex.errored ?? gone());
  }

  /** The Node stream failed, or went away before both sides had ended. */
  #broke(error: unknown): void {
    const failure = toError(error);
    this.#source.fail(failure);
    this.#sink.fail(failure);
  }

  #sideEnded(error: unknown): void {
    this.#firstError ??= error;
    if (!this.#source.ended || !this.#sink.ended) return;
    this.#duplex.destroy();
    if (this.#firstError === null) this.#settled.resolve();
    else this.#settled.reject(this.#firstError);
  }
}

function gone(): ParleyError {
  return new ParleyError("NET_RESET", "Cannot go on with the stream: it went away without an end");
}

function toError(error: unknown): unknown {
  const known = error instanceof ParleyError
    ? error
    : netError(nativeCode(error), { doing: "go on with the stream", cause: error });
  return causedException(known, known.code === "NET_CLOSED" ? "InvalidStateError" : "NetworkError");
}
