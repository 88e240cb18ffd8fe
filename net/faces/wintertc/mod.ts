/** The WinterTC Sockets face: <https://sockets-api.proposal.wintertc.org/>, the text of June 2025. */
export { createWinterTcSockets, type WinterTcSockets } from "./connect.ts";
export { Socket, type SocketInfo } from "./socket.ts";
export type { AnySocketAddress, SocketAddress } from "./socket_address.ts";
export { SocketError } from "./socket_error.ts";
export type { SecureTransportKind, SocketOptions, SocketTLSOptions, StartTlsOptions } from "./socket_options.ts";
