/**
 * Node streams over Parley's sockets, and the other way: existing Node clients run over connections that the operator approved.
 *
 * @module
 */
import { rawSockets } from "./ambient.ts";
import { ClientSocket, type ClientSocketOptions } from "../runtime/_node/node_stream/client_socket.ts";
import { connectionMaker, type CreateConnection } from "../runtime/_node/node_stream/create_connection.ts";

export { fromNodeDuplex } from "../runtime/_node/node_stream/from_node_duplex.ts";
export { toNodeDuplex } from "../runtime/_node/node_stream/to_node_duplex.ts";
export type { ClientSocket, ClientSocketOptions } from "../runtime/_node/node_stream/client_socket.ts";
export type { ConnectOptions } from "../runtime/_node/node_stream/connect_arguments.ts";
export type { CreateConnection, CreateConnectionOptions } from "../runtime/_node/node_stream/create_connection.ts";
export type {
  AddressFamily,
  NetSurface,
  ReadyState,
  SocketDuplexOptions,
} from "../runtime/_node/node_stream/net_surface.ts";
export type { SocketDuplex } from "../runtime/_node/node_stream/socket_duplex.ts";
export type { ToNodeDuplexOptions } from "../runtime/_node/node_stream/to_node_duplex.ts";
export type { TCPSocketOptions } from "./faces/raw_sockets/tcp_options.ts";
export type { DnsQueryType } from "./port.ts";
export type { ProxyOptions } from "./proxy_options.ts";
export type { TLSOptions } from "./tls_options.ts";
export type { Clock, Timer } from "../core/clock.ts";
export type { DuplexStreams, OpenOptions, OpenTCPSocket, StreamSocket } from "./above/node/port.ts";

/** Options of {@linkcode ParleySocket}. */
export type ParleySocketOptions = ClientSocketOptions;

/**
 * A socket for Node clients that make and connect one by themselves: a `Duplex` with the members of a `net.Socket`, whose
 * `connect()` asks the operator. Nothing leaves before the answer.
 *
 * A refusal is an `error` with the code `EACCES`; what fails after approval has the system's code, such as `ECONNREFUSED`.
 * The client's own connect timeout includes the time the operator takes to answer.
 *
 * @example As a client uses it
 * ```ts
 * import { ParleySocket } from "@parley/parley/node";
 * import assert from "node:assert/strict";
 *
 * const socket = new ParleySocket();
 * socket.connect({ host: "echo.example", port: 7 }, () => void socket.end("hello"));
 * for await (const chunk of socket) assert.equal(String(chunk), "hello");
 * ```
 */
export class ParleySocket extends ClientSocket {
  /**
   * Makes a socket that is not connected.
   *
   * @param options How it opens and behaves.
   * @throws {TypeError} for options that can never work.
   */
  constructor(options: ParleySocketOptions = {}) {
    super(options, rawSockets.openTCPSocket);
  }
}

/**
 * Makes a `createConnection` for agents and clients that take one in place of that of `node:net`.
 *
 * An `http.Agent` takes it as its `createConnection`, `http.request` as an option of that name, but not together with
 * `agent: false`: then the option is ignored on every runtime, and the request passes Parley by.
 *
 * @param options How its sockets open and behave.
 * @returns The function. It asks the operator each time it is called; an approval for the run answers at once.
 * @throws {TypeError} for options that can never work.
 *
 * @example The function a client is given
 * ```ts
 * import { createNodeConnection } from "@parley/parley/node";
 * import assert from "node:assert/strict";
 *
 * const createConnection = createNodeConnection({ allowHalfOpen: true });
 * const socket = createConnection(7, "echo.example", () => void socket.end("hello"));
 * for await (const chunk of socket) assert.equal(String(chunk), "hello");
 * ```
 */
export function createNodeConnection(options: ParleySocketOptions = {}): CreateConnection<ParleySocket> {
  return connectionMaker((own) => new ParleySocket({ ...options, ...own }));
}
