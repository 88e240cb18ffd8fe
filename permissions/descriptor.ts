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

/** A request to connect to one TCP destination. */
export interface DirectSocketsDescriptor {
  /** The feature's name, as the Permissions API will know it. */
  readonly name: "direct-sockets";
  /** Where to. Its host is null when the script leaves the choice to the operator (NET-02). */
  readonly destination: Destination | null;
  /** The port the script asks for. Stands apart from `destination` for requests without a host. */
  readonly port: number;
  /** TLS terms, or null for a connection that is never encrypted by Parley. */
  readonly tls: TlsClaims | null;
}

/** Everything that can be asked for. Later features add to this union. */
export type Descriptor = DirectSocketsDescriptor;
