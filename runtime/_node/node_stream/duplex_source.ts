/** The readable side of a Node stream as a byte stream. Reads nothing ahead beyond what the Node stream itself buffers. */
import type { Duplex } from "node:stream";

/** What the pair of streams wants to know of a side. */
export interface SideEvents {
  /** The side ended: null in order, else why. Called once. */
  onEnd(error: unknown): void;
}

/** A `ReadableStream` of type `"bytes"` over a Node stream. */
export class DuplexSource {
  /** The stream. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #duplex: Duplex;
  readonly #events: SideEvents;
  #controller!: ReadableByteStreamController;
  #waiter: PromiseWithResolvers<void> | null = null;
  #listening = false;
  #ended = false;

  /**
   * @param duplex Where bytes come from; nobody else may read from it.
   * @param events Told of the end.
   */
  constructor(duplex: Duplex, events: SideEvents) {
    this.#duplex = duplex;
    this.#events = events;
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#pull(),
      cancel: () => this.#end(null),
    }, { highWaterMark: 0 }) as ReadableStream<Uint8Array<ArrayBuffer>>;
    // At once, before any promise: on Node the stream's own close follows sooner than that.
    duplex.on("end", () => this.#close());
  }

  /** Whether the side is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Ends the stream from outside: pending and later reads reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(error);
    this.#end(error);
  }

  async #pull(): Promise<void> {
    this.#listen();
    while (!this.#ended && !this.#take()) {
      if (this.#duplex.readableEnded) return this.#close();
      this.#waiter = Promise.withResolvers<void>();
      await this.#waiter.promise;
    }
  }

  /** Only a stream that is read from is listened to: that alone makes it fill its buffer. */
  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#duplex.on("readable", () => this.#wake());
  }

  /** Hands on what the Node stream has buffered: copied, since who wrote it there may still use that memory. */
  #take(): boolean {
    const request = this.#controller.byobRequest;
    const { readableLength } = this.#duplex;
    const view = request?.view as Uint8Array | null | undefined;
    const limit = view === null || view === undefined ? readableLength : Math.min(view.byteLength, readableLength);
    // With nothing there, asking makes the stream read, or notice its end.
    const chunk: Uint8Array | null = limit === 0 ? this.#duplex.read(0) : this.#duplex.read(limit);
    if (chunk === null || chunk.byteLength === 0) return false;
    if (request === null || view === null || view === undefined) {
      this.#controller.enqueue(new Uint8Array(chunk));
    } else {
      view.set(chunk);
      request.respond(chunk.byteLength);
    }
    return true;
  }

  #close(): void {
    if (this.#ended) return;
    this.#controller.close();
    // A reader that waits with a buffer must be answered.
    this.#controller.byobRequest?.respond(0);
    this.#end(null);
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#wake();
    this.#events.onEnd(error);
  }

  #wake(): void {
    this.#waiter?.resolve();
    this.#waiter = null;
  }
}
