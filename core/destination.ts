/**
 * Where a program wants to go, in the one grammar for flags, environment, rules, prompts and log:
 * `[tcp|udp|tls|listen|listen+udp|udp-peers|multicast://]host:port[#spki=…]`, or
 * `[listen+]unix:///path`. Patterns with wildcards stand in `destination_pattern.ts`.
 */
import {
  checkSpki,
  destinationSyntax,
  isPathScheme,
  isPort,
  isScheme,
  joinDestination,
  ONLY_IN_RULES,
  parsePort,
  type Scheme,
  splitDestination,
  splitPath,
} from "./destination_syntax.ts";
import { type CanonicalHost, canonicalHost, hostOfPath } from "./host.ts";
import { formatHostPort } from "./ip_address.ts";

export type { Scheme } from "./destination_syntax.ts";
export {
  type DestinationPattern,
  formatDestinationPattern,
  type HostPattern,
  parseDestinationPattern,
  patternCovers,
  patternRefuses,
} from "./destination_pattern.ts";

/** One exact destination. Frozen; made by {@linkcode parseDestination} or {@linkcode makeDestination} only. */
export interface Destination {
  /** What is done there. */
  readonly scheme: Scheme;
  /** The host in canonical form. */
  readonly host: CanonicalHost;
  /** Port number, 1 to 65535; 0 for a local port that the system picks, and for a path. */
  readonly port: number;
  /** SHA-256 of the public key that the other side must prove (lower-case hex), or null. For `tcp` and `tls` only. */
  readonly spki: string | null;
}

const { hasOwn } = Object;

/**
 * Parses one exact destination. Wildcards, ranges and blocks are refused.
 *
 * @param text Such as `mail.example.com:25` (which means tcp), `tls://[2001:db8::1]:993`, or with `#spki=` and 64 hex digits.
 * @returns The destination, canonical throughout.
 * @throws {ParleyError} `DEST_SYNTAX` when the text is not of that form; `DEST_HOST` when the host is refused.
 */
export function parseDestination(text: string): Destination {
  const local = typeof text === "string" ? splitPath(text) : null;
  if (local !== null) return makeDestination({ scheme: local.scheme, host: hostOfPath(local.path), port: 0 });
  const parts = splitDestination(text);
  if (/[*/]/.test(parts.host) || /[*-]/.test(parts.port)) {
    throw destinationSyntax(text, `a wildcard, block or range ${ONLY_IN_RULES}`);
  }
  const port = parsePort(parts.port, parts.scheme);
  if (port === null) throw destinationSyntax(text, "the port is not a number from 1 to 65535");
  return makeDestination({ scheme: parts.scheme, host: canonicalHost(parts.host), port, spki: parts.spki });
}

/**
 * Makes a destination from its parts.
 *
 * @param parts The scheme, the canonical host, the port (1 to 65535), and the pin (64 hex digits) or null, the default.
 * @returns The destination, frozen.
 * @throws {ParleyError} `DEST_SYNTAX` when the scheme, the port or the pin is none.
 */
export function makeDestination(parts: {
  readonly scheme: Scheme;
  readonly host: CanonicalHost;
  readonly port: number;
  readonly spki?: string | null;
}): Destination {
  const { scheme, host, port } = parts;
  const spki = hasOwn(parts, "spki") ? parts.spki ?? null : null;
  if (!isScheme(scheme)) throw destinationSyntax(String(scheme), "no such scheme");
  if (!isPort(port, scheme)) {
    throw destinationSyntax(`${host.text}:${port}`, "the port is not a number from 1 to 65535");
  }
  if (isPathScheme(scheme) !== (host.kind === "path")) {
    throw destinationSyntax(host.text, "a path stands after unix:// and listen+unix:// only");
  }
  if (spki !== null) checkSpki(host.text, { scheme, spki });
  return Object.freeze({ scheme, host, port, spki: spki === null ? null : spki.toLowerCase() });
}

/**
 * The canonical text of a destination. The scheme is left out for tcp.
 *
 * @param destination The destination.
 * @returns Text that {@linkcode parseDestination} reads back to an equal destination.
 */
export function formatDestination(destination: Destination): string {
  const { scheme, host, port, spki } = destination;
  if (isPathScheme(scheme)) return `${scheme}://${host.text}`;
  return joinDestination({ scheme, hostPort: formatHostPort(host.text, port), spki });
}
