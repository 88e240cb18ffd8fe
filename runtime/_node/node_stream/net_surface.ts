/** What programs expect of a `net.Socket` beside its streams: who is at the ends, how it stands, timeouts, counters. */
import { Duplex } from "node:stream";
import type { Clock } from "../../../core/clock.ts";
import { systemClock } from "../../system_clock.ts";
import { IdleTimer } from "./idle_timer.ts";
import type { LockedStreams } from "./locked_streams.ts";
import { type SocketEnds, UNKNOWN_ENDS } from "./socket_ends.ts";
import { streamOptions } from "./stream_options.ts";

/** How a socket's stream behaves. */
export interface SocketDuplexOptions {
  /** Whether writing goes on after the far end has finished. Default false, as for `net.Socket`: our side then ends, too. */
  readonly allowHalfOpen?: boolean;
  /** Bytes that each direction buffers. Default 65,536. */
  readonly highWaterMark?: number;
  /** Time for `setTimeout`; the machine's by default. For tests. */
  readonly clock?: Clock;
}

/** What there is to show. Whoever moves the bytes keeps it up to date. */
export interface SurfaceFacts {
  /** Whether the connection is being made. */
  connecting: boolean;
  /** Whether the stream was destroyed with an error. */
  hadError: boolean;
  /** Both ends. */
  ends: SocketEnds;
  /** The streams below, once there are any; they count bytes. */
  streams: LockedStreams | null;
  /** The timer of `setTimeout`, to be told of what passes. */
  readonly idle: IdleTimer;
}

/** States as `net.Socket` names them. */
export type ReadyState = "opening" | "open" | "readOnly" | "writeOnly" | "closed";

/** Families as `net.Socket` names them. */
export type AddressFamily = "IPv4" | "IPv6";

const HIGH_WATER_MARK = 64 * 1024;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The facts of a socket, for whoever moves its bytes. */
export let surfaceFacts: (socket: NetSurface) => SurfaceFacts;

/**
 * A duplex with the members of a `net.Socket`.
 *
 * @example What clients look at
 * ```ts
 * import { openTCPSocket } from "@parley/parley";
 * import { toNodeDuplex } from "@parley/parley/node";
 * import assert from "node:assert/strict";
 *
 * const duplex = toNodeDuplex(await openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 }));
 * assert.equal(duplex.remotePort, 7);
 * duplex.destroy();
 * ```
 */
export class NetSurface extends Duplex {
  readonly #facts: SurfaceFacts;
  #timeoutMs: number | undefined = undefined;

  static {
    surfaceFacts = (socket) => socket.#facts;
  }

  /**
   * Not for programs: sockets come from `toNodeDuplex` and `ParleySocket`.
   *
   * @param options How it behaves.
   */
  constructor(options: SocketDuplexOptions = {}) {
    const { allowHalfOpen = false, highWaterMark = HIGH_WATER_MARK, clock = systemClock } = options;
    super(streamOptions({ allowHalfOpen, highWaterMark }));
    const idle = new IdleTimer(clock, () => void this.emit("timeout"));
    this.#facts = { connecting: false, hadError: false, ends: UNKNOWN_ENDS, streams: null, idle };
  }

  /** Whether the connection is being made. */
  get connecting(): boolean {
    return this.#facts.connecting;
  }

  /** Whether there is no connection yet, or no longer. */
  get pending(): boolean {
    return this.#facts.connecting || this.#facts.streams === null || this.destroyed;
  }

  /** How far the socket is open. */
  get readyState(): ReadyState {
    if (this.#facts.connecting) return "opening";
    if (this.readable) return this.writable ? "open" : "readOnly";
    return this.writable ? "writeOnly" : "closed";
  }

  /** IP address of the far end, if it is known. */
  get remoteAddress(): string | undefined {
    return this.#facts.ends.remote?.address;
  }

  /** Port of the far end. */
  get remotePort(): number | undefined {
    return this.#facts.ends.remote?.port;
  }

  /** Which kind of address the far end has. */
  get remoteFamily(): AddressFamily | undefined {
    return this.#facts.ends.remote?.family;
  }

  /** IP address of this end, if it is known. */
  get localAddress(): string | undefined {
    return this.#facts.ends.local?.address;
  }

  /** Port of this end. */
  get localPort(): number | undefined {
    return this.#facts.ends.local?.port;
  }

  /** Which kind of address this end has. */
  get localFamily(): AddressFamily | undefined {
    return this.#facts.ends.local?.family;
  }

  /** Bytes that arrived. */
  get bytesRead(): number {
    return this.#facts.streams?.bytesRead ?? 0;
  }

  /** Bytes that were written, with those that still wait here. */
  get bytesWritten(): number {
    return (this.#facts.streams?.bytesWritten ?? 0) + this.writableLength;
  }

  /** Milliseconds as given to `setTimeout`; undefined before. */
  get timeout(): number | undefined {
    return this.#timeoutMs;
  }

  /** This end, or an empty object when it is not known. */
  address(): { readonly address?: string; readonly port?: number; readonly family?: AddressFamily } {
    return { ...this.#facts.ends.local };
  }

  /**
   * Emits `timeout` when nothing has passed for this long; while connecting, too. Closes nothing, and does not hold the
   * process open.
   *
   * @param timeoutMs Milliseconds; 0 switches it off.
   * @param callback Listens to the next `timeout`; with 0 it is taken off the listeners.
   * @throws {RangeError} for a number that is negative or not finite.
   */
  setTimeout(timeoutMs: number, callback?: () => void): this {
    if (!(Number(timeoutMs) >= 0 && Number(timeoutMs) < Infinity)) {
      throw new RangeError("Cannot set the timeout: not a finite number of milliseconds");
    }
    if (this.destroyed) return this;
    this.#timeoutMs = Number(timeoutMs);
    this.#facts.idle.set(Math.min(this.#timeoutMs, MAX_TIMER_MS));
    if (callback === undefined) return this;
    return this.#timeoutMs === 0 ? this.off("timeout", callback) : this.once("timeout", callback);
  }

  /** Changes nothing on an open socket: TCP_NODELAY is settled when it is opened. */
  setNoDelay(_noDelay?: boolean): this {
    return this;
  }

  /** Changes nothing on an open socket: keep-alive is settled when it is opened. */
  setKeepAlive(_enable?: boolean, _initialDelayMs?: number): this {
    return this;
  }

  /** Changes nothing: an open socket holds the process open. */
  ref(): this {
    return this;
  }

  /** Changes nothing: an open socket holds the process open. */
  unref(): this {
    return this;
  }

  /** Ends the writing direction, and destroys the stream when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once("finish", () => void this.destroy());
  }

  /** As every emitter's; `close` tells whether there was an error, as `net.Socket` does. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return event === "close" && args.length === 0
      ? super.emit(event, this.#facts.hadError)
      : super.emit(event, ...args);
  }
}
