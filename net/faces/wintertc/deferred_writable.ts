/**
 * A stream that can be written to before there is a connection: a write waits until one is attached, and settles when the
 * system has taken it. Besides bytes it takes strings, as the specification's first example does (WT-20).
 */
import { onAbort } from "../../../core/abort.ts";
import { toBufferSource } from "../../../core/webidl.ts";
import { SocketError } from "./socket_error.ts";

type Writer = WritableStreamDefaultWriter<BufferSource>;

const encoder = new TextEncoder();
const { setTimeout } = globalThis;

/** A `WritableStream` of BufferSource and string chunks whose sink comes later. */
export class DeferredWritable {
  /** The stream. One chunk at a time. */
  readonly stream: WritableStream<BufferSource | string>;
  readonly #attached: PromiseWithResolvers<Writer> = Promise.withResolvers<Writer>();
  #controller!: WritableStreamDefaultController;
  #writer: Writer | null = null;
  #closing: Promise<void> | null = null;
  #writing = false;
  #finishing = false;
  #detached = false;
  #aborted = false;

  constructor() {
    this.#attached.promise.catch(() => {});
    this.stream = new WritableStream<BufferSource | string>({
      start: (controller) => {
        this.#controller = controller;
        // Without this an abort would wait for a write that nothing lets through.
        onAbort(controller.signal, () => this.#abandon(controller.signal.reason));
      },
      write: (chunk) => this.#write(chunk),
      close: () => this.#detached ? undefined : this.#close(),
      // The signal was heard, but only when there was something to abort.
      abort: (reason) => this.#abandon(reason),
    }, { highWaterMark: 1 });
  }

  /** Whether the script aborted the stream. */
  get aborted(): boolean {
    return this.#aborted;
  }

  /** Gives the stream its sink. A failure or abort that came before is passed on. */
  attach(sink: WritableStream<BufferSource>): void {
    this.#writer = sink.getWriter();
    this.#attached.resolve(this.#writer);
    if (this.#aborted) void this.#writer.abort(this.#controller.signal.reason).catch(() => {});
  }

  /** Breaks the stream off: pending and later writes reject with the error. */
  fail(error: unknown): void {
    this.#attached.reject(error);
    this.#controller.error(error);
  }

  /**
   * Ends the direction once everything is written that was handed over. A stream that is locked cannot be closed for its
   * owner: its writer can still close, and a later write fails.
   */
  finish(): void {
    this.#finishing = true;
    if (!this.stream.locked) void this.stream.close().catch(() => {});
    else this.#closeWhenIdle();
  }

  /**
   * Locks the stream for good. Only while it is unlocked.
   *
   * @returns Settles when everything that was handed over is written; the sink stays open.
   * @throws {SocketError} when that fails, or the stream had ended.
   */
  async detach(): Promise<void> {
    this.#detached = true;
    try {
      await this.stream.getWriter().close();
    } catch (error) {
      if (error instanceof SocketError) throw error;
      throw new SocketError("Cannot start TLS: the writable has ended", { cause: error });
    }
  }

  /** Unlocks the sink, for whoever has it next. */
  release(): void {
    this.#writer?.releaseLock();
  }

  async #write(chunk: unknown): Promise<void> {
    this.#writing = true;
    try {
      if (this.#finishing && this.#closing !== null) {
        throw new SocketError("Cannot write: the other side has ended the connection");
      }
      const bytes = this.#bytes(chunk);
      const writer = this.#writer ?? await this.#attached.promise;
      await writer.write(bytes);
    } finally {
      this.#writing = false;
      if (this.#finishing) this.#closeWhenIdle();
    }
  }

  #bytes(chunk: unknown): Uint8Array<ArrayBuffer> {
    if (typeof chunk === "string") return encoder.encode(chunk);
    try {
      return toBufferSource(chunk, "Chunk");
    } catch (error) {
      // The stream is broken now; what was written before still arrives.
      void this.#close().catch(() => {});
      throw error;
    }
  }

  /**
   * A stream does not tell whether chunks wait in it, but hands the next one over within the same turn of the event loop. (A
   * size function would see them; Node 24 fails with an internal assertion on a write after close where there is one.)
   */
  #closeWhenIdle(): void {
    if (this.#writing || this.#closing !== null) return;
    setTimeout(() => {
      if (!this.#writing) void this.#close().catch(() => {});
    }, 0);
  }

  /** Sends FIN after what was written; once, whoever asks for it. */
  #close(): Promise<void> {
    this.#closing ??= this.#attached.promise.then((writer) => writer.close());
    return this.#closing;
  }

  #abandon(reason: unknown): void {
    this.#aborted = true;
    this.#attached.reject(reason);
    void this.#writer?.abort(reason).catch(() => {});
  }
}
