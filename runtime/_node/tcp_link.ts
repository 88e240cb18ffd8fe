/**
 * A byte link over a stream of the `node:` modules: a `net.Socket`, or the `TLSSocket` that `tls.ts` makes.
 *
 * The stream must be open, half-open allowed, and nobody else may listen to its data. It runs in flowing mode into a
 * queue that pauses it, so what the system received but nobody read yet shows in `bufferedBytes`.
 */
import type { Duplex } from "node:stream";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { ChunkQueue, type ChunkSource, ownedChunk } from "./chunk_queue.ts";
import { closedError } from "./errors.ts";

/** What a stream does not say about itself. */
export interface StreamLinkOptions {
  /** The far end. */
  readonly remote: SocketAddress;
  /** This end. */
  readonly local: SocketAddress;
  /** Turns the stream's errors into Parley's. */
  readonly translate: (error: unknown, doing: string) => ParleyError;
  /** Breaks the connection off, with RST where that is possible. */
  readonly abort: () => void;
  /** What else to stop and start with the stream when the reader is slow. */
  readonly source?: ChunkSource;
  /** Waits until what the stream reported as written has really gone on; by default it has. */
  readonly flushed?: () => Promise<void>;
  /** Called when the stream has ended its writing side, for what the stream leaves out. */
  readonly afterEnd?: () => Promise<void>;
  /** Asked when the stream ends: an error if that end is not to be believed (TLS cut off). */
  readonly endFailure?: () => ParleyError | null;
  /** Called once when the link is closed, by whom ever. */
  readonly onClose?: () => void;
}

/**
 * The address as links report it: canonical text with its zone, IPv4-mapped IPv6 as IPv4.
 *
 * @param text What the runtime says; text that is no address is kept, so that the engine's check refuses it.
 * @param port Port number.
 */
export function socketAddress(text: string | undefined, port: number | undefined): SocketAddress {
  const address = parseIpAddress(text ?? "");
  if (address === null) return { address: text ?? "", port: port ?? 0 };
  return { address: addressText(address), port: port ?? 0 };
}

/** A literal address as the systems' calls want it, zone included. */
export function addressText({ text, zone }: IpAddress): string {
  return zone === null ? text : `${text}%${zone}`;
}

/** An address and a port for a message. */
export function endpointText(host: string, port: number): string {
  return `${host} port ${port}`;
}

/** A keep-alive delay as systems take it: whole seconds, at least one, in milliseconds. */
export function keepAliveMs(delayMs: number): number {
  return Math.max(1, Math.ceil(delayMs / 1000)) * 1000;
}

/**
 * Refuses an empty view, whose 0 would read as the end of the stream.
 *
 * @throws {RangeError} When it is empty.
 */
export function checkView(view: Uint8Array): void {
  if (view.byteLength === 0) throw new RangeError("Cannot read: the view is empty");
}

/** A {@linkcode ByteLink} over a Node stream. */
export class StreamLink implements ByteLink {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly #stream: Duplex;
  readonly #options: StreamLinkOptions;
  readonly #queue: ChunkQueue;
  #failure: ParleyError | null = null;
  #rejectPending: ((error: ParleyError) => void) | null = null;
  #closed = false;

  /**
   * @param stream An open stream.
   * @param options Addresses, and what the stream cannot say.
   */
  constructor(stream: Duplex, options: StreamLinkOptions) {
    this.#stream = stream;
    this.#options = options;
    this.remote = options.remote;
    this.local = options.local;
    const { source } = options;
    this.#queue = new ChunkQueue({
      pause: () => {
        source?.pause();
        stream.pause();
      },
      resume: () => {
        source?.resume();
        stream.resume();
      },
    });
    stream.on("error", (error) => this.#broke(options.translate(error, "go on with the connection")));
    stream.on("end", () => this.#endOfStream());
    stream.on("close", () => this.#streamClosed());
    stream.on("data", (chunk: Uint8Array) => this.#queue.push(ownedChunk(chunk)));
  }

  get bufferedBytes(): number {
    return this.#queue.bufferedBytes + (this.#closed ? 0 : this.#stream.readableLength);
  }

  async read(view: Uint8Array): Promise<number> {
    checkView(view);
    return await this.#queue.read(view);
  }

  readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    return this.#queue.readChunk();
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    if (bytes.byteLength === 0) return undefined;
    if (this.#options.flushed !== undefined || !this.#mayTry()) {
      return this.#sending("write", (done) => void this.#stream.write(bytes, done));
    }
    // The stream tries the system call at once. What is over by now needs no waiting for the callback, a turn later.
    let told: ((error?: Error | null) => void) | null = null;
    this.#stream.write(bytes, (error) => told?.(error));
    if (this.#stream.writableLength === 0 && this.#mayTry()) return undefined;
    return this.#sending("write", (done) => told = done);
  }

  async closeWrite(): Promise<void> {
    if (this.#stream.writableFinished) return;
    await this.#sending("end the writing side", (done) => void this.#stream.end(done));
    await this.#options.afterEnd?.();
  }

  close(): void {
    this.#shut(() => this.#stream.destroy());
  }

  reset(): void {
    this.#shut(() => this.#options.abort());
  }

  #mayTry(): boolean {
    return !this.#closed && this.#failure === null && !this.#stream.destroyed && !this.#stream.errored;
  }

  /** Runs one operation of the writing side; settles when the stream calls back, breaks, or is closed. */
  #sending(doing: string, start: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#closed) return Promise.reject(closedError(doing));
    if (this.#failure !== null) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#rejectPending = reject;
      start((error) => {
        if (error) reject(this.#failure ?? this.#options.translate(error, doing));
        else if (this.#options.flushed === undefined) resolve();
        else this.#options.flushed().then(resolve, reject);
      });
    });
  }

  #broke(error: ParleyError): void {
    if (this.#failure !== null || this.#closed) return;
    this.#failure = error;
    this.#queue.fail(error);
    this.#rejectPending?.(error);
  }

  #endOfStream(): void {
    const failure = this.#options.endFailure?.() ?? null;
    if (failure === null) this.#queue.end();
    else this.#broke(failure);
  }

  /** Both directions are done, or the stream went away without saying why. */
  #streamClosed(): void {
    if (this.#closed) return;
    if (!this.#queue.finished) this.#broke(gone());
    this.#rejectPending?.(this.#failure ?? gone());
    this.#options.onClose?.();
  }

  #shut(release: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    const error = closedError("use the connection");
    this.#queue.close(error);
    this.#rejectPending?.(error);
    try {
      release();
    } catch (cause) {
      // Closing never throws; a stream that cannot be broken off is destroyed.
      if (!isParleyError(cause)) this.#stream.destroy();
    }
    this.#options.onClose?.();
  }
}

function gone(): ParleyError {
  return new ParleyError("NET_RESET", "Cannot go on with the connection: it went away without an end");
}
