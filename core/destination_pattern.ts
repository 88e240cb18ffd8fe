/**
 * Patterns of destinations, for rules: `[scheme://]host|*.suffix|CIDR|*:port|range|*[#spki=…]`.
 *
 * Flags and the environment take exact destinations only; wildcards come from a rule file (CON-23).
 */
import type { Destination } from "./destination.ts";
import {
  type DestinationParts,
  destinationSyntax,
  isPathScheme,
  joinDestination,
  MAX_PORT,
  ONLY_IN_RULES,
  parsePort,
  type Scheme,
  splitDestination,
  splitPath,
} from "./destination_syntax.ts";
import { type CanonicalHost, canonicalHost, hostOfAddress, hostOfPath } from "./host.ts";
import {
  type AddressBlock,
  blockContains,
  classifyAddress,
  formatHostPort,
  type IpAddress,
  parseAddressBlock,
  parseIpAddress,
} from "./ip_address.ts";

/** Which hosts a pattern covers. */
export type HostPattern =
  /** Exactly this host. */
  | CanonicalHost
  /** `*`: any name, and any address that is public. */
  | { readonly kind: "any" }
  /** Address literals in a block. A name is never covered, wherever it points. */
  | { readonly kind: "cidr"; readonly block: AddressBlock }
  /** `*.example.com`: names below `suffix`, not itself. */
  | { readonly kind: "suffix"; readonly suffix: string };

/** A pattern of destinations. Frozen; made by {@linkcode parseDestinationPattern} only. */
export interface DestinationPattern {
  /** What is done there. `tcp` covers `tls` too, which is stricter; the others cover themselves only. */
  readonly scheme: Scheme;
  /** Which hosts. */
  readonly host: HostPattern;
  /** Which ports, both ends included; 1 to 65535 for `*`. */
  readonly port: { readonly from: number; readonly to: number };
  /** The pin that a destination must carry, or null for one without a condition on it. */
  readonly spki: string | null;
}

const { hasOwn } = Object;

/**
 * Parses a pattern of destinations.
 *
 * @param text An exact destination, or with `*`, `*.example.com`, `10.0.0.0/8` or `[2001:db8::/32]` for the host, and a
 * range `8000-8099` or `*` for the port.
 * @param options `wildcards`: false for flags and the environment, where everything but an exact destination is refused.
 * @returns The pattern.
 * @throws {ParleyError} `DEST_SYNTAX` or `DEST_HOST`.
 */
export function parseDestinationPattern(text: string, options: { readonly wildcards: boolean }): DestinationPattern {
  const wildcards = hasOwn(options, "wildcards") && options.wildcards === true;
  const local = typeof text === "string" ? splitPath(text) : null;
  if (local !== null) {
    const host = hostOfPath(local.path);
    return Object.freeze({ scheme: local.scheme, host, port: Object.freeze({ from: 0, to: 0 }), spki: null });
  }
  const parts = splitDestination(text);
  const host = parseHostPattern(text, parts.host);
  const port = parsePorts(text, parts);
  if (!wildcards && (host.kind === "any" || host.kind === "suffix")) {
    throw destinationSyntax(text, `a wildcard ${ONLY_IN_RULES}`);
  }
  if (!wildcards && host.kind === "cidr") throw destinationSyntax(text, `a block of addresses ${ONLY_IN_RULES}`);
  if (!wildcards && port.from !== port.to) throw destinationSyntax(text, `more than one port ${ONLY_IN_RULES}`);
  return Object.freeze({ scheme: parts.scheme, host, port, spki: parts.spki });
}

/**
 * The canonical text of a pattern.
 *
 * @param pattern The pattern.
 * @returns Text that {@linkcode parseDestinationPattern} reads back to an equal pattern.
 */
export function formatDestinationPattern(pattern: DestinationPattern): string {
  if (isPathScheme(pattern.scheme)) return `${pattern.scheme}://${hostText(pattern.host)}`;
  const { from, to } = pattern.port;
  const exact = formatHostPort(hostText(pattern.host), from);
  const host = exact.slice(0, exact.lastIndexOf(":"));
  const port = from === to ? `${from}` : from === 1 && to === MAX_PORT ? "*" : `${from}-${to}`;
  return joinDestination({ scheme: pattern.scheme, hostPort: `${host}:${port}`, spki: pattern.spki });
}

/**
 * Whether a pattern covers a destination, by what is written in both: no name is looked up.
 *
 * A wildcard or a block never covers an address that answers with a cloud machine's credentials unless the block is
 * that address alone, and `*` covers neither `localhost` nor addresses that are not public: those are to be named.
 *
 * @param pattern The pattern.
 * @param destination The destination.
 */
export function patternCovers(pattern: DestinationPattern, destination: Destination): boolean {
  const scheme = pattern.scheme === destination.scheme || (pattern.scheme === "tcp" && destination.scheme === "tls");
  if (!scheme) return false;
  if (!portCovers(pattern, destination)) return false;
  if (pattern.spki !== null && pattern.spki !== destination.spki) return false;
  return hostCovers(pattern.host, destination.host);
}

/**
 * Whether a pattern, read as a refusal, reaches a destination. A refusal is read as widely as an approval is narrowly:
 * `*` is every host, a block holds for metadata addresses too, and an address of this machine stands for `localhost`.
 *
 * @param pattern The pattern.
 * @param destination The destination.
 */
export function patternRefuses(pattern: DestinationPattern, destination: Destination): boolean {
  if (pattern.host.kind !== "any" && destination.host.kind === "localhost") {
    const loopback = ["127.0.0.1", "::1"].map((text) => hostOfAddress(parseIpAddress(text) as IpAddress));
    const byAddress = loopback.some((host) => patternRefuses(pattern, { ...destination, host }));
    return byAddress || patternCovers(pattern, destination);
  }
  if (pattern.host.kind !== "any" && pattern.host.kind !== "cidr") return patternCovers(pattern, destination);
  const { address } = destination.host;
  const host = pattern.host.kind === "any" || (address !== null && blockContains(pattern.host.block, address));
  const scheme = pattern.scheme === destination.scheme || (pattern.scheme === "tcp" && destination.scheme === "tls");
  return host && scheme && portCovers(pattern, destination);
}

/** Any port includes the one that the system picks. */
function portCovers({ port: { from, to } }: DestinationPattern, { port }: Destination): boolean {
  return (port >= from && port <= to) || (port === 0 && from === 1 && to === MAX_PORT);
}

function hostCovers(pattern: HostPattern, host: CanonicalHost): boolean {
  switch (pattern.kind) {
    case "any":
      return host.kind === "name" || (host.address !== null && classifyAddress(host.address) === "public");
    case "suffix":
      return host.kind === "name" && host.text.endsWith(`.${pattern.suffix}`);
    case "cidr": {
      if (host.address === null || !blockContains(pattern.block, host.address)) return false;
      const alone = pattern.block.prefixLength === (pattern.block.family === 4 ? 32 : 128);
      return alone || classifyAddress(host.address) !== "metadata";
    }
    default:
      return pattern.kind === host.kind && pattern.text === host.text;
  }
}

function parseHostPattern(text: string, host: string): HostPattern {
  if (host === "*") return Object.freeze({ kind: "any" });
  if (host.startsWith("*.")) {
    const base = canonicalHost(host.slice(2));
    if (base.kind !== "name") throw destinationSyntax(text, "a wildcard stands before a full domain name only");
    return Object.freeze({ kind: "suffix", suffix: base.text });
  }
  if (!host.includes("/")) return canonicalHost(host);
  const block = parseAddressBlock(host.startsWith("[") ? host.slice(1, -1) : host);
  const bracketed = host.startsWith("[");
  if (block === null || bracketed !== (block.family === 6)) {
    throw destinationSyntax(
      text,
      "a block of addresses is its first address and the number of shared bits, as in 10.0.0.0/8",
    );
  }
  return Object.freeze({ kind: "cidr", block });
}

function parsePorts(text: string, { port, scheme }: DestinationParts): DestinationPattern["port"] {
  if (port === "*") return Object.freeze({ from: 1, to: MAX_PORT });
  const hyphen = port.indexOf("-");
  const from = parsePort(hyphen < 0 ? port : port.slice(0, hyphen), scheme);
  const to = hyphen < 0 ? from : parsePort(port.slice(hyphen + 1), scheme);
  if (from === null || to === null || from > to) {
    throw destinationSyntax(text, "the port is not a number from 1 to 65535 or a range of two");
  }
  return Object.freeze({ from, to });
}

function hostText(host: HostPattern): string {
  switch (host.kind) {
    case "any":
      return "*";
    case "suffix":
      return `*.${host.suffix}`;
    case "cidr":
      return host.block.text;
    default:
      return host.text;
  }
}
