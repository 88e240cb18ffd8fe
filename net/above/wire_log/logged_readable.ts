/** A readable side that shows each chunk to a log on its way. Reads only when it is read from, into the reader's own memory. */
import { hardened } from "../../../core/dictionary.ts";
import { toBufferSource } from "../../../core/webidl.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Reader = ReadableStreamDefaultReader<Bytes> | ReadableStreamBYOBReader;

/** A byte stream over another stream of bytes. */
export class LoggedReadable {
  /** The stream. */
  readonly stream: ReadableStream<Bytes>;
  readonly #inner: ReadableStream<Bytes>;
  readonly #log: (bytes: Bytes) => void;
  #controller!: ReadableByteStreamController;
  #reader: Reader;
  #readsIntoViews = false;
  /** Whether the inner stream is a byte stream: it fills views, and nobody else holds the memory of its chunks. */
  readonly #isByteStream: boolean;
  #reading = false;
  #ended = false;

  /**
   * @param inner The stream to read; locked until this one has ended or was released.
   * @param log Told of each chunk before its reader gets it. What it throws ends the stream.
   */
  constructor(inner: ReadableStream<Bytes>, log: (bytes: Bytes) => void) {
    this.#inner = inner;
    this.#log = log;
    this.#isByteStream = isByteStream(inner);
    this.#reader = this.#watch(inner.getReader());
    this.stream = new ReadableStream(
      hardened({
        type: "bytes" as const,
        start: (controller: ReadableByteStreamController) => void (this.#controller = controller),
        pull: () => this.#pull(),
        cancel: (reason: unknown) => this.#cancel(reason),
      }),
      hardened({ highWaterMark: 0 }),
    ) as ReadableStream<Bytes>;
  }

  /** Whether a read is under way, or bytes were read that nobody has taken. */
  get busy(): boolean {
    return !this.#ended && (this.#reading || (this.#controller.desiredSize ?? 0) < 0);
  }

  /** Gives the inner stream back. Only while not busy. */
  release(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(error);
    this.#end();
  }

  async #pull(): Promise<void> {
    try {
      const request = this.#controller.byobRequest;
      if (request !== null && this.#isByteStream) await this.#fill(request);
      else await this.#fetch();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #fetch(): Promise<void> {
    this.#reading = true;
    this.#readIntoViews(false);
    const { done, value } = await (this.#reader as ReadableStreamDefaultReader<Bytes>).read();
    this.#reading = false;
    if (this.#ended) return;
    if (done) return this.#finish();
    const bytes = this.#isByteStream ? value : toBufferSource(value, "Chunk").slice();
    this.#show(bytes);
    // Nothing may be enqueued that is empty; the stream would not ask again.
    if (bytes.byteLength === 0) return this.#fetch();
    this.#controller.enqueue(bytes);
  }

  /** Passes the view on, so that bytes go straight into it. */
  async #fill(request: ReadableStreamBYOBRequest): Promise<void> {
    this.#reading = true;
    this.#readIntoViews(true);
    const view = request.view as Bytes;
    const { byteOffset, buffer: { byteLength } } = view;
    const { done, value } = await (this.#reader as ReadableStreamBYOBReader).read(view);
    this.#reading = false;
    if (this.#ended) return;
    if (!done) {
      this.#show(value);
      return request.respondWithNewView(value);
    }
    this.#controller.close();
    request.respondWithNewView(value ?? new Uint8Array(new ArrayBuffer(byteLength), byteOffset, 0));
    this.#end();
  }

  #readIntoViews(wanted: boolean): void {
    if (this.#readsIntoViews === wanted) return;
    this.#readsIntoViews = wanted;
    this.#reader.releaseLock();
    this.#reader = this.#watch(wanted ? byobReader(this.#inner) : this.#inner.getReader());
  }

  /** An inner stream that ends while nobody reads ends this one. */
  #watch(reader: Reader): Reader {
    reader.closed.then(() => {
      if (reader === this.#reader && !this.#reading) this.#finish();
    }).catch((error) => {
      if (reader === this.#reader) this.#fail(error);
    });
    return reader;
  }

  #show(bytes: Bytes): void {
    try {
      this.#log(bytes);
    } catch (error) {
      void this.#reader.cancel(error).catch(() => {});
      this.#fail(error);
      throw error;
    }
  }

  async #cancel(reason: unknown): Promise<void> {
    this.#ended = true;
    try {
      await this.#reader.cancel(reason);
    } finally {
      this.#reader.releaseLock();
    }
  }

  #finish(): void {
    if (this.#ended) return;
    this.#controller.close();
    // A reader with a buffer may have come while this read was under way; a closing stream must answer it.
    this.#controller.byobRequest?.respond(0);
    this.#end();
  }

  #fail(error: unknown): void {
    if (this.#ended) return;
    this.#controller.error(error);
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#reader.releaseLock();
  }
}

function byobReader(stream: ReadableStream<Bytes>): ReadableStreamBYOBReader {
  return stream.getReader(hardened({ mode: "byob" as const }));
}

function isByteStream(stream: ReadableStream<Bytes>): boolean {
  try {
    byobReader(stream).releaseLock();
    return true;
  } catch {
    return false;
  }
}
