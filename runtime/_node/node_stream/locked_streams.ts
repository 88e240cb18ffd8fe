/** The two web streams of a socket in the manner of a Node stream: callbacks, and one operation of each kind at a time. */
import { Buffer } from "node:buffer";
import type { StreamSocket } from "../../../net/above/node/port.ts";
import { toBufferSource } from "../../../core/webidl.ts";
import { socketClosedError, toNodeError } from "./node_socket_error.ts";

/** What a Node stream hands over to be told how an operation went. */
export type Done = (error?: Error | null) => void;

/** What the Node stream wants to know. Nothing is told after `release`. */
export interface StreamEvents {
  /** A chunk arrived: a Buffer over the memory that the readable gave. */
  onChunk(chunk: Uint8Array): void;
  /** The far end has finished. */
  onEnd(): void;
  /** A write went out. */
  onSent(): void;
  /** A direction broke. */
  onBroken(error: Error): void;
}

/** Small writes that waited together leave together; above this many bytes copying costs more than it saves. */
const JOIN_BYTES = 64 * 1024;

/** A socket whose streams are locked for one Node stream. */
export class LockedStreams {
  /** Bytes that were read. */
  bytesRead = 0;
  /** Bytes that the writable has taken. */
  bytesWritten = 0;
  readonly #socket: StreamSocket;
  readonly #events: StreamEvents;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<BufferSource>;
  #done: Done | null = null;
  #doneBytes = 0;
  #released = false;

  /**
   * @param socket The socket; nobody else may read from or write to it.
   * @param events Told what happens.
   * @throws {TypeError} when one of the streams is locked.
   */
  constructor(socket: StreamSocket, events: StreamEvents) {
    this.#socket = socket;
    this.#events = events;
    this.#reader = socket.readable.getReader();
    try {
      this.#writer = socket.writable.getWriter();
    } catch (error) {
      this.#reader.releaseLock();
      throw error;
    }
    // A socket that breaks while nothing is read or written says so all the same.
    this.#reader.closed.catch((error) => this.#broke(error, "read"));
    this.#writer.closed.catch((error) => this.#broke(error, "write"));
  }

  /** Reads one chunk. */
  read(): void {
    this.#reader.read().then(this.#onRead, this.#onReadFailed);
  }

  /** Writes a chunk. */
  write(chunk: Uint8Array, done: Done): void {
    this.#await(this.#writer.write(chunk as Uint8Array<ArrayBuffer>), { done, bytes: chunk.byteLength });
  }

  /** Writes several chunks: small ones as one. */
  writeAll(chunks: readonly Uint8Array[], done: Done): void {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    const parts = bytes <= JOIN_BYTES ? [Buffer.concat(chunks, bytes)] : chunks;
    let last: Promise<void> = Promise.resolve();
    for (const part of parts) {
      last = this.#writer.write(part as Uint8Array<ArrayBuffer>);
      // Once one has failed, all that follow fail.
      last.catch(ignore);
    }
    this.#await(last, { done, bytes });
  }

  /** Ends the writing direction. */
  end(done: Done): void {
    this.#await(this.#writer.close(), { done, bytes: 0 });
  }

  /**
   * Lets go of the streams and closes the socket. The operation under way is called back with an error at once.
   *
   * @param error Why, or null.
   */
  release(error: Error | null): void {
    if (this.#released) return;
    this.#released = true;
    const done = this.#done;
    this.#done = null;
    this.#reader.releaseLock();
    this.#writer.releaseLock();
    closeSocket(this.#socket, error ?? undefined);
    done?.(error ?? socketClosedError("write"));
  }

  #await(work: Promise<void>, { done, bytes }: { readonly done: Done; readonly bytes: number }): void {
    this.#done = done;
    this.#doneBytes = bytes;
    work.then(this.#onSent, this.#onSendFailed);
  }

  // Made once, not for every chunk.
  readonly #onRead = ({ done, value }: ReadableStreamReadResult<Uint8Array>): void => {
    if (this.#released) return;
    if (done) return this.#events.onEnd();
    try {
      const { buffer, byteOffset, byteLength } = toBufferSource(value, "Chunk");
      this.bytesRead += byteLength;
      value = Buffer.from(buffer, byteOffset, byteLength);
    } catch (error) {
      return this.#broke(error, "read");
    }
    this.#events.onChunk(value);
  };

  readonly #onReadFailed = (error: unknown): void => this.#broke(error, "read");

  readonly #onSent = (): void => {
    const done = this.#done;
    if (done === null) return;
    this.#done = null;
    this.bytesWritten += this.#doneBytes;
    this.#events.onSent();
    done();
  };

  readonly #onSendFailed = (error: unknown): void => {
    const done = this.#done;
    this.#done = null;
    done?.(toNodeError(error, "write"));
  };

  #broke(error: unknown, syscall: string): void {
    if (!this.#released) this.#events.onBroken(toNodeError(error, syscall));
  }
}

/**
 * Ends a socket whose streams nobody holds. What goes wrong on the way is of no interest to anyone any more.
 *
 * @param socket The socket.
 * @param reason What its streams are told where it has no `close` of its own.
 */
export function closeSocket(socket: StreamSocket, reason?: unknown): void {
  const breakOff = (): void => {
    socket.readable.cancel(reason).catch(ignore);
    socket.writable.abort(reason).catch(ignore);
  };
  if (typeof socket.close !== "function") return breakOff();
  try {
    Promise.resolve(socket.close()).catch(breakOff);
  } catch {
    breakOff();
  }
}

function ignore(): void {}
