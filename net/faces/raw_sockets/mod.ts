/** The Raw Sockets face: <https://github.com/WICG/raw-sockets/blob/main/docs/explainer.md>. */
export { createRawSockets, type NavigatorRawSockets } from "./navigator.ts";
export type { TCPSocketOptions } from "./tcp_options.ts";
export { TCPSocket } from "./tcp_socket.ts";
export type { UDPSocketOptions } from "./udp_options.ts";
export { type UDPMessage, type UDPMessageInit, UDPSocket, type UDPSource } from "./udp_socket.ts";
