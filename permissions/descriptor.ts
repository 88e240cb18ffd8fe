/** The names and parameters of everything that can be asked for. */
import type { Destination } from "../core/destination.ts";

/** What a TLS connection is bound to, as far as it differs from plain verification against the runtime's own roots. */
export interface TlsClaims {
  /** `open`: TLS from the first byte. `upgrade`: plaintext first, TLS by `startTls()`. */
  readonly mode: "open" | "upgrade";
  /** The name the certificate is checked against; equals the destination's host unless the script chose another. */
  readonly serverName: string;
  /** SHA-256 (lower-case hex) over the CA certificates that the script supplied, or null when the runtime's roots are used. */
  readonly caSha256: string | null;
  /** SHA-256 (lower-case hex) of the client certificate that the script supplied, or null. */
  readonly clientCertSha256: string | null;
  /** Whether the connection may be used only through TLS (NET-25). */
  readonly required: boolean;
}

/** The proxy that a connection goes through; a destination of its own, approved by a request of its own (NET-26). */
export interface ProxyRoute {
  /** What the proxy speaks. */
  readonly protocol: "socks5" | "http";
  /** Where the proxy is. */
  readonly destination: Destination;
  /** Whether the proxy looks the target's name up, and so decides which machine it is. */
  readonly remoteDns: boolean;
}

/** A request to exchange bytes or datagrams with one destination. */
export interface DirectSocketsDescriptor {
  /** The feature's name, as the Permissions API will know it. */
  readonly name: "direct-sockets";
  /** What carries the bytes. Stands apart from `destination` for requests without a host. */
  readonly transport: "tcp" | "udp" | "unix";
  /** Where to. Its host is null when the script leaves the choice to the operator (NET-02). */
  readonly destination: Destination | null;
  /** The port the script asks for; 0 for a socket in the file system. */
  readonly port: number;
  /** TLS terms, or null for a connection that is never encrypted by Parley. */
  readonly tls: TlsClaims | null;
  /** The proxy in between, or null. */
  readonly via: ProxyRoute | null;
  /** Whether the address reaches every machine on a network (UDP only). */
  readonly broadcast: boolean;
}

/** A request to be reachable: a TCP server or a bound UDP socket (NET-22, NET-27). */
export interface ListenDescriptor {
  /** The feature's name. */
  readonly name: "listen";
  /** What is listened for. */
  readonly transport: "tcp" | "udp" | "unix";
  /** The local address and port; port 0 is one that the system picks. */
  readonly destination: Destination;
  /** The local port. */
  readonly port: number;
  /** None: a server's TLS is its own affair. */
  readonly tls: null;
}

/** A request to exchange datagrams with peers that nobody can name in advance, as a DHT does (NET-28). */
export interface UdpPeersDescriptor {
  /** The feature's name. */
  readonly name: "udp-peers";
  /** Always UDP. */
  readonly transport: "udp";
  /** The local address and port that the socket is bound to. */
  readonly destination: Destination;
  /** The local port. */
  readonly port: number;
  /** None. */
  readonly tls: null;
}

/** A request to receive what is sent to a group of machines, and to send to it (NET-27). */
export interface MulticastDescriptor {
  /** The feature's name. */
  readonly name: "direct-sockets-multicast";
  /** Always UDP. */
  readonly transport: "udp";
  /** The group and the port. */
  readonly destination: Destination;
  /** The port. */
  readonly port: number;
  /** The one sender to be heard (source-specific), canonical, or null for any. */
  readonly source: string | null;
  /** None. */
  readonly tls: null;
}

/** Everything that can be asked for. Later features add to this union. */
export type Descriptor = DirectSocketsDescriptor | ListenDescriptor | UdpPeersDescriptor | MulticastDescriptor;

/** A plain request for one destination; what is not given is absent. */
export function connectDescriptor(
  given: Pick<DirectSocketsDescriptor, "destination" | "port"> & Partial<DirectSocketsDescriptor>,
): DirectSocketsDescriptor {
  return Object.freeze({
    __proto__: null,
    name: "direct-sockets",
    transport: "tcp",
    tls: null,
    via: null,
    broadcast: false,
    ...given,
  });
}
