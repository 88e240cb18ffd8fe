/** The writable side of a Node stream as a web stream: a write settles when the Node stream has called back. */
import type { Duplex } from "node:stream";
import { onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import { toBufferSource } from "../../../core/webidl.ts";
import type { SideEvents } from "./duplex_source.ts";

/** What the pair of streams wants to know of the writable side. */
export interface DuplexSinkEvents extends SideEvents {
  /** Translates a failure. */
  toError(error: unknown): unknown;
}

/** A `WritableStream` of BufferSource chunks over a Node stream. */
export class DuplexSink {
  /** The stream. One chunk at a time. */
  readonly stream: WritableStream<BufferSource>;
  readonly #duplex: Duplex;
  readonly #events: DuplexSinkEvents;
  #controller!: WritableStreamDefaultController;
  #rejectPending: ((error: unknown) => void) | null = null;
  #ended = false;

  /**
   * @param duplex Where bytes go.
   * @param events Told of the end.
   */
  constructor(duplex: Duplex, events: DuplexSinkEvents) {
    this.#duplex = duplex;
    this.#events = events;
    this.stream = new WritableStream<BufferSource>({
      start: (controller) => {
        this.#controller = controller;
        // Without this an abort would wait for a write that nobody lets through.
        onAbort(controller.signal, () => this.#rejectPending?.(controller.signal.reason));
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#close(),
      abort: (reason) => this.#abort(reason),
    }, { highWaterMark: 1 });
  }

  /** Whether the side is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the stream from outside: the pending and later writes reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(error);
    this.#rejectPending?.(error);
    this.#end(error);
  }

  /** The Node stream has ended its writing by itself, as one without half-open does: there is nothing left to close. */
  finished(): void {
    if (this.#rejectPending === null) this.#end(null);
  }

  #write(chunk: unknown): Promise<void> {
    let bytes: Uint8Array;
    try {
      bytes = toBufferSource(chunk, "Chunk");
    } catch (error) {
      this.#duplex.end();
      this.#end(error);
      throw error;
    }
    return this.#sending((done) => void this.#duplex.write(bytes, done));
  }

  async #close(): Promise<void> {
    if (this.#duplex.writableEnded) return this.#end(null);
    await this.#sending((done) => void this.#duplex.end(done));
    this.#end(null);
  }

  /** Drops what the Node stream does not have yet and ends this direction; the other goes on. */
  #abort(reason: unknown): void {
    if (this.#ended) return;
    this.#duplex.end();
    this.#end(reason ?? new DOMException("The stream was aborted", "AbortError"));
  }

  #sending(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#duplex.destroyed || this.#duplex.writableEnded) {
      const ended = new ParleyError("NET_CLOSED", "Cannot write: the stream has ended");
      return Promise.reject(this.#events.toError(this.#duplex.errored ?? ended));
    }
    return new Promise<void>((resolve, reject) => {
      this.#rejectPending = reject;
      start((error) => {
        this.#rejectPending = null;
        if (error) reject(this.#events.toError(error));
        else resolve();
      });
    });
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onEnd(error);
  }
}
