/**
 * The TLS client handshake over any byte link, by `node:tls`, the same on all three runtimes.
 *
 * The TLS stack verifies chain and name during the handshake (`rejectUnauthorized` is always true), and the name is
 * checked a second time from the certificate's DER. No session is kept or offered, and renegotiation is off (NET-23).
 */
import tls, {
  type DetailedPeerCertificate,
  type PeerCertificate as NodePeerCertificate,
  type TLSSocket,
} from "node:tls";
import { abortError, onAbort } from "../../core/abort.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink, PeerCertificate, TlsRejection, TlsResult, TlsTerms } from "../../net/port.ts";
import type { LinkDuplex } from "./duplex_over_link.ts";
import { nativeCode } from "./errors.ts";
import { certificateChain, certificateNames } from "./peer_certificate.ts";
import { type DefaultRoots, secureContextFor } from "./tls_context.ts";
import { TlsCarrier } from "./tls_link.ts";
import { rejectionReason, WRONG_NAME } from "./tls_reason.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const tlsConnect = tls.connect;
const checkServerIdentity = tls.checkServerIdentity;

/** How to run a handshake. */
export interface TlsHandshakeOptions {
  /** Ends the attempt and closes the link below. */
  readonly signal: AbortSignal;
  /** Turns the runtime's errors into Parley's. */
  readonly translate: (error: unknown, doing: string) => ParleyError;
  /** What to trust where the terms name nothing. */
  readonly roots: DefaultRoots;
}

/**
 * Makes a handshake as the client.
 *
 * @param link The link below. It is closed when the handshake fails, and with the returned link.
 * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, or what the link below failed with.
 */
export async function tlsHandshake(link: ByteLink, terms: TlsTerms, options: TlsHandshakeOptions): Promise<TlsResult> {
  let handshake: Handshake | null = null;
  try {
    if (options.signal.aborted) throw abortError(options.signal.reason);
    handshake = new Handshake(link, terms, options.roots);
    await handshake.finished(options.signal);
    return handshake.session(options);
  } catch (error) {
    handshake?.socket.destroy();
    link.close();
    const rejection = handshake?.rejection(error) ?? null;
    if (rejection !== null) return rejection;
    throw isParleyError(error) ? error : handshakeFailed(terms, error);
  }
}

/** One handshake under way, and what was seen in it. */
class Handshake {
  readonly socket: TLSSocket;
  readonly #carrier: TlsCarrier;
  readonly #terms: TlsTerms;
  #certificate: NodePeerCertificate | null = null;

  constructor(link: ByteLink, terms: TlsTerms, roots: DefaultRoots) {
    this.#terms = terms;
    this.#carrier = new TlsCarrier(link);
    this.socket = tlsConnect(connectOptions(this.#carrier.duplex, {
      terms,
      roots,
      checkName: (certificate) => this.#checkName(certificate),
    }));
    this.#carrier.adopt(this.socket);
  }

  /** Resolves when the handshake is over and the TLS stack is content. */
  async finished(signal: AbortSignal): Promise<void> {
    const { socket } = this;
    await new Promise<void>((resolve, reject) => {
      const forget = onAbort(signal, () => reject(abortError(signal.reason)));
      socket.once("secureConnect", () => {
        forget();
        resolve();
      });
      const failed = (error?: unknown): void => {
        forget();
        reject(error);
      };
      socket.once("error", failed);
      socket.once("close", () => failed());
    });
  }

  /** The established session; throws when something is not as it must be. */
  session({ translate }: TlsHandshakeOptions): TlsResult {
    const { socket } = this;
    const certificate = socket.getPeerCertificate(true);
    if (!socket.authorized) {
      throw socket.authorizationError ?? this.#untold("the runtime did not verify the certificate");
    }
    const nameError = this.#checkName(certificate);
    if (nameError !== undefined) throw nameError;
    socket.disableRenegotiation?.();
    const link = this.#carrier.linkOver(socket, translate);
    return {
      trusted: true,
      link,
      chain: certificateChain(certificate),
      alpnProtocol: socket.alpnProtocol || null,
      protocol: socket.getProtocol() ?? "",
      resumed: socket.isSessionReused(),
    };
  }

  /** What a failure says about the certificate, or null when it was about something else. */
  rejection(error: unknown): TlsRejection | null {
    const chainError = nativeCode(error) || (typeof error === "string" ? error : "");
    const reason = rejectionReason(chainError);
    if (reason === null) return null;
    return { trusted: false, reason, chainError, chain: this.#seenChain(), cause: error };
  }

  #seenChain(): PeerCertificate[] {
    try {
      return certificateChain(this.#certificate as DetailedPeerCertificate | null);
    } catch {
      // A certificate that cannot be read is rejected anyway; the reason stands without it.
      return [];
    }
  }

  /**
   * Called by the TLS stack once the chain is good, and by us afterwards. Never throws, because some of the stacks would let
   * that go uncaught: a certificate that cannot be read is for no name.
   */
  #checkName(certificate: NodePeerCertificate): Error | undefined {
    this.#certificate = certificate;
    const name = identityName(this.#terms.serverName);
    try {
      const error = checkServerIdentity(name, certificate);
      if (error !== undefined) return error;
      return certificateNames(certificate, name) ? undefined : new WrongNameError(name);
    } catch (cause) {
      return new WrongNameError(name, { cause });
    }
  }

  #untold(state: string): ParleyError {
    return new ParleyError("TLS_HANDSHAKE", `Cannot make a TLS connection to ${this.#terms.serverName}: ${state}`);
  }
}

/** The certificate has no subjectAltName for the name, whatever its common name says. */
class WrongNameError extends Error {
  readonly code = WRONG_NAME;

  constructor(name: string, options?: ErrorOptions) {
    super(`The certificate's subjectAltName does not hold ${name}`, options);
  }
}

/** The name without the zone of a link-local address, which no certificate knows. */
function identityName(serverName: string): string {
  return parseIpAddress(serverName)?.text ?? serverName;
}

/**
 * Own properties all, so that nothing on Object.prototype is read for an option left out (CORE-01). `host` is what a runtime
 * would check the name against when no SNI is sent; no connection is made to it.
 */
function connectOptions(
  duplex: LinkDuplex,
  { terms, roots, checkName }: {
    readonly terms: TlsTerms;
    readonly roots: DefaultRoots;
    readonly checkName: (certificate: NodePeerCertificate) => Error | undefined;
  },
): tls.ConnectionOptions {
  const name = identityName(terms.serverName);
  const options: Record<string, unknown> = {
    socket: duplex,
    host: name,
    port: undefined,
    path: undefined,
    servername: parseIpAddress(name) === null ? name : "",
    secureContext: secureContextFor(terms, roots),
    rejectUnauthorized: true,
    checkServerIdentity: (_host: string, certificate: NodePeerCertificate) => checkName(certificate),
    ALPNProtocols: terms.alpnProtocols.length === 0 ? undefined : [...terms.alpnProtocols],
    session: undefined,
    minDHSize: 1024,
    requestOCSP: undefined,
    pskCallback: undefined,
    isServer: false,
    server: undefined,
    requestCert: undefined,
    SNICallback: undefined,
    ALPNCallback: undefined,
    lookup: undefined,
    timeout: undefined,
    signal: undefined,
    onread: undefined,
    handle: undefined,
    fd: undefined,
    enableTrace: undefined,
    highWaterMark: undefined,
    allowHalfOpen: true,
    ca: undefined,
    cert: undefined,
    key: undefined,
    pfx: undefined,
    passphrase: undefined,
    crl: undefined,
    ciphers: undefined,
    ecdhCurve: undefined,
    sigalgs: undefined,
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    secureProtocol: undefined,
    secureOptions: undefined,
  };
  return options;
}

function handshakeFailed({ serverName }: TlsTerms, cause: unknown): ParleyError {
  const code = nativeCode(cause);
  const state = code === "" ? "the other side ended the connection" : `the handshake failed (${code})`;
  return new ParleyError("TLS_HANDSHAKE", `Cannot make a TLS connection to ${serverName}: ${state}`, { cause });
}
