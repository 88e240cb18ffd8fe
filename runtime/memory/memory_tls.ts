/**
 * TLS in memory: a dialogue of two lines that carries what a handshake would prove, then the bytes as they are. It encrypts
 * nothing, which is no loss where nothing leaves the process; it fails where the real one fails (other name, other
 * authority, plaintext in its way), so that programs can be tested against those outcomes.
 */
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, PeerCertificate, TlsResult, TlsTerms } from "../../net/port.ts";

/** The identity of a server in memory. */
export interface MemoryIdentity {
  /** Names its certificate is for. */
  readonly names: readonly string[];
  /** The PEM text of the authority that signed it, or `"public"` for one that the runtime trusts. */
  readonly authority: string;
  /** Whether the certificate has expired. */
  readonly expired?: boolean;
  /** ALPN protocols it speaks. */
  readonly alpnProtocols?: readonly string[];
}

const GREETING = "PARLEY-MEMORY-TLS ";
const MAX_LINE = 1024 * 1024;

interface ServerHello {
  readonly names: readonly string[];
  readonly authority: string;
  readonly expired: boolean;
  readonly alpn: string | null;
}

/** Plays the client of a handshake. */
export async function memoryTlsClient(link: ByteLink, terms: TlsTerms): Promise<TlsResult> {
  await link.write(encodeLine({ serverName: terms.serverName, alpnProtocols: terms.alpnProtocols }));
  const hello = await readHello<ServerHello>(link);
  const chain = [await certificateOf(hello)];
  const reject = (reason: "untrusted" | "name" | "expired", chainError: string): TlsResult => {
    link.close();
    return { trusted: false, reason, chainError, chain, cause: null };
  };
  const trusted = terms.ca === null ? hello.authority === "public" : terms.ca.includes(hello.authority);
  if (!trusted) return reject("untrusted", "UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  if (hello.expired) return reject("expired", "CERT_HAS_EXPIRED");
  if (!hello.names.includes(terms.serverName)) return reject("name", "ERR_TLS_CERT_ALTNAME_INVALID");
  return { trusted: true, link, chain, alpnProtocol: hello.alpn, protocol: "TLSv1.3", resumed: false };
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
  const { alpnProtocols = [] } = await readHello<{ alpnProtocols?: readonly string[] }>(link);
  const { names, authority, expired = false } = identity;
  const alpn = alpnProtocols.find((protocol) => identity.alpnProtocols?.includes(protocol)) ?? null;
  await link.write(encodeLine({ names, authority, expired, alpn }));
  return link;
}

function encodeLine(hello: unknown): Uint8Array {
  return new TextEncoder().encode(`${GREETING}${JSON.stringify(hello)}\n`);
}

/** Reads byte by byte, so that nothing after the line is taken. */
async function readHello<T>(link: ByteLink): Promise<T> {
  const byte = new Uint8Array(1);
  const line: number[] = [];
  while (line.length < MAX_LINE && await link.read(byte) > 0 && byte[0] !== 10) {
    line.push(byte[0] as number);
    if (line.length <= GREETING.length && line.at(-1) !== GREETING.charCodeAt(line.length - 1)) break;
  }
  const text = new TextDecoder().decode(Uint8Array.from(line));
  if (text.startsWith(GREETING)) {
    try {
      return JSON.parse(text.slice(GREETING.length)) as T;
    } catch {
      // Falls through: what is not a greeting is a failed handshake.
    }
  }
  link.close();
  throw new ParleyError("TLS_HANDSHAKE", "Cannot complete the TLS handshake: the other side does not speak TLS");
}

async function certificateOf(hello: ServerHello): Promise<PeerCertificate> {
  const der = new TextEncoder().encode(JSON.stringify(hello));
  const hash = Array.from(
    new Uint8Array(await crypto.subtle.digest("SHA-256", der)),
    (byte) => byte.toString(16).padStart(2, "0"),
  ).join("");
  const subjectAltName = hello.names.map((name) => `DNS:${name}`).join(", ");
  return {
    der,
    subject: `CN=${hello.names[0] ?? ""}`,
    issuer: "CN=memory",
    subjectAltName,
    validFromMs: 0,
    validToMs: hello.expired ? 0 : 253_402_300_799_000,
    sha256: hash,
    spkiSha256: hash,
  };
}
