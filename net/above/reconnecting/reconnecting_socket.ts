/**
 * One connection after another to one destination, under the one approval that the first was opened with (NET-11, RS-13). Each
 * attempt looks the name up and judges its addresses anew (NET-14); a refusal ends it.
 */
import { onAbort } from "../../../core/abort.ts";
import { isParleyError, ParleyError } from "../../../core/errors.ts";
import type { NetContext } from "../../context.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { faceErrors } from "../../faces/raw_sockets/errors.ts";
import { prepareTcpSocket, type TcpSocketOpening } from "../../faces/raw_sockets/open_tcp_socket.ts";
import type { TcpRequest } from "../../faces/raw_sockets/tcp_options.ts";
import type { TCPSocket } from "../../faces/raw_sockets/tcp_socket.ts";
import { type Approval, approve, openWith, reapprove } from "../../open_approved.ts";
import { backoffMs, HEALTHY_MS } from "./backoff.ts";

/** What a program may want to know between two connections. */
export interface ReconnectWait {
  /** Why there is none now; null when the last one ended in order. */
  readonly error: unknown;
  /** Attempts in a row that have failed. */
  readonly failures: number;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
}

/** What a reconnecting socket is made of. */
export interface ReconnectingSocketInit {
  /** Whom for. */
  readonly context: NetContext;
  /** Where to, and how. */
  readonly request: TcpRequest;
  /** Attempts in a row that may fail; null for any number. */
  readonly maxFailures: number | null;
  /** Told of every wait. */
  readonly onWait: ((wait: ReconnectWait) => void) | null;
  /** A random number from 0 to 1. */
  random(): number;
}

/** Failures that another attempt may not have. Everything else ends the attempts, a refusal above all. */
const PASSING: ReadonlySet<string> = new Set(["TLS_HANDSHAKE", "TLS_REQUIRED", "NET_PROXY"]);

/**
 * Connections to one destination, one after another. Made by `openReconnectingSocket`.
 *
 * @example Told of every wait
 * ```ts
 * import { openReconnectingSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const waits: number[] = [];
 * const link = await openReconnectingSocket({
 *   remoteAddress: "echo.example",
 *   remotePort: 7,
 *   maxFailures: 10,
 *   onWait: ({ delayMs }) => waits.push(delayMs),
 * });
 * for await (const socket of link) {
 *   assert.equal(socket.remotePort, 7);
 *   link.close();
 * }
 * assert.deepEqual(waits, []);
 * ```
 */
export class ReconnectingSocket implements AsyncIterable<TCPSocket> {
  readonly #init: ReconnectingSocketInit;
  readonly #stop = new AbortController();
  readonly #toFaceError: (error: unknown) => unknown;
  /** What the last connection was opened with. */
  #approval: Approval | null = null;
  #connection: TcpConnection | null = null;
  #failures = 0;
  #begun = false;

  /**
   * Not for scripts: see `openReconnectingSocket`.
   *
   * @param init Where to, and for whom.
   */
  constructor(init: ReconnectingSocketInit) {
    this.#init = init;
    this.#toFaceError = faceErrors(init.request.where);
  }

  /**
   * The connections. The next is opened when it is asked for and the one before has ended; leaving the loop closes.
   *
   * @throws {TypeError} when they are asked for a second time.
   * @throws {DOMException} from the loop: `NotAllowedError` when the approval is refused or was taken back, `NetworkError` when
   * an attempt failed for good, or too often.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<TCPSocket, void, undefined> {
    if (this.#begun) throw new TypeError("Cannot go through the connections: somebody does already");
    this.#begun = true;
    try {
      for (let socket = await this.#next(); socket !== null; socket = await this.#after()) yield socket;
    } catch (error) {
      throw this.#toFaceError(error);
    } finally {
      this.close();
    }
  }

  /** Closes the connection there is, and opens no more. The loop ends. */
  close(): void {
    this.#stop.abort(new ParleyError("NET_ABORTED", "Cannot connect: the socket was closed"));
    void this.#connection?.close().catch(() => {});
  }

  /** Waits for the end of the connection there is, an upgraded one included, and opens the next. */
  async #after(): Promise<TCPSocket | null> {
    const { clock } = this.#init.context.engine;
    const fromMs = clock.monotonicMs();
    let error: unknown = null;
    for (let held: TcpConnection | null = null; held !== this.#connection;) {
      held = this.#connection;
      error = await held?.closed.then(() => null, (reason) => reason);
    }
    const healthy = clock.monotonicMs() - fromMs >= HEALTHY_MS;
    this.#failures = healthy ? 0 : this.#failures + 1;
    return this.#stopped || !await this.#wait(error) ? null : await this.#next();
  }

  /** Attempts until one succeeds; null when closed meanwhile. */
  async #next(): Promise<TCPSocket | null> {
    for (;;) {
      if (this.#stopped) return null;
      try {
        return await this.#attempt();
      } catch (failure) {
        if (this.#stopped) return null;
        this.#failures++;
        const mayPass = isPassing(failure) && this.#asksNobody();
        if (!mayPass || this.#failures >= (this.#init.maxFailures ?? Infinity)) throw failure;
        if (!await this.#wait(failure)) return null;
      }
    }
  }

  async #attempt(): Promise<TCPSocket> {
    const { context, request } = this.#init;
    const signal = AbortSignal.any([request.signal, this.#stop.signal]);
    const opening = await prepareTcpSocket({ ...request, signal }, this.#toFaceError);
    const approval = await this.#approve(opening);
    this.#connection = await openWith(context, approval, {
      ...opening.approval,
      options: (host) => ({
        ...opening.approval.options(host),
        upgraded: (connection) => this.#connection = connection,
      }),
    });
    this.#approval = approval;
    return opening.finish(this.#connection, context.engine.clock);
  }

  /** The first time the operator is asked; from then on what was connected once is renewed. */
  async #approve(opening: TcpSocketOpening): Promise<Approval> {
    const { context } = this.#init;
    if (this.#approval?.grant.connected === true) return await reapprove(context, this.#approval);
    this.#approval = await approve(context, opening.approval);
    return this.#approval;
  }

  /** A first attempt that failed would be a new question, unless a rule answers it. */
  #asksNobody(): boolean {
    if (this.#approval === null) return false;
    const { grant, via } = this.#approval;
    return grant.connected || (grant.source !== "prompt" && via?.grant.source !== "prompt");
  }

  /** Waits before an attempt; false when closed meanwhile. */
  async #wait(error: unknown): Promise<boolean> {
    const { context, request, onWait } = this.#init;
    const delayMs = backoffMs(Math.max(0, this.#failures - 1), this.#init.random());
    onWait?.({ error: error === null ? null : this.#toFaceError(error), failures: this.#failures, delayMs });
    const signal = AbortSignal.any([request.signal, this.#stop.signal]);
    await new Promise<void>((resolve) => {
      const timer = context.engine.clock.after(delayMs, () => {
        forget();
        resolve();
      });
      const forget = onAbort(signal, () => {
        timer.cancel();
        resolve();
      });
      if (signal.aborted) resolve();
    });
    return !this.#stopped;
  }

  get #stopped(): boolean {
    return this.#stop.signal.aborted || this.#init.request.signal.aborted;
  }
}

function isPassing(error: unknown): boolean {
  if (!isParleyError(error)) return false;
  return (error.code.startsWith("NET_") && error.code !== "NET_OS_DENIED") || PASSING.has(error.code);
}
