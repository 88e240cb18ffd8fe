/** A Node stream over a socket with web streams, in the manner of a `net.Socket`. Backpressure holds both ways. */
import type { StreamSocket } from "../../../net/above/node/port.ts";
import { closeSocket, type Done, LockedStreams } from "./locked_streams.ts";
import { NetSurface, type SurfaceFacts, surfaceFacts } from "./net_surface.ts";
import { socketClosedError, toNodeError } from "./node_socket_error.ts";
import { socketEnds, UNKNOWN_ENDS } from "./socket_ends.ts";

/** What the makers of sockets can do with one, and programs cannot. */
export interface SocketControl {
  /** Takes a socket over. It counts as connecting until `connected` is called, and nothing is read from it before. */
  attach(duplex: SocketDuplex, socket: StreamSocket): void;
  /** The socket is connected: `addresses` tells both ends, and the listeners hear of it unless `silent`. */
  connected(duplex: SocketDuplex, how: { readonly addresses: unknown; readonly silent: boolean }): void;
  /** Takes over what `open` resolves with. The stream is as new: not destroyed, or made as if it had not been. */
  open(duplex: SocketDuplex, open: (signal: AbortSignal) => Promise<StreamSocket>): void;
}

/** What was written before there was a connection. At most one operation: the rest waits in the stream. */
interface Deferred {
  readonly start: (streams: LockedStreams) => void;
  readonly done: Done;
}

/** For the makers of sockets. */
export let socketControl: SocketControl;

/**
 * A socket as Node programs know it: a `Duplex` with the members of a `net.Socket`, made by `toNodeDuplex` and
 * `ParleySocket`. Destroying it closes the socket below. What fails has a system's `code`, such as `ECONNRESET`, and Parley's
 * error as `cause`.
 *
 * @example What is known of it
 * ```ts
 * import { openTCPSocket } from "@parley/parley";
 * import { type SocketDuplex, toNodeDuplex } from "@parley/parley/node";
 * import assert from "node:assert/strict";
 *
 * const socket: SocketDuplex = toNodeDuplex(await openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 }));
 * socket.end("hello");
 * for await (const chunk of socket) assert.equal(String(chunk), "hello");
 * assert.equal(socket.bytesRead, 5);
 * ```
 */
export class SocketDuplex extends NetSurface {
  readonly #facts: SurfaceFacts = surfaceFacts(this);
  #attempt: AbortController | null = null;
  #deferred: Deferred | null = null;
  #readWaits = false;

  static {
    socketControl = Object.freeze({
      attach: (duplex: SocketDuplex, socket: StreamSocket) => duplex.#attach(socket),
      connected: (duplex: SocketDuplex, how: { readonly addresses: unknown; readonly silent: boolean }) =>
        duplex.#connected(how),
      open: (duplex: SocketDuplex, open: (signal: AbortSignal) => Promise<StreamSocket>) => duplex.#open(open),
    });
  }

  /** Reads a chunk; for the stream itself. */
  override _read(): void {
    const { streams, connecting } = this.#facts;
    this.#readWaits = streams === null || connecting;
    if (!this.#readWaits) streams?.read();
  }

  /** Writes a chunk; for the stream itself. */
  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#facts.idle.touch();
    const { streams } = this.#facts;
    if (streams !== null) streams.write(chunk, done);
    else this.#defer((later) => later.write(chunk, done), done);
  }

  /** Writes chunks that waited; for the stream itself. */
  override _writev(writes: readonly { readonly chunk: Uint8Array }[], done: (error?: Error | null) => void): void {
    this.#facts.idle.touch();
    const { streams } = this.#facts;
    const chunks = writes.map(({ chunk }) => chunk);
    if (streams !== null) streams.writeAll(chunks, done);
    else this.#defer((later) => later.writeAll(chunks, done), done);
  }

  /** Ends the writing direction; for the stream itself. */
  override _final(done: (error?: Error | null) => void): void {
    const { streams, connecting } = this.#facts;
    if (streams !== null) streams.end(done);
    else if (connecting) this.#defer((later) => later.end(done), done);
    else done();
  }

  /** Closes the socket below; for the stream itself. */
  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#facts.idle.stop();
    this.#facts.hadError = error !== null;
    this.#facts.connecting = false;
    this.#attempt?.abort(error ?? undefined);
    this.#attempt = null;
    const deferred = this.#deferred;
    this.#deferred = null;
    this.#facts.streams?.release(error);
    deferred?.done(error ?? socketClosedError("write"));
    done(error);
  }

  #defer(start: Deferred["start"], done: Done): void {
    if (this.#facts.connecting) this.#deferred = { start, done };
    else done(socketClosedError("write"));
  }

  #open(open: (signal: AbortSignal) => Promise<StreamSocket>): void {
    const attempt = new AbortController();
    this.#attempt = attempt;
    Object.assign(this.#facts, { connecting: true, hadError: false, ends: UNKNOWN_ENDS, streams: null });
    this.#facts.idle.touch();
    open(attempt.signal).then((socket) => {
      if (attempt.signal.aborted) closeSocket(socket);
      else this.#opened(socket);
    }, (error) => {
      if (!attempt.signal.aborted) this.destroy(toNodeError(error, "connect"));
    });
  }

  #opened(socket: StreamSocket): void {
    // Its signal breaks the connection off, with RST: from now on the socket is closed instead.
    this.#attempt = null;
    try {
      this.#attach(socket);
    } catch (error) {
      closeSocket(socket);
      return void this.destroy(toNodeError(error, "connect"));
    }
    this.#connected({ addresses: socket, silent: false });
  }

  #attach(socket: StreamSocket): void {
    const streams = new LockedStreams(socket, {
      onChunk: (chunk) => {
        this.#facts.idle.touch();
        this.push(chunk);
      },
      onEnd: () => {
        this.push(null);
        // As net.Socket does: with nothing left to read, the end is told although nobody reads.
        this.read(0);
      },
      onSent: () => this.#facts.idle.touch(),
      onBroken: (error) => void this.destroy(error),
    });
    Object.assign(this.#facts, { connecting: true, streams });
    this.#deferred?.start(streams);
    this.#deferred = null;
  }

  #connected({ addresses, silent }: { readonly addresses: unknown; readonly silent: boolean }): void {
    this.#facts.connecting = false;
    this.#facts.ends = socketEnds(addresses);
    this.#facts.idle.touch();
    if (this.#readWaits) this._read();
    if (!silent) {
      this.emit("connect");
      this.emit("ready");
    }
    // As net.Socket does: one chunk is read ahead, so that an end or a reset is noticed.
    if (!this.isPaused() && !this.destroyed) this.read(0);
  }
}
