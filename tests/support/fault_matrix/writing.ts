/** A client's writes: one by one or several at once, and what was said of each. */
import type { Pace } from "./pace.ts";
import type { Traffic } from "./traffic.ts";

/** What writes work with. */
export interface WritingInit {
  readonly stream: WritableStream<BufferSource>;
  readonly traffic: Traffic;
  readonly pace: Pace;
  /** Whether the script may change a chunk that was written (DS-31). */
  readonly copied: boolean;
}

/** The writing side of a client. */
export class Writing {
  readonly #init: WritingInit;
  readonly #pending: Promise<void>[] = [];
  #writer: WritableStreamDefaultWriter<BufferSource>;
  #stopped = false;
  /** How far it is: closed, aborted, or a write failed. */
  state: "open" | "closed" | "aborted" | "failed" = "open";

  /** @param init What it works with. The stream is locked at once. */
  constructor(init: WritingInit) {
    this.#init = init;
    this.#writer = this.#lock();
  }

  /**
   * Writes until so many bytes are handed over in all, and have been taken.
   *
   * @param bytes In all.
   */
  async until(bytes: number): Promise<void> {
    const { traffic, pace } = this.#init;
    while (traffic.sent < bytes && !this.#stopped) {
      const chunk = traffic.next(pace.random.chance(0.03) ? 0 : pace.size(bytes - traffic.sent));
      const alone = pace.random.chance(0.6);
      if (alone) await this.settle();
      this.#write(chunk, alone);
      if (alone) await this.settle();
      await pace.idle();
    }
    await this.settle();
  }

  /** Waits for the writes under way. */
  async settle(): Promise<void> {
    while (this.#pending.length > 0) await this.#noted(this.#pending.shift() as Promise<void>);
  }

  /** Ends the direction in order. */
  async close(): Promise<void> {
    if (this.#stopped) return;
    await this.#noted(this.#writer.close());
    this.#init.traffic.finished = true;
    this.state = "closed";
  }

  /** Aborts the stream, by the writer or without one. */
  async abort(reason: unknown): Promise<void> {
    this.#stopped = true;
    const { stream, pace } = this.#init;
    if (pace.random.chance(0.5)) await this.#writer.abort(reason);
    else {
      this.#writer.releaseLock();
      await stream.abort(reason);
    }
    this.state = "aborted";
  }

  /** Unlocks the stream; what is under way goes on. */
  release(): void {
    this.#writer.releaseLock();
  }

  /** Stops writing for good, and unlocks the stream. */
  giveUp(): void {
    this.#stopped = true;
    this.release();
  }

  #lock(): WritableStreamDefaultWriter<BufferSource> {
    const writer = this.#init.stream.getWriter();
    // The writes tell what there is to tell.
    writer.closed.catch(() => {});
    return writer;
  }

  async #noted(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (this.state === "open") this.state = "failed";
      throw error;
    }
  }

  #write(chunk: Uint8Array<ArrayBuffer>, alone: boolean): void {
    const { length } = chunk;
    // Some view of it, of some kind.
    const form = this.#init.pace.random.pick<(bytes: Uint8Array<ArrayBuffer>) => BufferSource>([
      (bytes) => bytes,
      ({ buffer }) => buffer,
      ({ buffer, byteOffset, byteLength }) => new DataView(buffer, byteOffset, byteLength),
    ]);
    const written = this.#writer.write(form(chunk)).then(() => void (this.#init.traffic.accepted += length));
    if (alone && this.#init.copied) chunk.fill(0);
    // Settled by whoever waits for it, perhaps later than it fails.
    written.catch(() => {});
    this.#pending.push(written);
  }
}
