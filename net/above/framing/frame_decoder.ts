/**
 * The streams around a frame decoder: one frame a pull, and one ahead. A chunk with a million frames is decoded as they are
 * read, so no queue grows; and an error comes after every frame before it was read, where a TransformStream drops what is
 * still queued.
 */
import { onAbort } from "../../../core/abort.ts";
import { hardened } from "../../../core/dictionary.ts";
import { toBufferSource } from "../../../core/webidl.ts";

/** Cuts bytes into frames. Whatever it throws ends both streams. */
export interface FrameDecoder<Frame> {
  /** Gives it the next bytes. Those before are used up. They change no more until `next` gave undefined, but may then. */
  feed(bytes: Uint8Array<ArrayBuffer>): void;
  /** The next whole frame; undefined when the bytes are used up, the beginning of a frame being kept. */
  next(): Frame | undefined;
  /** The last frame where its end may be missing, else undefined. Called once, when all is over. */
  end(): Frame | undefined;
}

/** What the decoder made of the bytes so far: a frame, nothing whole, or an error. */
type Step<Frame> = { readonly frame: Frame | undefined } | { readonly error: unknown };

/** A write under way: its chunk is not used up yet. */
interface PendingWrite {
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/** Both sides of a decoder. */
export class FrameDecodingStreams<Frame> {
  /** Frames. Nothing is decoded until it is read from: its high-water mark is 0. */
  readonly readable: ReadableStream<Frame>;
  /** Bytes. A write is settled once the last frame that ends in it was handed on. */
  readonly writable: WritableStream<BufferSource>;
  readonly #decoder: FrameDecoder<Frame>;
  #frames!: ReadableStreamDefaultController<Frame>;
  #bytes!: WritableStreamDefaultController;
  #write: PendingWrite | null = null;
  /** What comes after the frame that was handed on last, while that is not "nothing whole". */
  #ahead: Step<Frame> | null = null;
  /** Ends the pull that waits for bytes. */
  #pulled: (() => void) | null = null;
  /** Ends the closing that waits until a frame before an error was read. */
  #drained: (() => void) | null = null;

  /** @param decoder What cuts the bytes. */
  constructor(decoder: FrameDecoder<Frame>) {
    this.#decoder = decoder;
    this.readable = new ReadableStream<Frame>(
      hardened({
        start: (controller: ReadableStreamDefaultController<Frame>) => void (this.#frames = controller),
        pull: () => this.#pull(),
        cancel: (reason: unknown) => this.#stop(reason),
      }),
      hardened({ highWaterMark: 0 }),
    );
    this.writable = new WritableStream<BufferSource>(
      hardened({
        start: (controller: WritableStreamDefaultController) => this.#begin(controller),
        write: (chunk: unknown) => this.#accept(chunk),
        close: () => this.#close(),
      }),
      hardened({ highWaterMark: 1 }),
    );
  }

  #begin(controller: WritableStreamDefaultController): void {
    this.#bytes = controller;
    // Heard at once, even while a write waits for a reader that never comes.
    onAbort(controller.signal, () => {
      this.#frames.error(controller.signal.reason);
      this.#release(controller.signal.reason);
    });
  }

  #accept(chunk: unknown): Promise<void> {
    try {
      this.#decoder.feed(toBufferSource(chunk, "Chunk"));
    } catch (error) {
      this.#frames.error(error);
      throw error;
    }
    return new Promise((resolve, reject) => {
      this.#write = { resolve, reject };
      if (this.#pulled !== null) this.#deliver();
    });
  }

  #pull(): Promise<void> | undefined {
    this.#drained?.();
    if (this.#write !== null && this.#deliver()) return undefined;
    return new Promise((resolve) => {
      this.#pulled = resolve;
    });
  }

  /** Whether the pull is over: a frame was handed on, or both streams failed. */
  #deliver(): boolean {
    const step = this.#ahead ?? this.#step();
    if ("error" in step) {
      this.#frames.error(step.error);
      this.#release(step.error);
      return true;
    }
    if (step.frame === undefined) return this.#settle();
    this.#frames.enqueue(step.frame);
    this.#pulled?.();
    this.#pulled = null;
    const ahead = this.#step();
    if ("error" in ahead || ahead.frame !== undefined) this.#ahead = ahead;
    else this.#settle();
    return true;
  }

  #step(): Step<Frame> {
    try {
      return { frame: this.#decoder.next() };
    } catch (error) {
      return { error };
    }
  }

  #settle(): false {
    this.#write?.resolve();
    this.#write = this.#ahead = null;
    return false;
  }

  async #close(): Promise<void> {
    try {
      const last = this.#decoder.end();
      if (last !== undefined) this.#frames.enqueue(last);
      this.#frames.close();
    } catch (error) {
      // A frame is still there if the read that asked for it was given up.
      if ((this.#frames.desiredSize ?? 0) < 0) await new Promise<void>((resolve) => this.#drained = resolve);
      this.#frames.error(error);
      throw error;
    } finally {
      this.#release(null);
    }
  }

  /** The reader wants no more. */
  #stop(reason: unknown): void {
    this.#bytes.error(reason);
    this.#release(reason);
  }

  #release(reason: unknown): void {
    this.#write?.reject(reason);
    this.#write = this.#ahead = null;
    this.#pulled?.();
    this.#drained?.();
    this.#pulled = this.#drained = null;
  }
}
