/** `TCPServer`: Parley's own, for what the Raw Sockets explainer leaves out: being reachable (NET-22). */
import type { EngineHost } from "../../engine/engine_host.ts";
import { connectionStream } from "../../engine/server/connection_stream.ts";
import type { AcceptedConnection } from "../../engine/server/accepted_connection.ts";
import type { ServerStats } from "../../engine/server/server_counters.ts";
import type { DrainResult, TcpServer } from "../../engine/server/tcp_server.ts";
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { toTimeoutMs } from "../../option_values.ts";
import { type AcceptedSocket, createAcceptedSocket } from "./accepted_socket.ts";
import type { TcpServerRequest } from "./tcp_server_options.ts";

/** How a server is brought to its end. */
export interface DrainOptions {
  /** Milliseconds that connections have to end by themselves. Default 10,000. */
  readonly timeout?: number;
}

/** What `openTCPServer` puts into a server. */
export interface TcpServerInit {
  /** The server. */
  readonly server: TcpServer;
  /** What was asked for. */
  readonly request: TcpServerRequest;
  /** Network and time. */
  readonly host: EngineHost;
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

const MINT: unique symbol = Symbol("mint");
const DEFAULT_DRAIN_MS = 10_000;

/**
 * A listening TCP server. Made by {@linkcode openTCPServer} only. Take its connections from `readable`, or iterate over the
 * server itself; one that nobody takes waits.
 *
 * @example Serving one connection after another
 * ```ts
 * import { openTCPServer, openTCPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using server = await openTCPServer({ localPort: 7008 });
 * await using client = await openTCPSocket({ remoteAddress: "127.0.0.1", remotePort: 7008 });
 * for await (const socket of server) {
 *   await socket.writable.getWriter().write(new TextEncoder().encode("welcome"));
 *   break;
 * }
 * assert.equal(new TextDecoder().decode((await client.readable.getReader().read()).value), "welcome");
 * assert.equal(server.stats.accepted, 1);
 * ```
 */
export class TCPServer {
  readonly #init: TcpServerInit;
  readonly #readable: ReadableStream<AcceptedSocket>;

  /**
   * Not for scripts: servers come from `openTCPServer`.
   *
   * @throws {TypeError} always.
   */
  constructor(token: symbol, init: TcpServerInit) {
    if (token !== MINT) throw new TypeError("Illegal constructor");
    this.#init = init;
    this.#readable = connectionStream(init.server, { highWaterMark: 0, wrap: (accepted) => this.#wrap(accepted) });
  }

  /** IP address that it listens at. */
  get localAddress(): string {
    return this.#init.server.local.address;
  }

  /** Port that it listens at. */
  get localPort(): number {
    return this.#init.server.local.port;
  }

  /** Connections, taken only when somebody reads. Ends when the server is closed; cancelling it closes the server. */
  get readable(): ReadableStream<AcceptedSocket> {
    return this.#readable;
  }

  /** What became of the connections so far. */
  get stats(): ServerStats {
    return this.#init.server.stats;
  }

  /**
   * Settles when it listens no more; rejects with `NotAllowedError` when the permission was taken back, and with the signal's
   * reason when that fired.
   */
  get closed(): Promise<void> {
    return this.#init.server.closed;
  }

  /** Stops listening; connections that were handed out go on. Returns the `closed` promise. */
  close(): Promise<void> {
    return this.#init.server.close();
  }

  /**
   * Stops listening, waits until the connections have ended, and breaks off those that have not.
   *
   * @param options How long to wait.
   * @returns How many ended by themselves, and how many were broken off.
   * @throws {TypeError} for a time that is none.
   */
  async drain(options: DrainOptions = {}): Promise<DrainResult> {
    const timeout = member(requireDictionary(options, "drain options"), "timeout");
    const timeoutMs = toTimeoutMs(timeout, { what: "timeout", absent: DEFAULT_DRAIN_MS });
    return await this.#init.server.drain({ timeoutMs });
  }

  /**
   * Takes connections one by one. Leaving the loop takes no more of them; the server goes on.
   *
   * @throws {DOMException} as `closed` rejects.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<AcceptedSocket, void, undefined> {
    for (;;) {
      const accepted = await this.#init.server.accept();
      if (accepted === null) return;
      yield this.#wrap(accepted);
    }
  }

  /** Stops listening and breaks off what is still open, at the end of an `await using` block. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#init.server.drain({ timeoutMs: 0 });
  }

  #wrap(accepted: AcceptedConnection): AcceptedSocket {
    const { request, host, toFaceError } = this.#init;
    const { identity, handshakeTimeoutMs } = request;
    return createAcceptedSocket({ accepted, host, identity, handshakeTimeoutMs, toFaceError });
  }
}

/** Makes a server; for the face itself. */
export function createTcpServer(init: TcpServerInit): TCPServer {
  return new TCPServer(MINT, init);
}
