/** A client's reads: by chunks, into buffers, and now this and now that, with readers that are given up in the middle. */
import { SocketError } from "../../../net/faces/wintertc/mod.ts";
import type { Pace } from "./pace.ts";
import type { Scenario } from "./scenario.ts";
import type { Traffic } from "./traffic.ts";

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;
type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | ReadableStreamBYOBReader;
type Result = { readonly done: boolean; readonly value?: Uint8Array | undefined };

/** What reads work with. */
export interface ReadingInit {
  readonly stream: Stream;
  readonly traffic: Traffic;
  readonly pace: Pace;
  readonly style: Scenario["reading"];
  /** Whether an end of the stream is the far end's. */
  isOpen(): boolean;
}

const LARGEST_VIEW = 20_000;

/** The reading side of a client. */
export class Reading {
  readonly #init: ReadingInit;
  #reader: Reader | null = null;
  #mode: "chunks" | "byob" = "chunks";
  #givenUp = false;
  #stranded = false;
  #min = 1;
  /** How far it is: the end was read, it was cancelled, or a read failed. */
  state: "open" | "ended" | "cancelled" | "failed" = "open";

  /** @param init What it works with. */
  constructor(init: ReadingInit) {
    this.#init = init;
  }

  /**
   * Reads until the end, or until enough has come.
   *
   * @param enough Bytes in all.
   */
  async until(enough: number = Infinity): Promise<void> {
    const { traffic, pace } = this.#init;
    while (this.state === "open" && !this.#givenUp && traffic.received < enough) {
      await this.next(enough - traffic.received);
      await pace.idle();
    }
  }

  /**
   * Makes one read.
   *
   * @param most The most that a read into a buffer asks for.
   */
  async next(most: number): Promise<void> {
    const { traffic, pace, style } = this.#init;
    const drawn = style === "mixed" ? pace.random.pick(["chunks", "byob"] as const) : style;
    const read = this.#begin(this.#stranded ? "byob" : drawn, most);
    this.#stranded = false;
    const leaves = style === "mixed" && pace.random.chance(0.2);
    if (leaves) {
      // Whoever takes the failure comes later than it may happen.
      read.catch(() => {});
      await pace.moment();
      this.release();
    }
    try {
      const { value, done } = await read;
      if (value !== undefined) traffic.take(value);
      if (done && !this.#givenUp) {
        traffic.ended = this.#init.isOpen();
        this.state = "ended";
      }
    } catch (error) {
      if (isReleased(error) && (leaves || this.#givenUp)) {
        // What comes for a buffer that was given up goes to the next buffer at once, but to a reader of chunks only with
        // what comes after it: the Streams Standard has it so, on every runtime.
        this.#stranded = this.#mode === "byob";
        // And what a read that wants more (`min`) had got is gone with it, if the end comes next.
        if (this.#stranded && this.#min > 1) traffic.forfeited = true;
        return;
      }
      this.state = "failed";
      throw error;
    }
  }

  /** Unlocks the stream; a read under way is given up, and its bytes come with the next one. */
  release(): void {
    this.#reader?.releaseLock();
    this.#reader = null;
  }

  /** Stops reading for good, and unlocks the stream. */
  giveUp(): void {
    this.#givenUp = true;
    this.release();
  }

  /** Cancels the stream, by the reader or without one. */
  async cancel(reason: unknown): Promise<void> {
    this.#givenUp = true;
    if (this.#init.pace.random.chance(0.5)) this.release();
    await (this.#reader ?? this.#init.stream).cancel(reason);
    if (this.state === "open") this.state = "cancelled";
  }

  #begin(mode: "chunks" | "byob", most: number): Promise<Result> {
    const { stream, pace } = this.#init;
    if (mode !== this.#mode) this.release();
    this.#mode = mode;
    if (mode === "chunks") {
      this.#reader ??= stream.getReader();
      return (this.#reader as ReadableStreamDefaultReader<Uint8Array>).read();
    }
    this.#reader ??= stream.getReader({ mode: "byob" });
    const length = pace.size(Math.min(LARGEST_VIEW, most));
    const buffer = new ArrayBuffer(length + pace.random.integer(0, 9));
    const view = new Uint8Array(buffer, pace.random.integer(0, buffer.byteLength - length), length);
    this.#min = pace.random.chance(0.2) ? pace.random.integer(1, length) : 1;
    return (this.#reader as ReadableStreamBYOBReader).read(view, { min: this.#min });
  }
}

/** What a pending read rejects with when its reader lets go. A `SocketError` is a `TypeError`, too. */
function isReleased(error: unknown): boolean {
  return error instanceof TypeError && !(error instanceof SocketError);
}
