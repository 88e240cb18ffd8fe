/**
 * A byte stream that can be read from before there is a connection: a read waits until one is attached, and is then one
 * read of the connection's own stream. Nothing is read ahead or copied: a buffer that a BYOB reader brings is lent on to
 * the connection and comes back filled.
 */

/** What the socket wants to know of its readable side. */
export interface DeferredReadableEvents {
  /** The far end has finished, and the script has read so far. Called at most once. */
  onFinished(): void;
  /** A read of the connection failed. Called at most once, and not after `onFinished`. */
  onFailed(error: unknown): void;
}

type Source = ReadableStream<Uint8Array<ArrayBuffer>>;

/** The most that is read at once where a buffer cannot be lent on. */
const COPY_BYTES = 64 * 1024;

/** The buffer of a BYOB request that the connection has at the moment. */
interface Loan {
  readonly bufferLength: number;
  readonly byteOffset: number;
}

/** A `ReadableStream` of type `"bytes"` whose source comes later. */
export class DeferredReadable {
  /** The stream. Its high-water mark is 0, so that the far end feels how fast the script reads. */
  readonly stream: Source;
  /** Settles when the read under way is over, and all are told of what it found. Never rejects. */
  pulled: Promise<void> = Promise.resolve();
  readonly #events: DeferredReadableEvents;
  readonly #attached: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  #controller!: ReadableByteStreamController;
  #source: Source | null = null;
  #byteReader: ReadableStreamBYOBReader | null = null;
  #chunkReader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | null = null;
  #loan: Loan | null = null;
  /** Whether the buffer at hand holds bytes already, and its reader waits for more. */
  #partial = false;
  #reading = false;
  #ended = false;
  #cancelled = false;

  /** @param events Told of the end. */
  constructor(events: DeferredReadableEvents) {
    this.#events = events;
    this.stream = new ReadableStream({
      type: "bytes",
      start: (controller) => {
        this.#controller = controller;
      },
      pull: (controller) => this.pulled = this.#pull(controller),
      cancel: (reason) => this.#cancel(reason),
    }, { highWaterMark: 0 }) as Source;
  }

  /** Whether the side is over. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Whether a read is under way whose bytes nobody has seen yet. */
  get reading(): boolean {
    return !this.#ended && (this.#reading || this.#partial);
  }

  /** Bytes that were read from the connection and not taken by the script. */
  get queuedBytes(): number {
    return -(this.#controller.desiredSize ?? 0);
  }

  /** Gives the stream its source. A cancel that came before is passed on. */
  attach(source: Source): void {
    this.#source = source;
    this.#attached.resolve();
    if (this.#cancelled) void source.cancel().catch(() => {});
  }

  /** Ends the stream as a cancel by its owner would, locked or not: pending and later reads find its end. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#attached.resolve();
    this.#close(null);
  }

  /** Breaks the stream off: pending and later reads reject with the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#attached.resolve();
    this.#controller.error(error);
  }

  /** Lets go of the source and locks the stream for good. Only while it is unlocked and no read is under way. */
  detach(): void {
    this.#ended = true;
    void this.stream.getReader().cancel().catch(() => {});
  }

  /** Unlocks the source, for whoever has it next. */
  release(): void {
    this.#byteReader?.releaseLock();
    this.#chunkReader?.releaseLock();
    this.#byteReader = this.#chunkReader = null;
  }

  async #pull(controller: ReadableByteStreamController): Promise<void> {
    this.#reading = true;
    try {
      if (this.#source === null) await this.#attached.promise;
      if (this.#ended || this.#source === null) return;
      let request = controller.byobRequest;
      // A buffer that waits for more than it got (`min`) is served to its end: if its reader goes, nobody else would pull.
      do {
        this.#reading = true;
        if (request === null) await this.#deliver(this.#source);
        else await this.#fill(this.#source, request);
        request = this.#ended ? null : controller.byobRequest;
      } while (request !== null);
    } catch (error) {
      if (this.#ended) return;
      this.fail(error);
      this.#events.onFailed(error);
    } finally {
      this.#reading = false;
    }
  }

  async #deliver(source: Source): Promise<void> {
    if (this.#chunkReader === null) this.release();
    this.#chunkReader ??= source.getReader();
    const { value, done } = await this.#chunkReader.read();
    // Before anybody hears of it: who has the bytes may upgrade at once.
    this.#reading = false;
    if (this.#ended) return;
    if (done) return this.#finish(null);
    this.#controller.enqueue(value);
    this.#partial = this.#controller.byobRequest !== null;
  }

  async #fill(source: Source, request: ReadableStreamBYOBRequest): Promise<void> {
    if (this.#byteReader === null) this.release();
    this.#byteReader ??= source.getReader({ mode: "byob" });
    const view = request.view as Uint8Array<ArrayBuffer>;
    if (this.#partial) return await this.#copy(this.#byteReader, { request, view });
    this.#loan = { bufferLength: view.buffer.byteLength, byteOffset: view.byteOffset };
    const { value, done } = await this.#byteReader.read(view);
    this.#reading = false;
    if (this.#ended) return;
    if (done) return this.#finish(value ?? null);
    this.#loan = null;
    request.respondWithNewView(value);
    this.#partial = this.#controller.byobRequest !== null;
  }

  /** Fills a buffer that holds bytes already (a read with `min`): lent on, it would be lost with them if the socket closed. */
  async #copy(
    reader: ReadableStreamBYOBReader,
    { request, view }: { readonly request: ReadableStreamBYOBRequest; readonly view: Uint8Array },
  ): Promise<void> {
    const { value, done } = await reader.read(new Uint8Array(Math.min(view.byteLength, COPY_BYTES)));
    this.#reading = false;
    if (this.#ended) return;
    if (done) return this.#finish(null);
    view.set(value);
    request.respond(value.byteLength);
    this.#partial = this.#controller.byobRequest !== null;
  }

  #finish(returned: Uint8Array<ArrayBuffer> | null): void {
    this.#ended = true;
    this.#close(returned);
    this.#events.onFinished();
  }

  /** Closes the stream; a reader that waits with a buffer must be answered. */
  #close(returned: Uint8Array<ArrayBuffer> | null): void {
    this.#controller.close();
    const request = this.#controller.byobRequest;
    if (request === null) return;
    if (this.#loan === null) return request.respond(0);
    // The answer must have a buffer of the size that was lent; where the lent one is lost with its read, another serves.
    const { bufferLength, byteOffset } = this.#loan;
    request.respondWithNewView(returned ?? new Uint8Array(new ArrayBuffer(bufferLength), byteOffset, 0));
  }

  #cancel(reason: unknown): void {
    if (this.#ended) return;
    this.#ended = this.#cancelled = true;
    this.#attached.resolve();
    void (this.#byteReader ?? this.#chunkReader ?? this.#source)?.cancel(reason).catch(() => {});
  }
}
