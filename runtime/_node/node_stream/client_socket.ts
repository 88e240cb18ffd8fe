/** A Node socket that connects by itself, through `openTCPSocket`: nothing leaves before the operator's answer. */
import { onAbort } from "../../../core/abort.ts";
import { member } from "../../../core/dictionary.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { OpenOptions, OpenTCPSocket } from "../../../net/above/node/port.ts";
import { type ConnectOptions, type ConnectRequest, readConnectArguments, toDelay } from "./connect_arguments.ts";
import { NodeSocketError } from "./node_socket_error.ts";
import type { SocketDuplexOptions } from "./net_surface.ts";
import { socketControl, SocketDuplex } from "./socket_duplex.ts";

/** Options of a socket that connects by itself. */
export interface ClientSocketOptions extends SocketDuplexOptions {
  /** Opens the connection; the program's own `openTCPSocket` by default. A test host's for tests. */
  readonly openTCPSocket?: OpenTCPSocket;
  /** How to open: TLS from the first byte, timeouts, keep-alive. What `connect()` and its companions say comes first. */
  readonly openOptions?: OpenOptions;
  /** Destroys the socket. */
  readonly signal?: AbortSignal;
}

/** What was said before `connect()`. */
interface Settings {
  noDelay: boolean | undefined;
  keepAlive: boolean | undefined;
  keepAliveDelayMs: number;
}

/**
 * A socket that connects by itself.
 *
 * @example As `ParleySocket`
 * ```ts
 * import { ParleySocket } from "@parley/parley/node";
 * import assert from "node:assert/strict";
 *
 * const socket = new ParleySocket();
 * assert.equal(socket.connecting, false);
 * socket.destroy();
 * ```
 */
export class ClientSocket extends SocketDuplex {
  readonly #openTCPSocket: OpenTCPSocket;
  readonly #openOptions: OpenOptions;
  readonly #signal: AbortSignal | undefined;
  readonly #settings: Settings = { noDelay: undefined, keepAlive: undefined, keepAliveDelayMs: 0 };
  #stopListening: () => void = () => {};

  /**
   * Makes a socket that is not connected.
   *
   * @param options How it opens and behaves.
   * @param ambient What opens where the options do not say.
   * @throws {TypeError} for options that can never work.
   */
  constructor(options: ClientSocketOptions, ambient: OpenTCPSocket) {
    super(options);
    // Who opens decides who is asked: what stands on Object.prototype does not (CORE-01).
    this.#openTCPSocket = member(options, "openTCPSocket") as OpenTCPSocket | undefined ?? ambient;
    this.#openOptions = { ...member(options, "openOptions") as OpenOptions | undefined };
    this.#signal = member(options, "signal") as AbortSignal | undefined;
    if (this.#openOptions.secureTransport === "starttls") {
      throw new TypeError('Cannot use secureTransport "starttls": a Node program upgrades with TLS of its own');
    }
  }

  /**
   * Asks the operator, and connects. Emits `connect` and `ready`, or `error` and `close`. A socket that has closed can connect
   * again, which is a new question.
   *
   * @param options Where to and how.
   * @param callback Listens to `connect` once.
   * @throws {ParleyError} `RUNTIME_UNSUPPORTED` for a Unix socket's path, a local address and a `lookup` of the program's own;
   * `ARG_INVALID` when the socket is connecting or connected.
   * @throws {TypeError} for a missing port and values of a wrong type.
   * @throws {RangeError} for a port out of range.
   */
  connect(options: ConnectOptions, callback?: () => void): this;
  /** Asks the operator, and connects to a port of a host, `localhost` by default. */
  connect(port: number | string, host?: string, callback?: () => void): this;
  /**
   * Asks the operator, and connects to a port of this machine.
   *
   * @throws As with options.
   */
  connect(port: number | string, callback: () => void): this;
  /**
   * As above.
   *
   * @throws {ParleyError} As above.
   */
  connect(...args: readonly unknown[]): this {
    const request = readConnectArguments(args);
    if (this.connecting || !this.pending) {
      throw new ParleyError("ARG_INVALID", "Cannot connect: the socket is connecting or connected already");
    }
    if (this.destroyed) this.#renew();
    if (request.onConnect !== null) this.once("connect", request.onConnect);
    this.#listenToSignal();
    if (this.destroyed) return this;
    const options = toOpenOptions(this.#openOptions, this.#settings, request);
    socketControl.open(this, async (signal) => await this.#openTCPSocket({ ...options, signal }));
    return this;
  }

  /** TCP_NODELAY for the next `connect()`; changes nothing on an open socket. */
  override setNoDelay(noDelay: boolean = true): this {
    this.#settings.noDelay = Boolean(noDelay);
    return this;
  }

  /** Keep-alive for the next `connect()`, with milliseconds before the first probe; changes nothing on an open socket. */
  override setKeepAlive(enable: boolean = false, initialDelayMs: number = 0): this {
    this.#settings.keepAlive = Boolean(enable);
    this.#settings.keepAliveDelayMs = toDelay(initialDelayMs);
    return this;
  }

  /** Releases what there is; for the stream itself. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#stopListening();
    super._destroy(error, done);
  }

  /** Makes a destroyed stream usable again, by the method that `net.Socket` itself has for it. */
  #renew(): void {
    // What the last connection brought and nobody read must not look as if it came from the next.
    while (this.read() !== null);
    (this as unknown as { _undestroy(): void })._undestroy();
    if (this.timeout !== undefined) this.setTimeout(this.timeout);
  }

  #listenToSignal(): void {
    const signal = this.#signal;
    if (signal === undefined) return;
    const abort = (): void => {
      const how = { message: "Cannot go on: the operation was aborted", syscall: "connect", cause: signal.reason };
      this.destroy(new NodeSocketError("ABORT_ERR", how));
    };
    this.#stopListening = onAbort(signal, abort);
    if (signal.aborted) abort();
  }
}

type OpenRequest = Parameters<OpenTCPSocket>[0];

function toOpenOptions(options: OpenOptions, settings: Settings, request: ConnectRequest): OpenRequest {
  const said = request.keepAlive === undefined ? settings : request;
  const { keepAliveDelay, ...rest } = options;
  const noDelay = request.noDelay ?? settings.noDelay ?? rest.noDelay ?? false;
  const keepAlive = said.keepAlive ?? rest.keepAlive ?? false;
  const delayMs = said.keepAliveDelayMs || keepAliveDelay;
  const { dnsQueryType = rest.dnsQueryType } = request;
  return {
    ...rest,
    remoteAddress: request.host,
    remotePort: request.port,
    noDelay,
    keepAlive,
    ...(keepAlive === true && delayMs !== undefined ? { keepAliveDelay: delayMs } : {}),
    ...(dnsQueryType === undefined ? {} : { dnsQueryType }),
  };
}
