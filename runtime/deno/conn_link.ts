/**
 * A byte link over `Deno.Conn`: reads on demand straight into the reader's memory, never through `conn.readable`, whose
 * end closes the whole connection.
 */
import type { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { closedError } from "../_node/errors.ts";
import { checkView, socketAddress } from "../_node/tcp_link.ts";
import { denoNetError } from "./errors.ts";

/** Bytes that `readChunk` asks for at first. */
const MIN_CHUNK = 4 * 1024;
/** Most bytes that it asks for; more is no faster. */
const MAX_CHUNK = 128 * 1024;

/** A {@linkcode ByteLink} over a Deno connection. */
export class ConnLink implements ByteLink {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly bufferedBytes = 0;
  readonly #conn: Deno.TcpConn;
  #spare: Uint8Array<ArrayBuffer> | null = null;
  #chunkSize = MIN_CHUNK;
  #ended = false;
  #shutDown = false;
  #closed = false;

  /** @param conn An open connection. */
  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.remote = socketAddress(conn.remoteAddr.hostname, conn.remoteAddr.port);
    this.local = socketAddress(conn.localAddr.hostname, conn.localAddr.port);
  }

  /**
   * Reads into a view; see {@linkcode ByteLink.read}.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  async read(view: Uint8Array): Promise<number> {
    checkView(view);
    this.#requireOpen("read");
    if (this.#ended) return 0;
    try {
      const count = await this.#conn.read(view);
      this.#ended = count === null;
      return count ?? 0;
    } catch (error) {
      throw this.#translate(error, "read");
    }
  }

  /** Hands over the memory that was read into when it is at least half full; else a copy, and the memory is used again. */
  async readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    const memory = this.#spare ?? new Uint8Array(this.#chunkSize);
    this.#spare = memory;
    const count = await this.read(memory);
    if (count === 0) return null;
    if (count * 2 < memory.byteLength) return memory.slice(0, count);
    this.#spare = null;
    if (count === memory.byteLength) this.#chunkSize = Math.min(MAX_CHUNK, count * 2);
    return memory.subarray(0, count);
  }

  /**
   * Writes bytes; see {@linkcode ByteLink.write}.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed || this.#shutDown) return Promise.reject(closedError("write"));
    return this.#conn.write(bytes).then((sent) => {
      if (sent < bytes.byteLength) return this.write(bytes.subarray(sent));
    }, (error) => {
      throw this.#translate(error, "write");
    });
  }

  /**
   * Ends the writing direction; see {@linkcode ByteLink.closeWrite}.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  async closeWrite(): Promise<void> {
    if (this.#shutDown) return;
    this.#requireOpen("end the writing side");
    try {
      await this.#conn.closeWrite();
      this.#shutDown = true;
    } catch (error) {
      throw this.#translate(error, "end the writing side");
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // Already gone; closing never throws.
    }
  }

  /** Like `close`: Deno has no way to send RST (see the gap `resetSendsFin`). */
  reset(): void {
    this.close();
  }

  /** @throws {ParleyError} `NET_CLOSED` when the link is closed, or the direction. */
  #requireOpen(doing: string, ended = false): void {
    if (this.#closed || ended) throw closedError(doing);
  }

  /** Whatever the engine calls an operation that our own close interrupted, it is `NET_CLOSED`. */
  #translate(error: unknown, doing: string): ParleyError {
    return this.#closed ? closedError(doing) : denoNetError(error, doing);
  }
}
