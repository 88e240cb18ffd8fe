/** `toNodeDuplex()`: a socket with web streams becomes a Node stream. */
import process from "node:process";
import type { StreamSocket } from "../../../net/above/node/port.ts";
import { toNodeError } from "./node_socket_error.ts";
import type { SocketDuplexOptions } from "./net_surface.ts";
import { socketControl, SocketDuplex } from "./socket_duplex.ts";

/** Options of {@linkcode toNodeDuplex}. */
export interface ToNodeDuplexOptions extends SocketDuplexOptions {
  /**
   * Emits `connect` and `ready` on the next tick, until when `connecting` is true: for programs that wait for them. Default
   * false. A socket that has an `opened` promise emits them when that resolves, whatever this says.
   */
  readonly emitConnect?: boolean;
}

/**
 * Makes a Node stream out of a socket, with the members of a `net.Socket` that Node programs use.
 *
 * The socket's streams are locked from now on, and reading begins: at most `highWaterMark` bytes and a chunk are read ahead of
 * who reads here. Chunks are handed on without a copy. `setNoDelay`, `setKeepAlive`, `ref` and `unref` change nothing: the
 * first two are settled when a socket is opened.
 *
 * @param socket A `TCPSocket` of Raw Sockets, a `Socket` of WinterTC, what `opened` of Direct Sockets resolves with, or any
 * pair of web streams of bytes.
 * @param options How it behaves.
 * @returns The stream. Destroying it closes the socket.
 * @throws {TypeError} when one of the streams is locked.
 *
 * @example A pipeline through a socket
 * ```ts
 * import { openTCPSocket } from "@parley/parley";
 * import { toNodeDuplex } from "@parley/parley/node";
 * import { Readable } from "node:stream";
 * import { pipeline } from "node:stream/promises";
 * import assert from "node:assert/strict";
 *
 * const socket = await openTCPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * let heard = "";
 * await pipeline(Readable.from(["hello, ", "world"]), toNodeDuplex(socket, { allowHalfOpen: true }), async (answer) => {
 *   for await (const chunk of answer) heard += chunk;
 * });
 * assert.equal(heard, "hello, world");
 * ```
 */
export function toNodeDuplex(socket: StreamSocket, options: ToNodeDuplexOptions = {}): SocketDuplex {
  const duplex = new SocketDuplex(options);
  socketControl.attach(duplex, socket);
  const connected = (addresses: unknown, silent = false): void => {
    if (!duplex.destroyed) socketControl.connected(duplex, { addresses, silent });
  };
  if (socket.opened !== undefined) {
    socket.opened.then(
      (addresses) => connected(addresses),
      (error) => void duplex.destroy(toNodeError(error, "connect")),
    );
  } else if (options.emitConnect === true) {
    process.nextTick(() => connected(socket));
  } else {
    connected(socket, true);
  }
  return duplex;
}
