/** `TCPSocket` of the Raw Sockets explainer, with the later drafts' `closed` and byte streams, and TLS (NET-06). */
import { isParleyError } from "../../../core/errors.ts";
import { promised } from "../../../core/promised.ts";
import { defineInterface } from "../../../core/webidl.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import type { TlsInfo } from "../../engine/tls_handshake.ts";
import { requireApprovedTls } from "../../approved_tls.ts";
import { type TLSOptions, type TlsRequest, tlsTerms, toTlsRequest } from "../../tls_options.ts";

/** What `openTCPSocket` puts into a socket. */
export interface TcpSocketInit {
  /** The connection. */
  readonly connection: TcpConnection;
  /** TLS options given on open. */
  readonly tls: TlsRequest;
  /** Milliseconds for a handshake. */
  readonly handshakeTimeoutMs: number;
  /** Makes a signal that fires after the given time, and the way to stop it. */
  timeout(delayMs: number): { readonly signal: AbortSignal; cancel(): void };
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

const MINT: unique symbol = Symbol("mint");

/**
 * An open TCP connection. Made by {@linkcode openTCPSocket} only.
 *
 * @example Writing a line and reading the answer
 * ```ts
 * import { openTCPSocket } from "@parley/parley";
 * import assert from "node:assert/strict";
 *
 * await using socket = await openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * const writer = socket.writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * const { value } = await socket.readable.getReader().read();
 * assert.equal(new TextDecoder().decode(value), "hello");
 * ```
 */
export class TCPSocket {
  readonly #init: TcpSocketInit;

  /**
   * Not for scripts: sockets come from `openTCPSocket`.
   *
   * @throws {TypeError} always.
   */
  constructor(token: symbol | null = null, init: TcpSocketInit | null = null) {
    if (token !== MINT || init === null) throw new TypeError("Illegal constructor");
    this.#init = init;
  }

  /** IP address of the far end. */
  get remoteAddress(): string {
    return this.#init.connection.remote.address;
  }

  /** Port of the far end. */
  get remotePort(): number {
    return this.#init.connection.remote.port;
  }

  /** IP address of this end. */
  get localAddress(): string {
    return this.#init.connection.local.address;
  }

  /** Port of this end. */
  get localPort(): number {
    return this.#init.connection.local.port;
  }

  /** Bytes from the far end; a byte stream, so `getReader({ mode: "byob" })` works. Ends when the far end has finished. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#init.connection.readable;
  }

  /** Bytes to the far end. A write settles when the system has taken it; closing ends this direction only. */
  get writable(): WritableStream<BufferSource> {
    return this.#init.connection.writable;
  }

  /** Settles when both directions have ended; rejects with a `NetworkError` when the connection broke. */
  get closed(): Promise<void> {
    return promised(() => this.#init.connection.closed);
  }

  /** What is known of the encryption: protocol, ALPN, who checked, the certificates. Null for plaintext. */
  get tlsInfo(): TlsInfo | null {
    return this.#init.connection.tls;
  }

  /**
   * Closes both directions and releases the descriptor.
   *
   * @returns Settles as `closed` does.
   * @throws {DOMException} `InvalidStateError` when a stream is locked; nothing is closed then.
   */
  async close(): Promise<void> {
    const { connection } = this.#init;
    if (connection.locked) throw new DOMException("Cannot close the socket: a stream is locked", "InvalidStateError");
    await connection.close();
  }

  /**
   * Upgrades the connection to TLS, as after STARTTLS. This socket is spent; go on with the one returned.
   *
   * @param options How to verify and what to offer; those given on open when omitted. They are part of what the operator
   * approved: others than on open, or a `ca`, another `serverName` or a client certificate where none was announced, are
   * refused.
   * @returns The encrypted socket. Its certificate is verified.
   * @throws {TypeError} for options of a wrong type.
   * @throws {DOMException} `InvalidStateError` when a stream is locked or a direction has ended; `NotAllowedError` for
   * terms that were not approved; `NetworkError` when the handshake or the verification fails, or plaintext had arrived
   * before it. The connection is closed after the last two.
   */
  async startTls(options: TLSOptions | undefined = undefined): Promise<TCPSocket> {
    const { connection, toFaceError, handshakeTimeoutMs } = this.#init;
    const request = options === undefined ? this.#init.tls : toTlsRequest(options);
    const timer = this.#init.timeout(handshakeTimeoutMs);
    try {
      await requireApprovedTls(connection.grant, request);
      const terms = tlsTerms(request, connection.grant.destination.host.text);
      const upgraded = await connection.startTls(terms, timer.signal);
      return createTcpSocket({ ...this.#init, connection: upgraded, tls: request });
    } catch (error) {
      // Whoever asks for other terms than those approved loses the connection.
      if (isParleyError(error, "PERM_DENIED")) connection.destroy(error);
      throw toFaceError(error);
    } finally {
      timer.cancel();
    }
  }

  /**
   * Closes the socket at the end of an `await using` block, whether or not its streams are locked. Why a connection broke
   * is for `closed` and the streams to tell; here it would hide the error that ended the block.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#init.connection.close().catch(() => {});
  }
}

defineInterface(TCPSocket, {
  tag: "TCPSocket",
  members: [
    ...["remoteAddress", "remotePort", "readable", "writable", "close"],
    ...["localAddress", "localPort", "closed", "tlsInfo", "startTls"],
  ],
});

/** Makes a socket; for the face itself. */
export function createTcpSocket(init: TcpSocketInit): TCPSocket {
  return new TCPSocket(MINT, init);
}
