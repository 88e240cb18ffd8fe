/** The Direct Sockets face: <https://wicg.github.io/direct-sockets/>. */
import type { NetContextSource } from "../../context.ts";
import { defineMulticastController, type MulticastControllerConstructor } from "./multicast_controller.ts";
import { type DirectSocketsPolicy, SELF_POLICY, toPolicy } from "./policy.ts";
import { defineTcpServerSocket, type TCPServerSocketConstructor } from "./tcp_server_socket.ts";
import { defineTcpSocket, type TCPSocketConstructor } from "./tcp_socket.ts";
import { defineUdpSocket, type UDPSocketConstructor } from "./udp_socket.ts";

export type { MulticastController, MulticastControllerConstructor } from "./multicast_controller.ts";
export type { MulticastGroupOptions } from "./multicast_group_options.ts";
export type { JoinedGroup, MulticastMembership } from "./multicast_groups.ts";
export type { TCPServerSocketOpenInfo } from "./open_server_socket.ts";
export { type DirectSocketsPolicy, NO_POLICY, SELF_POLICY } from "./policy.ts";
export type { TCPSocketOpenInfo } from "./tcp_open_info.ts";
export type { TCPServerSocket, TCPServerSocketConstructor } from "./tcp_server_socket.ts";
export type { TCPServerSocketOptions } from "./tcp_server_socket_options.ts";
export type { TCPSocket, TCPSocketConstructor } from "./tcp_socket.ts";
export type { TCPSocketOptions } from "./tcp_socket_options.ts";
export type { ReceivedUDPMessage, UDPMessage, UDPSocketOpenInfo } from "./udp_open_info.ts";
export type { UDPSocket, UDPSocketConstructor } from "./udp_socket.ts";
export type { UDPSocketOptions } from "./udp_socket_options.ts";

/** The classes of the draft. */
export interface DirectSockets {
  /** Joins groups of a bound UDP socket. */
  readonly MulticastController: MulticastControllerConstructor;
  /** TCP servers. */
  readonly TCPServerSocket: TCPServerSocketConstructor;
  /** TCP client sockets. */
  readonly TCPSocket: TCPSocketConstructor;
  /** UDP sockets. */
  readonly UDPSocket: UDPSocketConstructor;
}

/**
 * Makes the face for one requester: classes of its own, whose sockets act for it.
 *
 * @param source Whom it acts for.
 * @param given What its code may use; by default what the main program's own code may.
 */
export function createDirectSockets(source: NetContextSource, given: DirectSocketsPolicy = SELF_POLICY): DirectSockets {
  const policy = toPolicy(given);
  const { TCPSocket, accepted } = defineTcpSocket(source, policy);
  const controllers = defineMulticastController();
  return Object.freeze({
    MulticastController: controllers.MulticastController,
    TCPServerSocket: defineTcpServerSocket(source, { policy, accepted }),
    TCPSocket,
    UDPSocket: defineUdpSocket(source, { policy, controllers }),
  });
}
