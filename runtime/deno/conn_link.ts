/**
 * A byte link over `Deno.Conn`: reads on demand straight into the reader's memory, never through `conn.readable`, whose
 * end closes the whole connection.
 */
import type { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import { closedError } from "../_node/errors.ts";
import { checkView, socketAddress } from "../_node/tcp_link.ts";
import { denoNetError } from "./errors.ts";

/** Smallest buffer that `readChunk` offers the system. */
const MIN_CHUNK = 4 * 1024;
/** Largest buffer; beyond it a larger one is no faster. */
const MAX_CHUNK = 256 * 1024;

/** A {@linkcode ByteLink} over a Deno connection. */
export class ConnLink implements ByteLink {
  readonly remote: SocketAddress;
  readonly local: SocketAddress;
  readonly bufferedBytes = 0;
  readonly #conn: Deno.TcpConn;
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

  async read(view: Uint8Array): Promise<number> {
    checkView(view);
    if (this.#ended && !this.#closed) return 0;
    const count = await this.#native("read", () => this.#conn.read(view));
    this.#ended = count === null;
    return count ?? 0;
  }

  async readChunk(): Promise<Uint8Array<ArrayBuffer> | null> {
    const buffer = new Uint8Array(this.#chunkSize);
    const count = await this.read(buffer);
    // The next buffer follows what arrives: twice as large after a full one, half after one not a quarter full.
    if (count === buffer.byteLength) this.#chunkSize = Math.min(MAX_CHUNK, buffer.byteLength * 2);
    else if (count < buffer.byteLength / 4) this.#chunkSize = Math.max(MIN_CHUNK, buffer.byteLength / 2);
    return count === 0 ? null : buffer.subarray(0, count);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#shutDown && !this.#closed) throw closedError("write");
    for (let sent = 0; sent < bytes.byteLength;) {
      const rest = sent === 0 ? bytes : bytes.subarray(sent);
      sent += await this.#native("write", () => this.#conn.write(rest));
    }
  }

  async closeWrite(): Promise<void> {
    if (this.#shutDown) return;
    await this.#native("end the writing side", () => this.#conn.closeWrite());
    this.#shutDown = true;
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

  async #native<T>(doing: string, call: () => Promise<T>): Promise<T> {
    if (this.#closed) throw closedError(doing);
    try {
      return await call();
    } catch (error) {
      throw this.#translate(error, doing);
    }
  }

  /** Whatever the engine calls an operation that our own close interrupted, it is `NET_CLOSED`. */
  #translate(error: unknown, doing: string): ParleyError {
    return this.#closed ? closedError(doing) : denoNetError(error, doing);
  }
}
