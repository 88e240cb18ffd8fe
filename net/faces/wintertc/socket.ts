/** `Socket` of the WinterTC Sockets API: https://sockets-api.proposal.wintertc.org/#socket-class */
import { onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import { promised } from "../../../core/promised.ts";
import { defineInterface } from "../../../core/webidl.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import type { TlsRequest } from "../../tls_options.ts";
import { DeferredReadable } from "./deferred_readable.ts";
import { DeferredWritable } from "./deferred_writable.ts";
import { CONNECT_TIMEOUT_MS, type SocketTimer } from "./open_socket_connection.ts";
import { SocketError } from "./socket_error.ts";
import { type SecureTransportKind, type StartTlsOptions, toUpgradeTls } from "./socket_options.ts";
import { upgradeConnection } from "./upgrade_connection.ts";

/** What is known of an open connection. */
export interface SocketInfo {
  /** The far end as `address:port`: the IP address that was connected to, with brackets around an IPv6 address. */
  readonly remoteAddress: string | null;
  /** This end, likewise. */
  readonly localAddress: string | null;
  /** The ALPN protocol agreed on, or null. */
  readonly alpn: string | null;
}

/** What a socket is made of. */
export interface SocketInit {
  /** When TLS begins. */
  readonly secureTransport: SecureTransportKind;
  /** Whether the writable survives the other side's end. */
  readonly allowHalfOpen: boolean;
  /** TLS options given on open. */
  readonly tls: TlsRequest;
  /** Opens the connection. */
  open(signal: AbortSignal): Promise<TcpConnection>;
  /** Starts a timer that fires with the error. */
  startTimer(delayMs: number, error: ParleyError): Promise<SocketTimer>;
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

const MINT: unique symbol = Symbol("mint");

/**
 * A TCP connection, pending at first. Made by `connect()` and `startTls()` only (WT-21).
 *
 * @example What is known once it is open
 * ```ts
 * import { connect } from "@parley/parley/wintertc";
 * import assert from "node:assert/strict";
 *
 * const socket = connect({ hostname: "echo.example", port: 7 });
 * assert.match((await socket.opened).remoteAddress ?? "", /:7$/);
 * await socket.close();
 * ```
 */
export class Socket {
  readonly #init: SocketInit;
  readonly #opened: PromiseWithResolvers<SocketInfo> = Promise.withResolvers<SocketInfo>();
  readonly #closed: PromiseWithResolvers<void> = Promise.withResolvers<void>();
  readonly #readable: DeferredReadable = new DeferredReadable({
    onFinished: () => this.#finished(),
    onFailed: (error) => this.#broken(error),
  });
  readonly #writable: DeferredWritable = new DeferredWritable();
  readonly #attempt: AbortController = new AbortController();
  #connection: TcpConnection | null = null;
  #over = false;
  #upgraded = false;

  /**
   * Not for scripts: sockets come from `connect()`.
   *
   * @throws {TypeError} always.
   */
  constructor(token: symbol | null = null, init: SocketInit | null = null) {
    if (token !== MINT || init === null) throw new TypeError("Illegal constructor");
    this.#init = init;
    // The text marks both as handled.
    this.#opened.promise.catch(() => {});
    this.#closed.promise.catch(() => {});
    void this.#open();
  }

  /**
   * Bytes from the far end; usable at once. Ends when the far end has finished.
   *
   * Deviation: a byte stream, where the text has none yet and says that one is reasonable; `getReader({ mode: "byob" })`
   * works (WT-19).
   */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return this.#readable.stream;
  }

  /** Bytes or strings (sent as UTF-8) to the far end; usable at once. A write settles when the system has taken it. */
  get writable(): WritableStream<BufferSource | string> {
    return this.#writable.stream;
  }

  /** Settles when the connection is established, with TLS after the handshake. */
  get opened(): Promise<SocketInfo> {
    return promised(() => this.#opened.promise);
  }

  /**
   * Fulfilled by `close()`, by `startTls()` once all is sent, and, unless half-open sockets are allowed, when the script
   * has read to the end and what it wrote is flushed. Rejects as `opened` does, and with a `SocketError` when the
   * connection breaks. Ending the streams one by one does not settle it.
   */
  get closed(): Promise<void> {
    return promised(() => this.#closed.promise);
  }

  /** Whether `startTls()` was called: this socket is spent then. */
  get upgraded(): boolean {
    return this.#upgraded;
  }

  /** When TLS begins; `"on"` for a socket that `startTls()` returned. Of the text's later draft (WT-15). */
  get secureTransport(): SecureTransportKind {
    return this.#init.secureTransport;
  }

  /**
   * Closes the socket, whether or not it is open or its streams are locked. Pending reads find the end; writes that have
   * not settled are dropped.
   *
   * @param reason What `opened`, if it is pending, and the writable reject with; a `SocketError` when omitted.
   * @returns The promise that `closed` is.
   */
  close(reason: unknown = undefined): Promise<void> {
    return promised(() => this.#close(reason));
  }

  #close(reason: unknown): Promise<void> {
    if (this.#over || this.#upgraded) return this.#closed.promise;
    const error = reason === undefined ? new SocketError("This socket has been closed") : reason;
    this.#over = true;
    this.#opened.reject(error);
    this.#readable.end();
    this.#writable.fail(error);
    if (this.#connection === null) this.#attempt.abort(error);
    else void this.#connection.close();
    this.#closed.resolve();
    return this.#closed.promise;
  }

  /**
   * Upgrades the connection to TLS, as after STARTTLS. This socket is spent: its streams are locked for good, and `closed`
   * is fulfilled when what was written is sent. May be called before it is open.
   *
   * @param options How to verify and what to offer (Parley's extension); what was given on open when it says
   * nothing. Terms that
   * were not approved on open fail.
   * @returns The encrypted socket, pending. Its `opened` rejects with a `SocketError` when the handshake or the
   * verification fails, or plaintext had arrived before it; the connection is closed then.
   * @throws {SocketError} when `secureTransport` is not `"starttls"`, the socket is upgraded or closed, a stream is locked,
   * or a read is under way. Nothing is closed then.
   * @throws {TypeError} for options of a wrong type.
   */
  startTls(options: StartTlsOptions | undefined = undefined): Socket {
    const tls = toUpgradeTls(options, this.#init.tls);
    const obstacle = this.#upgradeObstacle();
    if (obstacle !== null) throw new SocketError(`Cannot start TLS: ${obstacle}`);
    this.#upgraded = true;
    const leftover = this.#readable.queuedBytes;
    this.#readable.detach();
    const flushed = this.#writable.detach();
    flushed.catch(() => {});
    const open = (signal: AbortSignal): Promise<TcpConnection> => this.#upgrade({ tls, leftover, flushed, signal });
    return new Socket(MINT, { ...this.#init, secureTransport: "on", tls, open });
  }

  /** Closes the socket at the end of an `await using` block (Parley's extension). */
  async [Symbol.asyncDispose](): Promise<void> {
    // Why a connection broke is for `closed` and the streams to tell; here it would hide the error that ended the block.
    await this.close().catch(() => {});
  }

  async #open(): Promise<void> {
    try {
      const connection = await this.#init.open(this.#attempt.signal);
      if (this.#over) return void connection.close();
      this.#connection = connection;
      connection.closed.catch((error) => this.#connectionFailed(error));
      this.#readable.attach(connection.readable);
      this.#writable.attach(connection.writable);
      this.#opened.resolve(socketInfo(connection));
    } catch (error) {
      this.#refused(this.#init.toFaceError(error));
    }
  }

  /** "Also, the readable is canceled with |error| and the writable is aborted with |error|." */
  #refused(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#opened.reject(error);
    this.#closed.reject(error);
    this.#readable.end();
    this.#writable.fail(error);
  }

  async #connectionFailed(error: unknown): Promise<void> {
    // The engine names the first failure: the script's own abort, which broke nothing. What the read finds out counts.
    if (this.#writable.aborted && (this.#readable.ended || this.#readable.reading)) return;
    // Only a write may have failed: then the reader still gets what had arrived, to its orderly end.
    if (this.#readable.reading) await this.#readable.pulled;
    this.#broken(error);
  }

  /** WT-11: a reset rejects `closed`; the text has it fulfilled with half-open sockets forbidden, and is silent otherwise. */
  #broken(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    // Deviation: fulfilled, `closed` would tell of an orderly end where data may be missing (see the test of WT-11).
    this.#closed.reject(error);
    this.#readable.fail(error);
    this.#writable.fail(error);
  }

  #finished(): void {
    if (this.#init.allowHalfOpen) return;
    this.#writable.finish();
    const done = (): void => {
      this.#over = true;
      this.#closed.resolve();
    };
    // Settled by the engine when the writable has ended, too; a failure on the way is for #broken.
    this.#connection?.closed.then(done, () => this.#writable.aborted && done());
  }

  #upgradeObstacle(): string | null {
    if (this.#init.secureTransport !== "starttls") return 'secureTransport is not "starttls"';
    if (this.#upgraded) return "it was started already";
    if (this.#over) return "the socket is closed";
    if (this.#readable.ended) return "one direction has ended";
    // WT-14: the text does not say; a reader or writer in use would lose its bytes to the handshake.
    if (this.readable.locked || this.writable.locked) return "a stream is locked; release its reader or writer first";
    return this.#readable.reading ? "a read is still under way" : null;
  }

  async #upgrade(how: {
    readonly tls: TlsRequest;
    readonly leftover: number;
    readonly flushed: Promise<void>;
    readonly signal: AbortSignal;
  }): Promise<TcpConnection> {
    // Until it is handed over, the connection is this socket's to end.
    const forget = onAbort(how.signal, () => this.#attempt.abort(how.signal.reason));
    await this.#opened.promise;
    const late = new ParleyError("NET_TIMEOUT", `Cannot start TLS within ${CONNECT_TIMEOUT_MS} ms`);
    const timer = await this.#init.startTimer(CONNECT_TIMEOUT_MS, late);
    try {
      return await upgradeConnection(this.#connection as TcpConnection, {
        ...how,
        signal: AbortSignal.any([how.signal, timer.signal]),
        streams: { readable: this.#readable, writable: this.#writable },
        onDetached: () => this.#closed.resolve(),
      });
    } finally {
      forget();
      timer.cancel();
    }
  }
}

defineInterface(Socket, {
  tag: "Socket",
  members: ["readable", "writable", "opened", "closed", "upgraded", "secureTransport", "close", "startTls"],
});

/** Makes a socket; for the face itself. */
export function createSocket(init: SocketInit): Socket {
  return new Socket(MINT, init);
}

/** Members in the order in which Web IDL defines them on a dictionary's object: by name. */
function socketInfo({ remote, local, tls }: TcpConnection): SocketInfo {
  return {
    alpn: tls?.alpnProtocol ?? null,
    localAddress: formatHostPort(local.address, local.port),
    remoteAddress: formatHostPort(remote.address, remote.port),
  };
}
