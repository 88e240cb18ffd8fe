/** What a runtime supplies for servers: accepting connections, and the server's side of TLS. Part of `NetBackend`. */
import type { Grant } from "../permissions/grant.ts";
import type { IpAddress } from "../core/ip_address.ts";
import type { ByteLink, PeerCertificate, SocketAddress } from "./port.ts";

/** How to listen. */
export interface ListenOptions {
  /** Connections that may wait to be accepted, at least 1. */
  readonly backlog: number;
  /** Keeps a server on `::` from taking IPv4 connections too. */
  readonly ipv6Only: boolean;
  /** Sets TCP_NODELAY on accepted connections. */
  readonly noDelay: boolean;
  /** Milliseconds of silence before the first keep-alive probe of accepted connections, or null for none. */
  readonly keepAliveDelayMs: number | null;
}

/** A listening socket. */
export interface LinkListener {
  /** Where it listens, with the port that the system picked; the path with port 0 for a local socket. */
  readonly local: SocketAddress;
  /**
   * Connections that were broken off because `backlog` others waited already. Only on runtimes that accept eagerly (see
   * the gap `acceptsEagerly`); elsewhere the system keeps them waiting.
   */
  readonly overflowed: number;
  /**
   * Takes the next connection; one call at a time. Connections nobody takes are not read from.
   *
   * @returns The connection, or null once the listener is closed.
   * @throws {ParleyError} with a `NET_` code, when the system refuses; the listener goes on.
   */
  accept(): Promise<ByteLink | null>;
  /** Stops listening and breaks off what waits; accepted connections go on. A pending `accept` gives null. Idempotent. */
  close(): void;
}

/** How a server proves who it is, and whom it asks. Every member is always an own property (CORE-01). */
export interface TlsIdentity {
  /** PEM certificate chain, the server's own first. */
  readonly cert: string;
  /** PEM private key. */
  readonly key: string;
  /** PEM authorities whose client certificates are demanded; null asks for none. */
  readonly clientCa: readonly string[] | null;
  /** Protocols accepted by ALPN, best first; empty for none. A client that offers only others is refused. */
  readonly alpnProtocols: readonly string[];
}

/** A handshake that the server's side completed. */
export interface TlsServed {
  /** The link that carries the program's bytes from now on. */
  readonly link: ByteLink;
  /** The name the client asked for (SNI), unescaped, or null. */
  readonly serverName: string | null;
  /** The ALPN protocol agreed on, or null. */
  readonly alpnProtocol: string | null;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The client's certificates, its own first, verified against `clientCa`; empty where none was asked for. */
  readonly chain: readonly PeerCertificate[];
}

/** The part of a back end that serves. */
export interface ServerBackend {
  /**
   * Listens for TCP connections.
   *
   * @param grant The approval, for this address and port.
   * @param at A literal address of this machine or an unspecified one, and a port; 0 for one that the system picks.
   * @throws {ParleyError} `NET_IN_USE`, `NET_OS_DENIED`, or another `NET_` code.
   */
  listenTcp(
    grant: Grant,
    at: { readonly address: IpAddress; readonly port: number },
    options: ListenOptions,
  ): Promise<LinkListener>;
  /**
   * Makes the server's side of a TLS handshake over any link. Sends no session tickets and resumes nothing (NET-23).
   * Closes the link below when it fails or when the returned link is closed.
   *
   * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, or a `NET_` code.
   */
  serveTls(
    grant: Grant,
    link: ByteLink,
    how: { readonly identity: TlsIdentity; readonly signal: AbortSignal },
  ): Promise<TlsServed>;
  /**
   * Connects to a socket in the file system. Both ends of the link have the path as address, and port 0.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  connectPath(grant: Grant, path: string, options: { readonly signal: AbortSignal }): Promise<ByteLink>;
  /**
   * Listens on a path, which must not exist; the file is removed by `close`. Only its owner can connect (mode 0600).
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  listenPath(grant: Grant, path: string, options: { readonly backlog: number }): Promise<LinkListener>;
}
