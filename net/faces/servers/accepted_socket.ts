/** The sockets that a {@linkcode TCPServer} hands out: connections of others, with this end as the server. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { ParleyError } from "../../../core/errors.ts";
import { toBufferSource } from "../../../core/webidl.ts";
import { type AcceptedConnection, startServerTls } from "../../engine/server/accepted_connection.ts";
import type { EngineHost } from "../../engine/engine_host.ts";
import type { TlsInfo } from "../../engine/tls_handshake.ts";
import type { TlsIdentity } from "../../server_port.ts";
import { type ServerTLSOptions, toTlsIdentity } from "../../server_tls_options.ts";

/** How an accepted connection is upgraded to TLS. */
export interface ServerStartTLSOptions extends Partial<ServerTLSOptions> {
  /**
   * What tells the client to begin, such as `220 Go ahead\r\n`. It is sent only when nothing has come ahead. When omitted, the
   * program has told the client already.
   */
  readonly goAhead?: BufferSource;
}

/** What has passed through a socket at one moment. */
export interface SocketStats {
  /** Bytes that arrived and were taken. */
  readonly bytesReceived: number;
  /** Bytes that the system took. */
  readonly bytesSent: number;
}

/** What a server puts into a socket. */
export interface AcceptedSocketInit {
  /** The connection. */
  readonly accepted: AcceptedConnection;
  /** Network and time. */
  readonly host: EngineHost;
  /** The certificate that the server was opened with, or null. */
  readonly identity: TlsIdentity | null;
  /** Milliseconds for a handshake. */
  readonly handshakeTimeoutMs: number;
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

const MINT: unique symbol = Symbol("mint");
const TLS_OPTIONS = ["cert", "key", "clientCa", "alpnProtocols"] as const;

/**
 * A connection that a {@linkcode TCPServer} accepted.
 *
 * @example A server that answers in capitals
 * ```ts
 * import { openTCPServer, openTCPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using server = await openTCPServer({ localPort: 7007 });
 * await using client = await openTCPSocket({ remoteAddress: "127.0.0.1", remotePort: 7007 });
 * const { value: socket } = await server.readable.getReader().read();
 * assert.ok(socket);
 * await client.writable.getWriter().write(new TextEncoder().encode("hello"));
 * const { value } = await socket.readable.getReader().read();
 * const answer = new TextDecoder().decode(value).toUpperCase();
 * await socket.writable.getWriter().write(new TextEncoder().encode(answer));
 * assert.equal(new TextDecoder().decode((await client.readable.getReader().read()).value), "HELLO");
 * ```
 */
export class AcceptedSocket {
  readonly #init: AcceptedSocketInit;

  /**
   * Not for scripts: sockets come from a `TCPServer`.
   *
   * @throws {TypeError} always.
   */
  constructor(token: symbol, init: AcceptedSocketInit) {
    if (token !== MINT) throw new TypeError("Illegal constructor");
    this.#init = init;
  }

  /** IP address of the client. */
  get remoteAddress(): string {
    return this.#init.accepted.connection.remote.address;
  }

  /** Port of the client. */
  get remotePort(): number {
    return this.#init.accepted.connection.remote.port;
  }

  /** IP address of this end. */
  get localAddress(): string {
    return this.#init.accepted.connection.local.address;
  }

  /** Port of this end. */
  get localPort(): number {
    return this.#init.accepted.connection.local.port;
  }

  /** Bytes from the client; a byte stream, so `getReader({ mode: "byob" })` works. Ends when the client has finished. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#init.accepted.connection.readable;
  }

  /** Bytes to the client. A write settles when the system has taken it; closing ends this direction only. */
  get writable(): WritableStream<BufferSource> {
    return this.#init.accepted.connection.writable;
  }

  /** Settles when both directions have ended; rejects with a `NetworkError` when the connection broke. */
  get closed(): Promise<void> {
    return this.#init.accepted.connection.closed;
  }

  /**
   * What is known of the encryption: the name that the client asked for, protocol, ALPN, the client's certificates. Null for
   * plaintext.
   */
  get tlsInfo(): TlsInfo | null {
    return this.#init.accepted.connection.tls;
  }

  /** What has passed so far, over an upgrade too; bytes of the program, not of TLS. */
  get stats(): SocketStats {
    const { bytesReceived, bytesSent } = this.#init.accepted.connection.counters;
    return Object.freeze({ bytesReceived, bytesSent });
  }

  /**
   * Closes both directions and releases the descriptor.
   *
   * @returns Settles as `closed` does.
   * @throws {DOMException} `InvalidStateError` when a stream is locked; nothing is closed then.
   */
  async close(): Promise<void> {
    const { connection } = this.#init.accepted;
    if (connection.locked) throw new DOMException("Cannot close the socket: a stream is locked", "InvalidStateError");
    await connection.close();
  }

  /**
   * Upgrades the connection to TLS, as after STARTTLS. This socket is spent; go on with the one returned. Forget what was
   * read after the client's command: whoever is on the way may have written it.
   *
   * @param options The go-ahead, and the certificate; that of the server when `cert` is omitted.
   * @returns The encrypted socket.
   * @throws {TypeError} for options of a wrong type, and when there is no certificate.
   * @throws {DOMException} `InvalidStateError` when a stream is locked or a direction has ended; `NetworkError` when the
   * handshake fails, or plaintext had come ahead. The connection is closed after the latter.
   */
  async startTls(options: ServerStartTLSOptions = {}): Promise<AcceptedSocket> {
    const { accepted, host, handshakeTimeoutMs, toFaceError } = this.#init;
    const given = requireDictionary(options, "TLS options");
    const identity = toIdentity(given, this.#init.identity);
    const goAhead = toGoAhead(member(given, "goAhead"));
    const late = new AbortController();
    const timer = host.clock.after(handshakeTimeoutMs, () => {
      late.abort(
        new ParleyError("NET_TIMEOUT", `Cannot complete the TLS handshake: it took over ${handshakeTimeoutMs} ms`),
      );
    });
    try {
      const upgraded = await startServerTls(accepted, { host, identity, goAhead, signal: late.signal });
      return createAcceptedSocket({ ...this.#init, accepted: upgraded, identity });
    } catch (error) {
      throw toFaceError(error);
    } finally {
      timer.cancel();
    }
  }

  /**
   * Closes the socket at the end of an `await using` block, whether or not its streams are locked. Why a connection broke is
   * for `closed` and the streams to tell; here it would hide the error that ended the block.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#init.accepted.connection.close().catch(() => {});
  }
}

/** Makes a socket; for the face itself. */
export function createAcceptedSocket(init: AcceptedSocketInit): AcceptedSocket {
  return new AcceptedSocket(MINT, init);
}

function toIdentity(options: object | null, ofServer: TlsIdentity | null): TlsIdentity {
  if (TLS_OPTIONS.some((name) => member(options, name) !== undefined)) return toTlsIdentity(options, "TLS options");
  if (ofServer === null) throw new TypeError("Cannot serve TLS: cert and key are missing");
  return ofServer;
}

/** A copy: what the script does to its memory meanwhile changes nothing. */
function toGoAhead(value: unknown): Uint8Array | null {
  return value === undefined ? null : toBufferSource(value, "goAhead").slice();
}
