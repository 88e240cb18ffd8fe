/**
 * IP addresses: strict parsing, one canonical text, and the class an address belongs to.
 *
 * Everything that decides about an address starts here, so the reading is narrow: what another parser might
 * take for an address (`127.1`, `0x7f.1`, `010.0.0.1`) is not one. The only importer of `ipaddr.js`.
 */
import ipaddr from "ipaddr.js";
import { ADDRESS_REGISTRY, type AddressClass, type Embedding, METADATA_ADDRESSES } from "./address_registry.ts";

export type { AddressClass } from "./address_registry.ts";

/** An IP address. Frozen; made by {@linkcode parseIpAddress} only. */
export interface IpAddress {
  /** Address family. An IPv4-mapped IPv6 address is IPv4. */
  readonly family: 4 | 6;
  /** Canonical text: dotted quad, or RFC 5952, without zone and brackets. */
  readonly text: string;
  /** Interface name of a link-local IPv6 address (`eth0` of `fe80::1%eth0`), or null. */
  readonly zone: string | null;
}

/** A block of addresses in CIDR notation. Frozen; made by {@linkcode parseAddressBlock} only. */
export interface AddressBlock {
  /** Address family. */
  readonly family: 4 | 6;
  /** The first address. */
  readonly base: IpAddress;
  /** Number of leading bits that all addresses of the block share. */
  readonly prefixLength: number;
  /** Canonical text: `10.0.0.0/8`, `2001:db8::/32`. */
  readonly text: string;
}

const parseIpv4 = ipaddr.IPv4.parse;
const parseIpv6 = ipaddr.IPv6.parse;

const OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
const DOTTED_QUAD = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const IPV6_SHAPE = /^(?:[0-9a-fA-F]{0,4}:){2,8}(?:[0-9a-fA-F]{0,4}|[0-9.]{7,15})$/;
const ZONE = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,15}$/;
const PREFIX_LENGTH = /^(?:0|[1-9][0-9]{0,2})$/;

/** The longest IPv6 text is 45 characters; `%` and 15 of an interface name may follow. */
const MAX_TEXT = 61;

/**
 * Parses an IP address, strictly.
 *
 * IPv4 is four decimal parts without leading zeros. IPv6 is RFC 4291 text without brackets, where the last 32 bits
 * may be a dotted quad; an IPv4-mapped address becomes the IPv4 address. A zone is accepted on link-local IPv6
 * (`fe80::/10`) only, as an interface name of 1 to 15 characters out of `A-Za-z0-9._-`.
 *
 * @param text The text; nothing around the address is tolerated.
 * @returns The address, or null when the text is not one.
 */
export function parseIpAddress(text: string): IpAddress | null {
  if (text.length > MAX_TEXT) return null;
  const percent = text.indexOf("%");
  const bytes = bytesOf(percent < 0 ? text : text.slice(0, percent));
  if (bytes === null) return null;
  if (percent < 0) return fromBytes(bytes, null);
  const zone = text.slice(percent + 1);
  return isLinkLocal6(bytes) && ZONE.test(zone) ? fromBytes(bytes, zone) : null;
}

/**
 * Parses a block of addresses such as `10.0.0.0/8`.
 *
 * The address must be the first of its block (`10.1.2.3/8` is refused as a likely mistake), without zone, and not an
 * IPv4-mapped one.
 *
 * @param text The text, without brackets.
 * @returns The block, or null when the text is not one.
 */
export function parseAddressBlock(text: string): AddressBlock | null {
  const slash = text.indexOf("/");
  if (slash < 0 || text.length > MAX_TEXT) return null;
  const length = text.slice(slash + 1);
  const bytes = bytesOf(text.slice(0, slash));
  if (bytes === null || !PREFIX_LENGTH.test(length)) return null;
  const prefixLength = Number(length);
  const mapped = bytes.length === 4 && text.includes(":");
  if (mapped || prefixLength > bytes.length * 8) return null;
  if (bytes.some((byte, index) => (byte & hostBits(prefixLength, index)) !== 0)) return null;
  const base = fromBytes(bytes, null);
  return Object.freeze({ family: base.family, base, prefixLength, text: `${base.text}/${prefixLength}` });
}

/**
 * Whether an address lies in a block. A zone plays no part.
 *
 * @param block The block.
 * @param address The address; one of the other family never lies in it.
 */
export function blockContains(block: AddressBlock, address: IpAddress): boolean {
  const bytes = bytesOf(address.text);
  const base = bytesOf(block.base.text);
  return bytes !== null && base !== null && samePrefix(bytes, base, block.prefixLength);
}

/**
 * The class of an address after the IANA special-purpose registries (see `address_registry.ts`).
 *
 * Addresses that carry an IPv4 address inside (6to4, Teredo, NAT64, IPv4-compatible, IPv4-translated) have the
 * class of that one, and are `reserved` where it is public: they never count as public themselves.
 *
 * @param address The address.
 * @returns `public` only for addresses that are globally reachable; `reserved` for what is not an address at all.
 */
export function classifyAddress(address: IpAddress): AddressClass {
  const bytes = bytesOf(address.text);
  return bytes === null ? "reserved" : classifyBytes(bytes);
}

/**
 * Joins host and port, with brackets around IPv6 text. The path of a local socket, which has no port, stays as it is.
 *
 * @param host A host name, the text of an address, zone included, or a path.
 * @param port The port number.
 * @returns Such as `example.com:25`, `[2001:db8::1]:25` or `/run/x.sock`.
 */
export function formatHostPort(host: string, port: number): string {
  if (host.startsWith("/")) return host;
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The bytes of an address as protocols carry it: 4 or 16. */
export function addressBytes(address: IpAddress): readonly number[] {
  return bytesOf(address.text) ?? [];
}

function bytesOf(text: string): number[] | null {
  if (DOTTED_QUAD.test(text)) return quadBytes(text);
  if (!IPV6_SHAPE.test(text)) return null;
  const plain = withoutQuad(text);
  if (plain === null) return null;
  try {
    const bytes = parseIpv6.call(ipaddr.IPv6, plain).toByteArray();
    return isMapped(bytes) ? bytes.slice(12) : bytes;
  } catch {
    return null;
  }
}

function quadBytes(quad: string): number[] {
  return parseIpv4.call(ipaddr.IPv4, quad).toByteArray();
}

/** Writes a dotted quad at the end as two groups: the package takes `::1.2.3.4` for the mapped `::ffff:1.2.3.4`. */
function withoutQuad(text: string): string | null {
  const start = text.lastIndexOf(":") + 1;
  const tail = text.slice(start);
  if (!tail.includes(".")) return text;
  if (!DOTTED_QUAD.test(tail)) return null;
  const [a = 0, b = 0, c = 0, d = 0] = quadBytes(tail);
  return `${text.slice(0, start)}${(a << 8 | b).toString(16)}:${(c << 8 | d).toString(16)}`;
}

function fromBytes(bytes: readonly number[], zone: string | null): IpAddress {
  const family = bytes.length === 4 ? 4 : 6;
  return Object.freeze({ family, text: family === 4 ? bytes.join(".") : formatIpv6(bytes), zone });
}

/** RFC 5952: lower case, no leading zeros, the first longest run of two or more zero groups as `::`. */
function formatIpv6(bytes: readonly number[]): string {
  const groups: number[] = [];
  for (let index = 0; index < 16; index += 2) groups.push((bytes[index] ?? 0) << 8 | (bytes[index + 1] ?? 0));
  let start = 0;
  let length = 0;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && groups[to] === 0) to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => index >= 12 || byte === (index < 10 ? 0 : 0xff));
}

function isLinkLocal6(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes[0] === 0xfe && ((bytes[1] ?? 0) & 0xc0) === 0x80;
}

/** The bits of the byte at `index` that lie behind the prefix. */
function hostBits(prefixLength: number, index: number): number {
  return 0xff >> Math.min(8, Math.max(0, prefixLength - index * 8));
}

function samePrefix(left: readonly number[], right: readonly number[], prefixLength: number): boolean {
  if (left.length !== right.length) return false;
  return left.every((byte, index) => ((byte ^ (right[index] ?? 0)) & ~hostBits(prefixLength, index) & 0xff) === 0);
}

interface Row {
  readonly base: readonly number[];
  readonly prefixLength: number;
  readonly is: AddressClass | Embedding;
}

/** Longest prefix first, so that the first row that matches is the one that counts. */
const ROWS: readonly Row[] = ADDRESS_REGISTRY
  .map(([block, is]): Row => {
    const [address = "", length = ""] = block.split("/");
    return { base: bytesOf(address) ?? [], prefixLength: Number(length), is };
  })
  .sort((left, right) => right.prefixLength - left.prefixLength);

const METADATA: ReadonlySet<string> = new Set(METADATA_ADDRESSES.map(([text]) => bytesOf(text)?.join(".") ?? text));

function classifyBytes(bytes: readonly number[]): AddressClass {
  if (METADATA.has(bytes.join("."))) return "metadata";
  for (const row of ROWS) {
    if (!samePrefix(bytes, row.base, row.prefixLength)) continue;
    return typeof row.is === "string" ? row.is : classifyEmbedded(bytes, row.is);
  }
  return "reserved";
}

function classifyEmbedded(bytes: readonly number[], embedding: Embedding): AddressClass {
  for (const { offset, inverted } of embedding.ipv4) {
    const inner = bytes.slice(offset, offset + 4).map((byte) => inverted ? byte ^ 0xff : byte);
    const innerClass = classifyBytes(inner);
    if (innerClass !== "public") return innerClass;
  }
  return embedding.otherwise;
}
