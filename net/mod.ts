/**
 * Sockets: TCP with web streams and TLS, opened only with the operator's consent.
 *
 * @module
 */
import { rawSockets } from "./ambient.ts";
import type { TCPSocketOptions } from "./faces/raw_sockets/tcp_options.ts";
import type { TCPSocket } from "./faces/raw_sockets/tcp_socket.ts";

export { TCPSocket } from "./faces/raw_sockets/tcp_socket.ts";
export type { TCPSocketOptions } from "./faces/raw_sockets/tcp_options.ts";
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
