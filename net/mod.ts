/**
 * Sockets: TCP with web streams and TLS, opened only with the operator's consent.
 *
 * @module
 */
import { ambientNetContext, rawSockets, servers } from "./ambient.ts";
import { openReconnecting, type ReconnectingSocketOptions } from "./above/reconnecting/open_reconnecting_socket.ts";
import type { ReconnectingSocket } from "./above/reconnecting/reconnecting_socket.ts";
import type { TCPSocketOptions } from "./faces/raw_sockets/tcp_options.ts";
import type { TCPSocket } from "./faces/raw_sockets/tcp_socket.ts";
import type { UDPSocketOptions } from "./faces/raw_sockets/udp_options.ts";
import type { UDPSocket } from "./faces/raw_sockets/udp_socket.ts";
import type { BoundUDPSocket, TCPServer, TCPServerOptions, UDPBindOptions } from "./faces/servers/mod.ts";

export { createNavigator, type LibraryNavigator, type NavigatorOptions } from "./navigator.ts";
export * from "./above/framing/mod.ts";
export { logWire } from "./above/wire_log/log_wire.ts";
export type { LoggedStreams, WireLogOptions, WireStreams } from "./above/wire_log/log_wire.ts";
export type { ReconnectingSocketOptions } from "./above/reconnecting/open_reconnecting_socket.ts";
export type { ReconnectingSocket, ReconnectWait } from "./above/reconnecting/reconnecting_socket.ts";
export { TCPSocket } from "./faces/raw_sockets/tcp_socket.ts";
export type { TCPSocketOptions } from "./faces/raw_sockets/tcp_options.ts";
export { UDPSocket } from "./faces/raw_sockets/udp_socket.ts";
export type { UDPMessage, UDPMessageInit, UDPSource } from "./faces/raw_sockets/udp_socket.ts";
export type { UDPSocketOptions } from "./faces/raw_sockets/udp_options.ts";
export { AcceptedSocket, BoundUDPSocket, TCPServer } from "./faces/servers/mod.ts";
export type {
  AddressedUDPMessage,
  AddressedUDPMessageInit,
  DrainOptions,
  GroupOptions,
  ServerStartTLSOptions,
  SocketStats,
  TCPServerOptions,
  UDPBindOptions,
  UDPDestination,
  UDPMembership,
} from "./faces/servers/mod.ts";
export type { DrainResult } from "./engine/server/tcp_server.ts";
export type { ServerStats } from "./engine/server/server_counters.ts";
export type { UDPBufferOptions } from "./udp_socket_options.ts";
export type { UDPStats } from "./udp_stats.ts";
export { NetworkErrorEvent } from "./network_error_event.ts";
export type { NetworkErrorListener } from "./network_error_event.ts";
export type { ProxyOptions } from "./proxy_options.ts";
export type { ServerTLSOptions } from "./server_tls_options.ts";
export type { TLSOptions } from "./tls_options.ts";
export type { TlsInfo } from "./engine/tls_handshake.ts";
export type { DnsQueryType, PeerCertificate } from "./port.ts";

/**
 * Opens a TCP connection, if the operator approves: at the terminal, or by a rule given at launch. No packet leaves before
 * that, not even a DNS query.
 *
 * @param options Where to and how.
 * @returns The open socket.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError` for every refusal, whatever the reason; `NetworkError` when an approved
 * connection fails, with a `ParleyError` as `cause`; `NotSupportedError` on an unknown runtime; the signal's reason on abort.
 *
 * @example TLS, and the certificate that was verified
 * ```ts
 * import { openTCPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using socket = await openTCPSocket({ remoteAddress: "echo.example", remotePort: 563, secureTransport: "on" });
 * assert.equal(socket.tlsInfo?.serverName, "echo.example");
 * ```
 *
 * @example Upgrading with STARTTLS
 * ```ts
 * import { openTCPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const plain = await openTCPSocket({ remoteAddress: "mail.example", remotePort: 25, secureTransport: "starttls" });
 * const reader = plain.readable.getReader();
 * const writer = plain.writable.getWriter();
 * await reader.read(); // 220 ready
 * await writer.write(new TextEncoder().encode("STARTTLS\r\n"));
 * await reader.read(); // 220 go ahead
 * reader.releaseLock();
 * writer.releaseLock();
 * await using secure = await plain.startTls();
 * assert.equal(secure.tlsInfo?.protocol, "TLSv1.3");
 * ```
 */
export function openTCPSocket(options: TCPSocketOptions): Promise<TCPSocket> {
  return rawSockets.openTCPSocket(options);
}

/**
 * Opens a UDP socket that exchanges datagrams with one peer, if the operator approves. Datagrams of anyone else are dropped.
 *
 * Until the peer has answered, 10 datagrams and 4 KiB leave at once, then one a second.
 *
 * @param options Where to and how.
 * @returns The open socket.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError` for every refusal; `NetworkError` when an approved socket fails to open;
 * `NotSupportedError` on an unknown runtime; the signal's reason on abort.
 *
 * @example One question, one answer
 * ```ts
 * import { bindUDPSocket, openUDPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using server = await bindUDPSocket();
 * await using client = await openUDPSocket({ remoteAddress: server.localAddress, remotePort: server.localPort });
 * await client.send(new TextEncoder().encode("ping"));
 * for await (const { data, remoteAddress, remotePort } of server) {
 *   await server.send(data, { remoteAddress, remotePort });
 *   break;
 * }
 * for await (const [source, blob] of client) {
 *   assert.equal(source.remotePort, server.localPort);
 *   assert.equal(await blob.text(), "ping");
 *   break;
 * }
 * ```
 */
export function openUDPSocket(options: UDPSocketOptions): Promise<UDPSocket> {
  return rawSockets.openUDPSocket(options);
}

/**
 * Listens for TCP connections, if the operator approves. By default programs of this machine alone can connect.
 *
 * @param options Where, how, and who may connect.
 * @returns The server.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError` for every refusal; `NetworkError` when the port is in use or the certificate cannot
 * be used; `NotSupportedError` on an unknown runtime; the signal's reason on abort.
 *
 * @example An echo server
 * ```ts
 * import { openTCPServer, openTCPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using server = await openTCPServer();
 * const serving = (async () => {
 *   for await (const socket of server) await socket.readable.pipeTo(socket.writable);
 * })();
 * const client = await openTCPSocket({ remoteAddress: server.localAddress, remotePort: server.localPort });
 * const writer = client.writable.getWriter();
 * await writer.write(new TextEncoder().encode("hello"));
 * await writer.close();
 * assert.equal(await new Response(client.readable).text(), "hello");
 * await server.close();
 * await serving;
 * ```
 */
export function openTCPServer(options: TCPServerOptions = {}): Promise<TCPServer> {
  return servers.openTCPServer(options);
}

/**
 * Binds a UDP socket to an address of this machine, if the operator approves. Whoever can reach it is heard; each new
 * destination is asked about, except for short answers to those who wrote first. See {@linkcode openUDPSocket} for an example.
 *
 * @param options Where, and what may be sent to.
 * @returns The socket.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError` for every refusal; `NetworkError` when the port is in use; `NotSupportedError` on an
 * unknown runtime; the signal's reason on abort.
 *
 * @example What was heard, and from whom
 * ```ts
 * import { bindUDPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using sensor = await bindUDPSocket();
 * await using hub = await bindUDPSocket({ localPort: 5683 });
 * await sensor.send(new TextEncoder().encode("21.5"), { remoteAddress: "127.0.0.1", remotePort: 5683 });
 * for await (const { data, remotePort } of hub) {
 *   assert.equal(new TextDecoder().decode(data), "21.5");
 *   assert.equal(remotePort, sensor.localPort);
 *   break;
 * }
 * ```
 */
export function bindUDPSocket(options: UDPBindOptions = {}): Promise<BoundUDPSocket> {
  return servers.bindUDPSocket(options);
}

/**
 * Prepares connections to one destination that come back by themselves, all under the one approval that the first is opened
 * with. Each is opened when the loop asks for it, after a wait that grows with failures; leaving the loop closes.
 *
 * @param options Where to and how.
 * @returns The connections, to be looped over once.
 * @throws {TypeError} for options that can never work.
 *
 * @example A sensor that reports for ever
 * ```ts
 * import { openReconnectingSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * const link = await openReconnectingSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * for await (const socket of link) {
 *   const writer = socket.writable.getWriter();
 *   await writer.write(new TextEncoder().encode("21.5"));
 *   const { value } = await socket.readable.getReader().read();
 *   assert.equal(new TextDecoder().decode(value), "21.5");
 *   break; // a real one goes on until the connection ends
 * }
 * ```
 */
export function openReconnectingSocket(options: ReconnectingSocketOptions): Promise<ReconnectingSocket> {
  return openReconnecting(ambientNetContext, options);
}
