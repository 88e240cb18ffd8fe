/** The writable side of a connection: `ready` waits until the system has taken what was written before (NET-03). */
import { onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import { toBufferSource } from "../../core/webidl.ts";
import type { ByteLink } from "../port.ts";
import type { Counters } from "./inventory.ts";

/** What the connection wants to know of its writable side. */
export interface WritableHalfEvents {
  /** Where bytes are counted. */
  readonly counters: Counters;
  /** Sends a copy of each chunk: what the script does to its memory meanwhile changes nothing. */
  readonly copyWrites: boolean;
  /** Translates a failure into what the face throws. */
  toFaceError(error: unknown): unknown;
  /** The stream ended: null after a graceful close, else why. Called once. */
  onEnd(error: unknown): void;
}

/** A `WritableStream` of BufferSource chunks over a link. */
export class WritableHalf {
  /** The stream. One chunk at a time; a chunk is accepted when the system has taken it. */
  readonly stream: WritableStream<BufferSource>;
  readonly #link: ByteLink;
  readonly #events: WritableHalfEvents;
  #controller!: WritableStreamDefaultController;
  #rejectWrite: ((reason: unknown) => void) | null = null;
  #failure: { readonly faceError: unknown } | null = null;
  #ended = false;

  /**
   * @param link Where bytes go.
   * @param events Told of the end.
   */
  constructor(link: ByteLink, events: WritableHalfEvents) {
    this.#link = link;
    this.#events = events;
    this.stream = new WritableStream<BufferSource>({
      start: (controller) => {
        this.#controller = controller;
        // Without this an abort would wait for a write that the peer never lets through.
        onAbort(controller.signal, () => this.#rejectWrite?.(controller.signal.reason));
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

  /** Whether a write is under way. */
  get writing(): boolean {
    return this.#rejectWrite !== null;
  }

  /** Ends the stream from outside: the pending and later writes reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    const faceError = this.#events.toFaceError(error);
    this.#failure = { faceError };
    this.#controller.error(faceError);
    this.#rejectWrite?.(faceError);
    this.#end(error);
  }

  /** Gives the link up for an upgrade, without telling anyone. The stream is unusable from then on. */
  detach(error: unknown): void {
    this.#ended = true;
    this.#controller.error(error);
  }

  #write(chunk: unknown): Promise<void> | undefined {
    let bytes: Uint8Array;
    try {
      bytes = toBufferSource(chunk, "Chunk");
      if (this.#events.copyWrites) bytes = bytes.slice();
    } catch (error) {
      this.#end(error);
      void this.#link.closeWrite().catch(() => {});
      throw error;
    }
    const written = bytes.byteLength === 0 ? undefined : this.#link.write(bytes);
    if (written !== undefined) return this.#settled(written, bytes.byteLength);
    this.#events.counters.bytesSent += bytes.byteLength;
  }

  /** As the link's promise, but an abort need not wait for it. */
  #settled(written: Promise<void>, length: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#rejectWrite = reject;
      written.then(() => {
        this.#rejectWrite = null;
        this.#events.counters.bytesSent += length;
        resolve();
      }, (error) => {
        this.#rejectWrite = null;
        reject(this.#events.toFaceError(error));
        this.#end(error);
      });
    });
  }

  async #close(): Promise<void> {
    try {
      await this.#link.closeWrite();
      this.#end(null);
    } catch (error) {
      this.#end(error);
      // A close under way fails because of what ended the stream, not because the link is closed then.
      throw this.#failure === null ? this.#events.toFaceError(error) : this.#failure.faceError;
    }
  }

  /** Drops what was not sent and ends this direction; the other goes on (DS-34). */
  #abort(reason: unknown): void {
    if (this.#ended) return;
    void this.#link.closeWrite().catch(() => {});
    this.#end(reason ?? new ParleyError("NET_ABORTED", "Cannot write: the stream was aborted"));
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onEnd(error);
  }
}
