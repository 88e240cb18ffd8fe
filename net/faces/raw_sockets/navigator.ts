/** The part of `navigator` that the Raw Sockets explainer defines. */
import type { NetContextSource } from "../../context.ts";
import { openTcpSocket } from "./open_tcp_socket.ts";
import type { TCPSocketOptions } from "./tcp_options.ts";
import type { TCPSocket } from "./tcp_socket.ts";

/** Raw Sockets on an exported `navigator` object. */
export interface NavigatorRawSockets {
  /** Opens a TCP connection, if the operator approves; see `openTCPSocket`. */
  openTCPSocket(options: TCPSocketOptions): Promise<TCPSocket>;
}

/**
 * Makes the face for one requester.
 *
 * @param context Whom it acts for.
 */
export function createRawSockets(context: NetContextSource): NavigatorRawSockets {
  return Object.freeze({
    openTCPSocket: (options: TCPSocketOptions): Promise<TCPSocket> => openTcpSocket(context, options),
  });
}
