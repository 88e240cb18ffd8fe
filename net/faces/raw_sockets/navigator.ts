/** The part of `navigator` that the Raw Sockets explainer defines. */
import type { NetContextSource } from "../../context.ts";
import { openTcpSocket } from "./open_tcp_socket.ts";
import type { TCPSocketOptions } from "./tcp_options.ts";
import { openUdpSocket } from "./open_udp_socket.ts";
import type { TCPSocket } from "./tcp_socket.ts";
import type { UDPSocketOptions } from "./udp_options.ts";
import type { UDPSocket } from "./udp_socket.ts";

/** Raw Sockets on an exported `navigator` object. */
export interface NavigatorRawSockets {
  /** Opens a TCP connection, if the operator approves; see `openTCPSocket`. */
  openTCPSocket(options: TCPSocketOptions): Promise<TCPSocket>;
  /** Opens a UDP socket with one peer, if the operator approves; see `openUDPSocket`. */
  openUDPSocket(options: UDPSocketOptions): Promise<UDPSocket>;
}

/**
 * Makes the face for one requester.
 *
 * @param context Whom it acts for.
 */
export function createRawSockets(context: NetContextSource): NavigatorRawSockets {
  return Object.freeze({
    openTCPSocket: (...[options]: [options: TCPSocketOptions]): Promise<TCPSocket> => openTcpSocket(context, options),
    openUDPSocket: (...[options]: [options: UDPSocketOptions]): Promise<UDPSocket> => openUdpSocket(context, options),
  });
}
