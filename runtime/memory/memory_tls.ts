/**
 * TLS in memory: a dialogue of two lines that carries what a handshake would prove, then the bytes as they are. It encrypts
 * nothing, which is no loss where nothing leaves the process; it fails where the real one fails (other name, other
 * authority, plaintext in its way), so that programs can be tested against those outcomes.
 */
import { ParleyError } from "../../core/errors.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import type {
  ByteLink,
  CertificateProblem,
  PeerCertificate,
  TlsRejection,
  TlsResult,
  TlsTerms,
} from "../../net/port.ts";
import { isSignedBy, type MemoryCertificate } from "./memory_certificate.ts";

/** The identity of a server in memory. */
export interface MemoryIdentity {
  /** Names its certificate is for. */
  readonly names: readonly string[];
  /** The PEM text or the name of the authority that signed it, or `"public"` for one that the runtime trusts. */
  readonly authority: string;
  /** Whether the certificate has expired. */
  readonly expired?: boolean;
  /** ALPN protocols it speaks. */
  readonly alpnProtocols?: readonly string[];
}

const GREETING = "PARLEY-MEMORY-TLS ";
const MAX_LINE = 1024 * 1024;

/** What a client says of itself. */
export interface MemoryClientHello {
  /** The name it wants, or null when it wants an address. */
  readonly serverName: string | null;
  /** ALPN protocols it offers, best first. */
  readonly alpnProtocols: readonly string[];
  /** Its certificate, or null. */
  readonly cert: string | null;
}

interface ServerHello extends MemoryCertificate {
  readonly alpn: string | null;
}

/** Plays the client of a handshake. Its certificate goes out as it is; a server that demands none does not look at it. */
export async function memoryTlsClient(link: ByteLink, terms: TlsTerms): Promise<TlsResult> {
  const { alpnProtocols, cert } = terms;
  const serverName = parseIpAddress(terms.serverName) === null ? terms.serverName : null;
  await link.write(encodeLine({ serverName, alpnProtocols, cert }));
  const hello = await readServerHello(link);
  const chain = [await certificateOf(hello)];
  const reject = (found: Pick<TlsRejection, "reason" | "chainError">): TlsResult => {
    link.close();
    return { trusted: false, ...found, chain, cause: null };
  };
  const trust = Object.hasOwn(terms, "trust") ? terms.trust : undefined;
  const wanted = trust?.spkiSha256 ?? null;
  const problem = trust?.certificate === "ignored" ? null : problemOf(hello, terms);
  if (problem !== null && trust?.certificate !== "reported") return reject(problem);
  if (wanted !== null && chain[0]?.spkiSha256 !== wanted) {
    return reject({ reason: "key", chainError: "WRONG_PUBLIC_KEY" });
  }
  return { trusted: true, link, chain, alpnProtocol: hello.alpn, protocol: "TLSv1.3", resumed: false, problem };
}

function problemOf(hello: ServerHello, { ca, serverName }: TlsTerms): CertificateProblem | null {
  const trusted = ca === null ? hello.authority === "public" : isSignedBy(hello, ca);
  if (!trusted) return { reason: "untrusted", chainError: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" };
  if (hello.expired) return { reason: "expired", chainError: "CERT_HAS_EXPIRED" };
  return hello.names.includes(serverName) ? null : { reason: "name", chainError: "ERR_TLS_CERT_ALTNAME_INVALID" };
}

/**
 * Plays the server of a handshake; a memory server calls it where a real one would begin TLS.
 *
 * @param link The connection, where the client's first TLS byte comes next.
 * @param identity What the certificate says.
 * @returns The connection to go on with.
 * @throws {ParleyError} `TLS_HANDSHAKE` when the other side does not speak it.
 *
 * @example A program that must not trust an unknown authority
 * ```ts
 * import { createTestHost, memoryTlsServer } from "@parley/parley/testing";
 * import assert from "node:assert/strict";
 *
 * const { navigator, network } = createTestHost({ allow: ["tls://9.9.9.9:853"] });
 * network.listen({ address: "9.9.9.9", port: 853 }, async (link) => {
 *   await memoryTlsServer(link, { names: ["9.9.9.9"], authority: "somebody" });
 * });
 * const opening = navigator.openTCPSocket({ remoteAddress: "9.9.9.9", remotePort: 853, secureTransport: "on" });
 * await assert.rejects(opening, (error: DOMException) => (error.cause as { code?: string }).code === "TLS_UNTRUSTED");
 * ```
 */
export async function memoryTlsServer(link: ByteLink, identity: MemoryIdentity): Promise<ByteLink> {
  const { alpnProtocols } = await readClientHello(link);
  await answerClient(link, identity, agreedProtocol(identity.alpnProtocols ?? [], alpnProtocols));
  return link;
}

/** The protocol that the server likes best of those offered, or null. */
export function agreedProtocol(known: readonly string[], offered: readonly string[]): string | null {
  return known.find((name) => offered.includes(name)) ?? null;
}

/**
 * Reads what the client says of itself. Whatever is not of the right type was not said.
 *
 * @throws {ParleyError} `TLS_HANDSHAKE` when it does not speak TLS.
 */
export async function readClientHello(link: ByteLink): Promise<MemoryClientHello> {
  const { serverName, alpnProtocols, cert } = await readHello<Record<keyof MemoryClientHello, unknown>>(link);
  return { serverName: textOf(serverName), alpnProtocols: textsOf(alpnProtocols), cert: textOf(cert) };
}

async function readServerHello(link: ByteLink): Promise<ServerHello> {
  const { names, authority, expired, alpn } = await readHello<Record<keyof ServerHello, unknown>>(link);
  return { names: textsOf(names), authority: textOf(authority) ?? "", expired: expired === true, alpn: textOf(alpn) };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}

/** Tells the client who the server is, and on which ALPN protocol they agree. */
export async function answerClient(link: ByteLink, identity: MemoryIdentity, alpn: string | null): Promise<void> {
  const { names, authority, expired = false } = identity;
  await link.write(encodeLine({ names, authority, expired, alpn }));
}

function encodeLine(hello: unknown): Uint8Array {
  return new TextEncoder().encode(`${GREETING}${JSON.stringify(hello)}\n`);
}

/** Reads byte by byte, so that nothing after the line is taken. */
async function readHello<T extends object>(link: ByteLink): Promise<T> {
  const byte = new Uint8Array(1);
  const line: number[] = [];
  while (line.length < MAX_LINE && await link.read(byte) > 0 && byte[0] !== 10) {
    line.push(byte[0] as number);
    if (line.length <= GREETING.length && line.at(-1) !== GREETING.charCodeAt(line.length - 1)) break;
  }
  const text = new TextDecoder().decode(Uint8Array.from(line));
  if (text.startsWith(GREETING)) {
    try {
      const hello: unknown = JSON.parse(text.slice(GREETING.length));
      if (typeof hello === "object" && hello !== null) return hello as T;
    } catch {
      // Falls through: what is not a greeting is a failed handshake.
    }
  }
  link.close();
  throw new ParleyError("TLS_HANDSHAKE", "Cannot complete the TLS handshake: the other side does not speak TLS");
}

/** What a certificate in memory looks like to the other side: the same from either, and however often it is shown. */
export async function certificateOf({ names, authority, expired }: MemoryCertificate): Promise<PeerCertificate> {
  const der = new TextEncoder().encode(JSON.stringify({ names, authority, expired }));
  const hash = Array.from(
    new Uint8Array(await crypto.subtle.digest("SHA-256", der)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  const subjectAltName = names.map((name) => `DNS:${name}`).join(", ");
  return {
    der,
    subject: `CN=${names[0] ?? ""}`,
    issuer: "CN=memory",
    subjectAltName,
    validFromMs: 0,
    validToMs: expired ? 0 : 253_402_300_799_000,
    sha256: hash,
    spkiSha256: hash,
  };
}
