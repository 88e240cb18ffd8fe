/** A writable side that shows each chunk to a log on its way. A write is settled when the inner stream has settled it. */
import { onAbort } from "../../../core/abort.ts";
import { hardened } from "../../../core/dictionary.ts";
import { toBufferSource } from "../../../core/webidl.ts";

/** A stream of bytes into another. */
export class LoggedWritable {
  /** The stream. */
  readonly stream: WritableStream<BufferSource>;
  readonly #log: (bytes: Uint8Array<ArrayBuffer>) => void;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  #controller!: WritableStreamDefaultController;
  #aborted: Promise<void> | null = null;
  #writing = false;
  #ended = false;

  /**
   * @param inner The stream to write to; locked until this one has ended or was released.
   * @param log Told of each chunk before the inner stream gets it. What it throws aborts both.
   */
  constructor(inner: WritableStream<BufferSource>, log: (bytes: Uint8Array<ArrayBuffer>) => void) {
    this.#log = log;
    this.#writer = inner.getWriter();
    this.stream = new WritableStream<BufferSource>(
      hardened({
        start: (controller: WritableStreamDefaultController) => this.#begin(controller),
        write: (chunk: unknown) => this.#write(chunk),
        close: () => this.#close(),
        abort: (reason: unknown) => this.#abort(reason),
      }),
      hardened({ highWaterMark: 1 }),
    );
    this.#writer.closed.then(() => this.#end(), (error) => {
      if (!this.#ended) this.#controller.error(error);
      this.#end();
    });
  }

  /** Whether a write or the closing is under way. */
  get busy(): boolean {
    return !this.#ended && this.#writing;
  }

  /** Gives the inner stream back. Only while not busy. */
  release(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(error);
    this.#end();
  }

  #begin(controller: WritableStreamDefaultController): void {
    this.#controller = controller;
    // Passed on at once: the inner write that is under way may never end otherwise.
    onAbort(controller.signal, () => void this.#abort(controller.signal.reason).catch(() => {}));
  }

  async #write(chunk: unknown): Promise<void> {
    this.#writing = true;
    try {
      // The bytes that are logged are the bytes that are sent.
      const bytes = toBufferSource(chunk, "Chunk");
      this.#log(bytes);
      await this.#writer.write(bytes);
    } catch (error) {
      void this.#abort(error).catch(() => {});
      throw error;
    } finally {
      this.#writing = false;
    }
  }

  async #close(): Promise<void> {
    this.#writing = true;
    try {
      await this.#writer.close();
    } finally {
      this.#writing = false;
    }
  }

  #abort(reason: unknown): Promise<void> {
    this.#aborted ??= this.#ended ? Promise.resolve() : this.#writer.abort(reason).finally(() => this.#end());
    return this.#aborted;
  }

  #end(): void {
    this.#ended = true;
    this.#writer.releaseLock();
  }
}
