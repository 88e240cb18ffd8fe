/** The options of one client handshake by `node:tls`. */
import type { ConnectionOptions, PeerCertificate as NodePeerCertificate } from "node:tls";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { TlsTerms, TlsTrust } from "../../net/port.ts";
import type { LinkDuplex } from "./duplex_over_link.ts";
import { type DefaultRoots, secureContextFor } from "./tls_context.ts";

const { hasOwn } = Object;

/** What holds where terms say nothing. */
const CERTIFICATE_ALONE: TlsTrust = Object.freeze({ certificate: "required", spkiSha256: null });

/** What the terms ask the other side to prove. An inherited `trust` is none (CORE-01). */
export function trustOf(terms: TlsTerms): TlsTrust {
  return hasOwn(terms, "trust") ? terms.trust ?? CERTIFICATE_ALONE : CERTIFICATE_ALONE;
}

/** The name without the zone of a link-local address, which no certificate knows. */
export function identityName(serverName: string): string {
  return parseIpAddress(serverName)?.text ?? serverName;
}

/**
 * Own properties all, so that nothing on Object.prototype is read for an option left out (CORE-01). `host` is what a runtime
 * would check the name against when no SNI is sent; no connection is made to it.
 *
 * @param duplex What TLS runs on.
 * @param how The terms, the roots where they name none, and the check that the stack calls once a chain is good.
 */
export function connectOptions(
  duplex: LinkDuplex,
  { terms, roots, checkPeer }: {
    readonly terms: TlsTerms;
    readonly roots: DefaultRoots;
    readonly checkPeer: (certificate: NodePeerCertificate) => Error | undefined;
  },
): ConnectionOptions {
  const name = identityName(terms.serverName);
  const { certificate } = trustOf(terms);
  // Nobody signs for a certificate whose key stands for everything.
  const trusted = certificate === "ignored" ? { ...terms, ca: [] } : terms;
  const options: Record<string, unknown> = {
    socket: duplex,
    host: name,
    port: undefined,
    path: undefined,
    servername: parseIpAddress(name) === null ? name : "",
    secureContext: secureContextFor(trusted, roots),
    rejectUnauthorized: certificate === "required",
    checkServerIdentity: (_host: string, given: NodePeerCertificate) => checkPeer(given),
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
