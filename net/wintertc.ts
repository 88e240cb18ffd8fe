/**
 * The WinterTC Sockets API for the main program: <https://sockets-api.proposal.wintertc.org/>.
 *
 * @module
 */
import { ambientNetContext } from "./ambient.ts";
import { createWinterTcSockets, type WinterTcSockets } from "./faces/wintertc/mod.ts";

export { Socket, SocketError } from "./faces/wintertc/mod.ts";
export type {
  AnySocketAddress,
  SecureTransportKind,
  SocketAddress,
  SocketInfo,
  SocketOptions,
  SocketTLSOptions,
  StartTlsOptions,
  WinterTcSockets,
} from "./faces/wintertc/mod.ts";

/**
 * Begins to open a TCP connection, if the operator approves, and returns at once. Nothing leaves before that, not even a
 * DNS query; reads and writes wait meanwhile.
 *
 * @param address Where to: `host:port`, or `{ hostname, port }`.
 * @param options How.
 * @returns The pending socket; its `opened` and `closed` reject with one `SocketError` when it cannot be opened.
 * @throws {SocketError} for a malformed address, and for TLS options without TLS.
 * @throws {TypeError} for options of a wrong type.
 *
 * @example Writing before it is open
 * ```ts
 * import { connect } from "@parley/parley/wintertc";
 * import assert from "node:assert/strict";
 *
 * const socket = connect("echo.example:7", { allowHalfOpen: true });
 * const writer = socket.writable.getWriter();
 * await writer.write("hello");
 * await writer.close();
 * assert.equal(await new Response(socket.readable).text(), "hello");
 * await socket.close();
 * ```
 */
export const connect: WinterTcSockets["connect"] = createWinterTcSockets(ambientNetContext).connect;
