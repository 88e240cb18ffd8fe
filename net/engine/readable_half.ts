/** The readable side of a connection: a byte stream that reads from the link only when somebody reads from it (NET-03). */
import type { ByteLink } from "../port.ts";
import type { Counters } from "./inventory.ts";

/** What the connection wants to know of its readable side. */
export interface ReadableHalfEvents {
  /** Where bytes are counted. */
  readonly counters: Counters;
  /** Translates a failure into what the face throws. */
  toFaceError(error: unknown): unknown;
  /** The stream ended: null at the end of the data or after cancel, else the link's error. Called once. */
  onEnd(error: unknown): void;
}

/** A `ReadableStream` of type `"bytes"` over a link. */
export class ReadableHalf {
  /** The stream. Nothing is read ahead: its high-water mark is 0. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #link: ByteLink;
  readonly #events: ReadableHalfEvents;
  #controller!: ReadableByteStreamController;
  #reading = false;
  #ended = false;

  /**
   * @param link Where bytes come from.
   * @param events Told of the end.
   */
  constructor(link: ByteLink, events: ReadableHalfEvents) {
    this.#link = link;
    this.#events = events;
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.#pull(controller),
      cancel: () => this.#end(null),
    }, { highWaterMark: 0 }) as ReadableStream<Uint8Array<ArrayBuffer>>;
  }

  /** Whether the side is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a read is under way whose bytes nobody has seen yet. */
  get reading(): boolean {
    return this.#reading;
  }

  /** Bytes read from the link that the script has not taken. With a high-water mark of 0, the stream's shortfall. */
  get queuedBytes(): number {
    return this.#ended ? 0 : -(this.#controller.desiredSize ?? 0);
  }

  /** Ends the stream from outside: pending and later reads reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(this.#events.toFaceError(error));
    this.#end(error);
  }

  /** Gives the link up for an upgrade, without telling anyone. The stream is unusable from then on. */
  detach(error: unknown): void {
    this.#ended = true;
    this.#controller.error(error);
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    this.#reading = true;
    try {
      let request = controller.byobRequest;
      // A buffer that waits for more than it got (`min`) is served to its end: if its reader goes, nobody else would pull.
      do {
        if (request === null) this.#deliver(controller, await this.#link.readChunk());
        else this.#answer(controller, { request, length: await this.#link.read(request.view as Uint8Array) });
        request = this.#ended ? null : controller.byobRequest;
      } while (request !== null);
    } catch (error) {
      this.fail(error);
    } finally {
      this.#reading = false;
    }
  }

  #deliver(controller: ReadableByteStreamController, chunk: Uint8Array<ArrayBuffer> | null): void {
    if (this.#ended) return;
    if (chunk !== null) {
      this.#events.counters.bytesReceived += chunk.byteLength;
      return controller.enqueue(chunk);
    }
    controller.close();
    // A reader with a buffer may have come while this read was under way; a closing stream must answer it.
    controller.byobRequest?.respond(0);
    this.#end(null);
  }

  #answer(
    controller: ReadableByteStreamController,
    { request, length }: { readonly request: ReadableStreamBYOBRequest; readonly length: number },
  ): void {
    if (this.#ended) return;
    if (length > 0) {
      this.#events.counters.bytesReceived += length;
      return request.respond(length);
    }
    controller.close();
    request.respond(0);
    this.#end(null);
  }

  #end(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#events.onEnd(error);
  }
}
