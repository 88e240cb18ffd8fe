/** Conversion of the address that `connect()` takes (WT-02, WT-03). */
import { parsePort } from "../../../core/destination_syntax.ts";
import { member } from "../../../core/dictionary.ts";
import { type CanonicalHost, canonicalHost } from "../../../core/host.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import { toDOMString, toUnsignedShort } from "../../../core/webidl.ts";
import { orSocketError, SocketError } from "./socket_error.ts";

/** Where to connect to, in parts. */
export interface SocketAddress {
  /** Host name or IP address. */
  readonly hostname: string;
  /** Port, 1 to 65535. */
  readonly port: number;
}

/** Where to connect to: in parts, or as `host:port`, with brackets around an IPv6 address: `[2001:db8::1]:25`. */
export type AnySocketAddress = string | SocketAddress;

/** An address after conversion. */
export interface RequestedAddress {
  /** The host, canonical. */
  readonly host: CanonicalHost;
  /** 1 to 65535. */
  readonly port: number;
  /** As the script gave it, for the uniform error. */
  readonly where: string;
}

const BRACKETED = /^\[([^[\]]*)\](?::([\s\S]*))?$/u;
const PLAIN = /^([^:]*)(?::([^:]*))?$/u;

/**
 * Converts an address. No URL parser takes part: for `http:` it would drop a default port and rewrite `127.1`.
 *
 * @param value What the script gave.
 * @throws {SocketError} for what is no address, or one that can never be connected to.
 * @throws {TypeError} for a port that is out of range.
 */
export function toRequestedAddress(value: unknown): RequestedAddress {
  const { hostname, port } = isDictionary(value) ? fromDictionary(value) : fromText(toDOMString(value, "address"));
  if (hostname === "") throw new SocketError("Cannot connect: the hostname is missing");
  const host = orSocketError(() => canonicalHost(hostname));
  const shown = host.kind === "address" ? host.text : hostname;
  return Object.freeze({ host, port, where: formatHostPort(shown, port) });
}

/** Web IDL: undefined and null are an empty dictionary where the union has one. */
function isDictionary(value: unknown): boolean {
  return value === undefined || value === null || typeof value === "object" || typeof value === "function";
}

function fromDictionary(value: unknown): SocketAddress {
  const hostname = member(value, "hostname");
  if (hostname === undefined || hostname === null) throw new SocketError("Cannot connect: the hostname is missing");
  const given = member(value, "port");
  if (given === undefined || given === null) throw new SocketError("Cannot connect: the port is missing");
  // Deviation: the text's `unsigned short` would take 70000 for 4464; to connect elsewhere than asked helps nobody.
  const port = toUnsignedShort(given, { enforceRange: true, what: "port" });
  if (port === 0) throw new SocketError("Cannot connect: the port is 0");
  return { hostname: toDOMString(hostname, "hostname"), port };
}

function fromText(text: string): SocketAddress {
  if (text === "") throw new SocketError("Cannot connect: the hostname is missing");
  const match = BRACKETED.exec(text) ?? PLAIN.exec(text);
  if (match === null) throw new SocketError("Cannot connect: the address is not of the form host:port");
  const [, hostname = "", portText = ""] = match;
  if (portText === "") throw new SocketError("Cannot connect: the port is missing");
  const port = parsePort(portText, "tcp");
  if (port === null) throw new SocketError("Cannot connect: the port is not a number from 1 to 65535");
  return { hostname, port };
}
