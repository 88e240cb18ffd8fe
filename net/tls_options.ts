/** TLS options as every face takes them, and what of them the operator approves (NET-06). */
import { member, requireDictionary } from "../core/dictionary.ts";
import { toDOMString, toEnum, toSequence } from "../core/webidl.ts";
import { canonicalHost } from "../core/host.ts";
import type { TlsClaims } from "../permissions/descriptor.ts";
import type { TlsTerms, TlsTrust } from "./port.ts";

/** How a TLS connection is verified and what it offers. */
export interface TLSOptions {
  /** Name sent as SNI and checked against the certificate; the host that is connected to by default. */
  readonly serverName?: string;
  /** PEM certificates of authorities to trust *instead of* the runtime's roots. */
  readonly ca?: string | readonly string[];
  /** Protocols to offer by ALPN, best first; none by default. */
  readonly alpnProtocols?: readonly string[];
  /** PEM client certificate, with intermediate certificates after it; needs `key`. */
  readonly cert?: string;
  /** PEM private key of `cert`. Never shown, logged or stored. */
  readonly key?: string;
  /**
   * SHA-256 (64 hex digits) of the public key that the other side must have, besides a certificate that is verified. Part of
   * the destination that the operator approves.
   */
  readonly spkiSha256?: string;
  /**
   * What becomes of a certificate that is not trusted: self-signed, by an unknown authority, for another name, expired.
   * `"refuse"` is the default. With `"ask"` the operator decides about the server's key, for this connection or for good; no
   * byte passes before. With nobody to ask it is refused, unless the key is pinned, or named by the rule that approves the
   * destination.
   */
  readonly onUntrusted?: "refuse" | "ask";
}

/** TLS options after conversion. `serverName` is null where the host is to be used. */
export interface TlsRequest extends Omit<TlsTerms, "serverName"> {
  /** The name to check, canonical, or null for the host that is connected to. */
  readonly serverName: string | null;
}

/** What PEM text of certificates looks like. */
export const CERTIFICATE: RegExp = /-----BEGIN CERTIFICATE-----[\s\S]+-----END CERTIFICATE-----/u;
/** What PEM text of a private key looks like. */
export const PRIVATE_KEY: RegExp = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+-----END [A-Z ]*PRIVATE KEY-----/u;
const SPKI = /^[0-9a-f]{64}$/;
/** A longest PEM text of 1 MiB: the bundle of all public roots has 220 kB. */
const MAX_PEM = 1024 * 1024;

const { digest } = crypto.subtle;
const { hasOwn } = Object;

/** Options that ask for plain verification against the runtime's roots. */
export const PLAIN_TLS: TlsRequest = Object.freeze({
  serverName: null,
  ca: null,
  alpnProtocols: [],
  cert: null,
  key: null,
});

/**
 * Converts TLS options.
 *
 * @param value What the script gave.
 * @throws {TypeError} for a value of the wrong type, a text that is not PEM, or a certificate without its key.
 */
export function toTlsRequest(value: unknown): TlsRequest {
  const options = requireDictionary(value, "TLS options");
  if (options === null) return PLAIN_TLS;
  const serverName = optional(member(options, "serverName"), "serverName");
  const cert = optionalPem(member(options, "cert"), "cert", CERTIFICATE);
  const key = optionalPem(member(options, "key"), "key", PRIVATE_KEY);
  if ((cert === null) !== (key === null)) {
    throw new TypeError("Cannot use a client certificate: cert and key go together");
  }
  return Object.freeze({
    serverName: serverName === null ? null : canonicalHost(serverName).text,
    ca: toAuthorities(member(options, "ca"), "ca"),
    alpnProtocols: toProtocols(member(options, "alpnProtocols")),
    cert,
    key,
    ...toTrust(options),
  });
}

/** Only where something was said: the default is the back end's. */
function toTrust(options: object): { readonly trust?: TlsTrust } {
  const given = member(options, "onUntrusted");
  const spkiSha256 = toSpki(member(options, "spkiSha256"));
  const asks = given !== undefined && toEnum(given, ["refuse", "ask"], "onUntrusted") === "ask";
  if (spkiSha256 === null && !asks) return {};
  return { trust: Object.freeze({ certificate: asks ? "reported" : "required", spkiSha256 }) };
}

function toSpki(value: unknown): string | null {
  if (value === undefined) return null;
  const spki = toDOMString(value, "spkiSha256").toLowerCase();
  if (!SPKI.test(spki)) throw new TypeError("Cannot use spkiSha256: it is not 64 hexadecimal digits");
  return spki;
}

/** The terms for a handshake with a host. */
export function tlsTerms(request: TlsRequest, host: string): TlsTerms {
  return Object.freeze({ ...request, serverName: request.serverName ?? host });
}

/** The key that the program asks for, or null. What is inherited was not asked for (CORE-01). */
export function keyAskedFor(request: TlsRequest): string | null {
  return hasOwn(request, "trust") ? request.trust?.spkiSha256 ?? null : null;
}

/**
 * What of a request is approved with it.
 *
 * @param request The converted options.
 * @param how The host (empty when the operator is to choose it), when TLS begins, and whether nothing else may be used.
 */
export async function tlsClaims(
  request: TlsRequest,
  how: { readonly host: string; readonly mode: TlsClaims["mode"]; readonly required: boolean },
): Promise<TlsClaims> {
  return Object.freeze({
    mode: how.mode,
    serverName: request.serverName ?? how.host,
    caSha256: request.ca === null ? null : await sha256(request.ca.join("\n")),
    clientCertSha256: request.cert === null ? null : await sha256(request.cert),
    required: how.required,
  });
}

/**
 * Converts PEM authorities: one text or several.
 *
 * @param value What the script gave; undefined for none.
 * @param what The option's name.
 * @throws {TypeError} for an empty list, or text that is not PEM.
 */
export function toAuthorities(value: unknown, what: string): readonly string[] | null {
  if (value === undefined) return null;
  const texts = typeof value === "string"
    ? [value]
    : toSequence(value, (item) => toDOMString(item, what), { what, maxLength: 1024 });
  if (texts.length === 0) throw new TypeError(`Cannot use ${what}: the list is empty`);
  return Object.freeze(texts.map((text) => requirePem(text, what, CERTIFICATE)));
}

/**
 * Converts ALPN protocols.
 *
 * @param value What the script gave; undefined for none.
 * @throws {TypeError} for names that ALPN cannot carry.
 */
export function toProtocols(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const protocols = toSequence(value, (item) => toDOMString(item, "alpnProtocols"), {
    what: "alpnProtocols",
    maxLength: 64,
  });
  for (const protocol of protocols) {
    if (!/^[\x21-\x7e]{1,255}$/u.test(protocol)) {
      throw new TypeError("Cannot use alpnProtocols: a name has 1 to 255 printable ASCII characters");
    }
  }
  return Object.freeze(protocols);
}

function optional(value: unknown, what: string): string | null {
  return value === undefined ? null : toDOMString(value, what);
}

function optionalPem(value: unknown, what: string, shape: RegExp): string | null {
  return value === undefined ? null : requirePem(toDOMString(value, what), what, shape);
}

/**
 * Checks that a text is PEM of a kind.
 *
 * @param text The text, of at most 1 MiB.
 * @param what The option's name.
 * @param shape {@linkcode CERTIFICATE} or {@linkcode PRIVATE_KEY}.
 * @throws {TypeError} when it is not.
 */
export function requirePem(text: string, what: string, shape: RegExp): string {
  if (text.length > MAX_PEM) throw new TypeError(`Cannot use ${what}: it is longer than 1 MiB`);
  if (!shape.test(text)) throw new TypeError(`Cannot use ${what}: it is not PEM text of the right kind`);
  return text;
}

async function sha256(text: string): Promise<string> {
  const hash = await digest.call(crypto.subtle, "SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
