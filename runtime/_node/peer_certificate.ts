/**
 * The far end's certificates as data, read from their DER by `X509Certificate` of `node:crypto`, and the second check of the
 * name that does not depend on what the TLS stack made of it.
 */
import { createHash, X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate, PeerCertificate as NodePeerCertificate } from "node:tls";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { PeerCertificate } from "../../net/port.ts";

/** A chain longer than this is cut; the TLS stacks stop earlier. */
const MAX_CHAIN = 16;

/** A DNS entry in the text form of subjectAltName. Entries with commas in them are quoted, so this cannot be forged. */
const DNS_ENTRY = /(?:^|, )DNS:/;

/** RFC 4514 escapes of punctuation. Those of control characters stay, so that a value cannot start a new line. */
const ESCAPED_PUNCTUATION = /\\([,"+;<>\\#= ])/g;

/**
 * The chain as the runtime shows it, the far end's own certificate first. Runtimes may add the root from their store.
 *
 * @param leaf What `getPeerCertificate(true)` gave; an empty object when there is none.
 */
export function certificateChain(leaf: DetailedPeerCertificate | null | undefined): PeerCertificate[] {
  const chain: PeerCertificate[] = [];
  const seen = new Set<string>();
  let at: DetailedPeerCertificate | null | undefined = leaf;
  while (at?.raw !== undefined && chain.length < MAX_CHAIN) {
    const certificate = describe(at.raw);
    // A root is its own issuer, in some runtimes as a new object each time.
    if (seen.has(certificate.sha256)) break;
    seen.add(certificate.sha256);
    chain.push(certificate);
    at = at.issuerCertificate;
  }
  return chain;
}

/**
 * Whether a certificate is for a name, by its subjectAltName alone: the common name never counts.
 *
 * @param raw What the runtime's own name check was given.
 * @param serverName A host name, or an address without brackets.
 */
export function certificateNames(raw: NodePeerCertificate | undefined, serverName: string): boolean {
  if (raw?.raw === undefined || serverName === "") return false;
  const certificate = new X509Certificate(raw.raw);
  const address = parseIpAddress(serverName);
  if (address !== null) return certificate.checkIP(address.text) !== undefined;
  // Deno ignores `subject: "never"` and would take the common name, hence the look at the entries.
  const options = { subject: "never" as const, wildcards: true, partialWildcards: false };
  return DNS_ENTRY.test(certificate.subjectAltName ?? "") && certificate.checkHost(serverName, options) !== undefined;
}

function describe(raw: Uint8Array): PeerCertificate {
  const certificate = new X509Certificate(raw);
  const der = new Uint8Array(raw);
  return {
    der,
    subject: plainName(certificate.subject),
    issuer: plainName(certificate.issuer),
    subjectAltName: certificate.subjectAltName ?? "",
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
    sha256: sha256(der),
    spkiSha256: sha256(certificate.publicKey.export({ type: "spki", format: "der" })),
  };
}

/** Names come with punctuation escaped on Node and Bun, and plain on Deno; absent for an empty one. */
function plainName(text: string | undefined): string {
  return (text ?? "").replace(ESCAPED_PUNCTUATION, "$1");
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
