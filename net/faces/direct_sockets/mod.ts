/** The Direct Sockets face: <https://wicg.github.io/direct-sockets/>. TCP clients; UDP, servers and multicast come later. */
import type { NetContextSource } from "../../context.ts";
import { defineTcpSocket, type TCPSocketConstructor } from "./tcp_socket.ts";

export type { TCPSocket, TCPSocketConstructor } from "./tcp_socket.ts";
export type { TCPSocketOptions } from "./tcp_socket_options.ts";
export type { TCPSocketOpenInfo } from "./tcp_socket_state.ts";

/** The classes of the draft. */
export interface DirectSockets {
  /** TCP client sockets. */
  readonly TCPSocket: TCPSocketConstructor;
}

/**
 * Makes the face for one requester: classes of its own, whose sockets act for it.
 *
 * @param source Whom it acts for.
 */
export function createDirectSockets(source: NetContextSource): DirectSockets {
  return Object.freeze({ TCPSocket: defineTcpSocket(source) });
}
