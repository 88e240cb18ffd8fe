/**
 * Conversion of what `new TCPServerSocket()` is given, in the order of the draft: the address, the dictionary's members by
 * name, then the constructor's own checks (DS-03, DS-15). Everything wrong here is a `TypeError` thrown at once (DS-08).
 *
 * https://wicg.github.io/direct-sockets/#constructor-method-1
 */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { toBoolean, toDOMString, toUnsignedLong, toUnsignedShort } from "../../../core/webidl.ts";

/** Options of `new TCPServerSocket()`. */
export interface TCPServerSocketOptions {
  /** Port to listen at, 1 to 65535. When it is absent, a free one from 32768 on is picked. */
  readonly localPort?: number;
  /** Connections that may wait until the program takes them, at least 1. Default 128; no system keeps more than 65,535. */
  readonly backlog?: number;
  /** Keeps a server at `::` from taking IPv4 connections too; true for `localAddress` `::` only. Default false. */
  readonly ipv6Only?: boolean;
}

/** The arguments as they came. */
export interface TcpServerSocketArguments {
  /** First argument. */
  readonly localAddress: unknown;
  /** Second argument. */
  readonly options: unknown;
}

/** The arguments after conversion. */
export interface TcpServerSocketRequest {
  /** Where to listen. */
  readonly address: IpAddress;
  /** 1 to 65535, or 0 for one of the high range. */
  readonly port: number;
  /** Connections that may wait. */
  readonly backlog: number;
  /** Keeps IPv4 out of `::`. */
  readonly ipv6Only: boolean;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

const DEFAULT_BACKLOG = 128;
const MAX_BACKLOG = 65_535;

/**
 * Converts the constructor's arguments.
 *
 * Deviation: options count that are the object's own or its class's, not those of a polluted `Object.prototype` (CORE-01).
 *
 * @param given The arguments, at least one of which was there.
 * @throws {TypeError} for what cannot be converted, and for options that the draft refuses.
 */
export function toTcpServerSocketRequest(given: TcpServerSocketArguments): TcpServerSocketRequest {
  const localAddress = toDOMString(given.localAddress, "localAddress");
  const options = requireDictionary(given.options, "options") ?? {};
  // Web IDL reads a dictionary's members in the order of their names.
  const backlog = member(options, "backlog");
  const backlogCount = backlog === undefined ? null : toUnsignedLong(backlog, { enforceRange: true, what: "backlog" });
  const ipv6Only = toBoolean(member(options, "ipv6Only"));
  const localPort = member(options, "localPort");
  const port = localPort === undefined ? null : toUnsignedShort(localPort, { enforceRange: true, what: "localPort" });
  const address = parseIpAddress(localAddress);
  if (address === null) throw new TypeError("Cannot use localAddress: it is not an IP address");
  if (port === 0) throw new TypeError("Cannot use localPort: it is 0");
  if (backlogCount === 0) throw new TypeError("Cannot use backlog: it is 0");
  if (ipv6Only && address.text !== "::") throw new TypeError("Cannot use ipv6Only: localAddress is not ::");
  return Object.freeze({
    address,
    port: port ?? 0,
    backlog: Math.min(backlogCount ?? DEFAULT_BACKLOG, MAX_BACKLOG),
    ipv6Only,
    where: formatHostPort(localAddress, port ?? 0),
  });
}
