/** The servers face: Parley's own, for what no specification of raw sockets has. */
import type { NetContextSource } from "../../context.ts";
import { bindUdpSocket } from "./bind_udp_socket.ts";
import type { BoundUDPSocket } from "./bound_udp_socket.ts";
import type { UDPBindOptions } from "./udp_bind_options.ts";
import { openTcpServer } from "./open_tcp_server.ts";
import type { TCPServer } from "./tcp_server.ts";
import type { TCPServerOptions } from "./tcp_server_options.ts";

export { type AddressedUDPMessage, type AddressedUDPMessageInit, BoundUDPSocket } from "./bound_udp_socket.ts";
export type { UDPDestination, UDPMembership } from "./bound_udp_socket.ts";
export type { UDPBindOptions } from "./udp_bind_options.ts";
export type { GroupOptions } from "./udp_group_options.ts";
export { AcceptedSocket, type ServerStartTLSOptions, type SocketStats } from "./accepted_socket.ts";
export { type DrainOptions, TCPServer } from "./tcp_server.ts";
export type { TCPServerOptions } from "./tcp_server_options.ts";

/** What one requester can serve. */
export interface Servers {
  /** Listens for TCP connections, if the operator approves; see `openTCPServer`. */
  openTCPServer(options?: TCPServerOptions): Promise<TCPServer>;
  /** Binds a UDP socket, if the operator approves; see `bindUDPSocket`. */
  bindUDPSocket(options?: UDPBindOptions): Promise<BoundUDPSocket>;
}

/**
 * Makes the face for one requester.
 *
 * @param context Whom it acts for.
 */
export function createServers(context: NetContextSource): Servers {
  return Object.freeze({
    openTCPServer: (options?: TCPServerOptions): Promise<TCPServer> => openTcpServer(context, options),
    bindUDPSocket: (options?: UDPBindOptions): Promise<BoundUDPSocket> => bindUdpSocket(context, options),
  });
}
