/**
 * What a runtime supplies to the network engine. Each `runtime/<r>/net.ts` implements it; nothing else touches sockets.
 *
 * The engine owns states, streams, backpressure, timeouts and decisions. A back end owns system calls, and turns
 * every native failure into a `ParleyError` with a `NET_` or `TLS_` code. `resolve` and `connect` are apart so that every
 * address is vetted between the two, and each takes the Grant, so that forgetting consent does not compile.
 */
import type { Grant } from "../permissions/grant.ts";
import type { IpAddress } from "../core/ip_address.ts";
import type { DatagramBackend } from "./datagram_port.ts";
import type { ServerBackend } from "./server_port.ts";

/** One end of a connection, as the operating system reports it. */
export interface SocketAddress {
  /** Canonical text of the IP address (an IPv4-mapped IPv6 address is given as IPv4), or the path of a local socket. */
  readonly address: string;
  /** Port number, 1 to 65535; 0 for a local socket. */
  readonly port: number;
}

/** How to connect. */
export interface ConnectOptions {
  /** Ends the attempt; the back end releases the descriptor, also when the attempt succeeds afterwards. */
  readonly signal: AbortSignal;
  /** Sets TCP_NODELAY. */
  readonly noDelay: boolean;
  /** Milliseconds of silence before the first keep-alive probe, or null for no keep-alive. A back end without a delay (see its gaps) uses the system's. */
  readonly keepAliveDelayMs: number | null;
}

/**
 * A full-duplex byte link: TCP, TLS over another link, or a test double.
 *
 * At most one `read` or `readChunk` and at most one `write` is under way at a time; the engine sees to it.
 * After a method has rejected with `NET_RESET` or another `NET_` code, only `close` may be called.
 */
export interface ByteLink {
  /** The far end. */
  readonly remote: SocketAddress;
  /** This end. */
  readonly local: SocketAddress;
  /** Bytes that were received from the system but not yet read from the link. Zero for links that read on demand. */
  readonly bufferedBytes: number;
  /**
   * Reads at least one byte into `view`.
   *
   * @param view Where the bytes go; at least one byte long. May have an offset in its buffer.
   * @returns The number of bytes, or 0 at the end of the stream.
   */
  read(view: Uint8Array): Promise<number>;
  /**
   * Reads a chunk that the caller owns: its `buffer` belongs to nobody else and may be transferred.
   *
   * @returns At least one byte, or null at the end of the stream.
   */
  readChunk(): Promise<Uint8Array<ArrayBuffer> | null>;
  /**
   * Resolves once the system has taken all bytes; undefined when it took them at once, so that the common case makes no
   * promise. The bytes must not change until then.
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Flushes what was written and sends FIN (TLS: close_notify, then FIN where the link below allows). The other direction goes on. */
  closeWrite(): Promise<void>;
  /** Releases the descriptor; pending reads and writes reject with `NET_CLOSED`. Idempotent, never throws. */
  close(): void;
  /** Breaks the connection off: with RST where the runtime can, else like `close`. Idempotent, never throws. */
  reset(): void;
}

/** What the engine wants of a TLS session. Every member is always an own property (CORE-01). */
export interface TlsTerms {
  /** The name sent as SNI (unless an IP address) and checked against the certificate. */
  readonly serverName: string;
  /** PEM certificates to trust instead of the built-in ones, or null for the runtime's built-in roots. */
  readonly ca: readonly string[] | null;
  /** Protocols offered by ALPN, best first; empty for none. */
  readonly alpnProtocols: readonly string[];
  /** PEM client certificate chain, or null. */
  readonly cert: string | null;
  /** PEM private key of the client certificate, or null. */
  readonly key: string | null;
  /** What the far end has to prove; by default that its certificate is for the name and leads to a trusted root. */
  readonly trust?: TlsTrust;
}

/**
 * What the far end of a TLS connection has to prove. In every case it has to prove that it has the key of its certificate: that
 * is never left to the program.
 */
export interface TlsTrust {
  /**
   * What a problem with the certificate (chain, name, time) does. `required`: it ends the handshake. `reported`: the result
   * names it, and the engine decides before a program's byte passes. `ignored`: the key stands for everything.
   */
  readonly certificate: "required" | "reported" | "ignored";
  /** SHA-256 of the SubjectPublicKeyInfo that the far end must have (lower-case hex), or null for any. */
  readonly spkiSha256: string | null;
}

/** A certificate that the far end presented. */
export interface PeerCertificate {
  /** The certificate in DER. */
  readonly der: Uint8Array;
  /** Subject, one `name=value` a line, unescaped. */
  readonly subject: string;
  /** Issuer, likewise. */
  readonly issuer: string;
  /** The subjectAltName extension as text, or the empty string. */
  readonly subjectAltName: string;
  /** Start of validity, milliseconds since 1970. */
  readonly validFromMs: number;
  /** End of validity, milliseconds since 1970. */
  readonly validToMs: number;
  /** SHA-256 of the DER certificate, lower-case hex. */
  readonly sha256: string;
  /** SHA-256 of the SubjectPublicKeyInfo, lower-case hex: what a pin holds. */
  readonly spkiSha256: string;
}

/** What was wrong with a certificate. */
export interface CertificateProblem {
  /** In one word. */
  readonly reason: "untrusted" | "name" | "expired";
  /** The runtime's code for it, such as `DEPTH_ZERO_SELF_SIGNED_CERT` or `ERR_TLS_CERT_ALTNAME_INVALID`. */
  readonly chainError: string;
}

/**
 * A TLS handshake whose far end has proved what the terms ask for: as a rule, a chain to a trusted root, for the right name.
 * The engine still checks the rest.
 */
export interface TlsSession {
  /** Discriminates from {@linkcode TlsRejection}. */
  readonly trusted: true;
  /** The link that carries the program's bytes from now on. Nothing was read from or written to it. */
  readonly link: ByteLink;
  /** The certificates the far end presented, its own first. */
  readonly chain: readonly PeerCertificate[];
  /** The ALPN protocol agreed on, or null. */
  readonly alpnProtocol: string | null;
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** Whether an earlier session was resumed; the engine refuses if so (NET-23). */
  readonly resumed: boolean;
  /** What is wrong with the certificate, where the terms have that `reported`; else absent or null. */
  readonly problem?: CertificateProblem | null;
}

/** A TLS handshake that ended because of the far end's certificate. The link below is closed; no program byte passed. */
export interface TlsRejection {
  /** Discriminates from {@linkcode TlsSession}. */
  readonly trusted: false;
  /** What was wrong. `key`: the certificate is of another key than the terms ask for. */
  readonly reason: CertificateProblem["reason"] | "key";
  /** The runtime's code for it, such as `DEPTH_ZERO_SELF_SIGNED_CERT`, or Parley's own. */
  readonly chainError: string;
  /** The certificates the far end presented, as far as the runtime shows them. */
  readonly chain: readonly PeerCertificate[];
  /** The runtime's error. */
  readonly cause: unknown;
}

/** What a TLS handshake came to. */
export type TlsResult = TlsSession | TlsRejection;

/** Which IP family to look up. */
export type DnsQueryType = "ipv4" | "ipv6";

/** What a runtime cannot do. The contract suite asserts each gap, so that it is noticed when one closes. */
export interface NetGaps {
  /** An attempt to connect goes on in the kernel after its signal fired (the result is discarded). */
  readonly connectNotCancellable: boolean;
  /** The keep-alive delay is the system's, whatever was asked for. */
  readonly keepAliveDelayIgnored: boolean;
  /** `reset` sends FIN, not RST. */
  readonly resetSendsFin: boolean;
  /** Connections are accepted whether or not anybody takes them; past `backlog` they are broken off. */
  readonly acceptsEagerly: boolean;
  /** `ipv6Only` of a TCP server has no effect. */
  readonly serverIpv6OnlyIgnored: boolean;
  /** A connected datagram socket receives from other senders, too, and reports no ICMP messages. */
  readonly datagramNotConnected: boolean;
  /** Buffer sizes of datagram sockets cannot be set. */
  readonly datagramBuffersIgnored: boolean;
  /** A time to live of 0 for multicast is refused. */
  readonly multicastTtlZeroRefused: boolean;
}

/** The network as one runtime gives it. */
export interface NetBackend extends ServerBackend, DatagramBackend {
  /** What this back end cannot do. */
  readonly gaps: NetGaps;
  /**
   * Whether addresses can be looked up and connected to apart for this destination. False where the runtime's own
   * permissions name the host only (Deno with `--allow-net=host:port`): then the engine uses `connectByName`.
   */
  canResolve(host: string, port: number): Promise<boolean>;
  /**
   * Looks a name up with the system's resolver.
   *
   * @throws {ParleyError} `NET_DNS` when there is no address; `NET_ABORTED` on abort.
   */
  resolve(
    grant: Grant,
    host: string,
    options: { readonly type: DnsQueryType | null; readonly signal: AbortSignal },
  ): Promise<IpAddress[]>;
  /**
   * Connects to a literal address.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  connect(
    grant: Grant,
    target: { readonly address: IpAddress; readonly port: number },
    options: ConnectOptions,
  ): Promise<ByteLink>;
  /**
   * Connects by name, for runtimes whose permissions name the host only. The engine checks `remote` before any byte.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  connectByName(
    grant: Grant,
    target: { readonly host: string; readonly port: number },
    options: ConnectOptions,
  ): Promise<ByteLink>;
  /**
   * Makes a TLS client handshake over any link; the runtime verifies chain, name and signature *during* it, and this reports
   * the outcome. Where the terms let a certificate pass that does not verify, the signature that proves possession of its key
   * is verified all the same; a back end whose TLS stack skips it refuses. Reads and writes no program byte.
   * Never resumes a session, keeps no ticket, sends no early data, refuses renegotiation (NET-23).
   * Closes the link below when it fails or when the returned link is closed.
   *
   * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, `RUNTIME_UNSUPPORTED`, or a `NET_` code.
   */
  tls(grant: Grant, link: ByteLink, terms: TlsTerms, options: { readonly signal: AbortSignal }): Promise<TlsResult>;
}
