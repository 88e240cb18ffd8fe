/**
 * Direct Sockets for the main program: <https://wicg.github.io/direct-sockets/>. TCP clients.
 *
 * @module
 */
import { ambientNetContext } from "./ambient.ts";
import { createDirectSockets, type TCPSocketConstructor } from "./faces/direct_sockets/mod.ts";

export type { TCPSocketConstructor, TCPSocketOpenInfo, TCPSocketOptions } from "./faces/direct_sockets/mod.ts";
export type { DnsQueryType } from "./port.ts";

/** A TCP connection of the Direct Sockets draft. */
export type TCPSocket = InstanceType<TCPSocketConstructor>;

/**
 * TCP client sockets. Constructing one asks the operator; nothing leaves before the answer.
 *
 * @example A line there and back
 * ```ts
 * import { TCPSocket } from "@parley/parley/direct-sockets";
 * import assert from "node:assert/strict";
 *
 * const socket = new TCPSocket("echo.example", 7);
 * const { readable, writable } = await socket.opened;
 * const writer = writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * assert.equal(await new Response(readable).text(), "hello");
 * await socket.closed;
 * ```
 */
export const TCPSocket: TCPSocketConstructor = createDirectSockets(ambientNetContext).TCPSocket;
