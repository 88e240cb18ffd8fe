/**
 * Conversion of what `new TCPSocket()` is given, in the order of the draft: arguments, the dictionary's members by name,
 * then the constructor's own checks (DS-02 to DS-06). Everything wrong here is a `TypeError` thrown at once (DS-08).
 *
 * https://wicg.github.io/direct-sockets/#constructor-method
 */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import { toBoolean, toDOMString, toEnum, toUnsignedLong, toUnsignedShort } from "../../../core/webidl.ts";
import type { DnsQueryType } from "../../port.ts";

/** Options of `new TCPSocket()`. */
export interface TCPSocketOptions {
  /**
   * Wanted size of the system's send buffer in bytes, at least 1.
   *
   * Deviation: checked and not applied, because no runtime can set it for TCP (DS-06).
   */
  readonly sendBufferSize?: number;
  /**
   * Wanted size of the system's receive buffer in bytes, at least 1.
   *
   * Deviation: checked and not applied, because no runtime can set it for TCP (DS-06).
   */
  readonly receiveBufferSize?: number;
  /** Sends small writes at once (TCP_NODELAY). Default false. */
  readonly noDelay?: boolean;
  /** Turns keep-alive on: milliseconds of silence before the first probe, at least 1000. Off when absent. */
  readonly keepAliveDelay?: number;
  /** Looks up IPv4 or IPv6 addresses only. Both when absent. */
  readonly dnsQueryType?: DnsQueryType;
}

/** The arguments as they came. */
export interface TcpSocketArguments {
  /** First argument. */
  readonly remoteAddress: unknown;
  /** Second argument. */
  readonly remotePort: unknown;
  /** Third argument. */
  readonly options: unknown;
}

/** The arguments after conversion. */
export interface TcpSocketRequest {
  /** As the script gave it: a name, an address, or nonsense. */
  readonly remoteAddress: string;
  /** 0 to 65535; nothing can be reached at 0. */
  readonly remotePort: number;
  /** TCP_NODELAY. */
  readonly noDelay: boolean;
  /** Milliseconds, or null for no keep-alive. */
  readonly keepAliveDelayMs: number | null;
  /** Which family to look up; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

const MIN_KEEP_ALIVE_MS = 1000;

/**
 * Converts the constructor's arguments.
 *
 * Deviation: options count that are the object's own or its class's, not those of a polluted `Object.prototype` (CORE-01).
 *
 * @param given The arguments, at least two of which were there.
 * @throws {TypeError} for what cannot be converted, and for options that the draft refuses.
 */
export function toTcpSocketRequest(given: TcpSocketArguments): TcpSocketRequest {
  const remoteAddress = toDOMString(given.remoteAddress, "remoteAddress");
  // Without [EnforceRange] the port is taken modulo 65536, as the draft has it.
  const remotePort = toUnsignedShort(given.remotePort, { enforceRange: false, what: "remotePort" });
  const options = requireDictionary(given.options, "options") ?? {};
  // Web IDL reads a dictionary's members in the order of their names.
  const dnsQueryType = toDnsQueryType(member(options, "dnsQueryType"));
  const keepAliveDelayMs = toSize(options, "keepAliveDelay");
  const noDelay = toBoolean(member(options, "noDelay"));
  const receiveBufferSize = toSize(options, "receiveBufferSize");
  const sendBufferSize = toSize(options, "sendBufferSize");
  if (keepAliveDelayMs !== null && keepAliveDelayMs < MIN_KEEP_ALIVE_MS) {
    throw new TypeError(`Cannot use keepAliveDelay: it is under ${MIN_KEEP_ALIVE_MS} ms`);
  }
  refuseZero(sendBufferSize, "sendBufferSize");
  refuseZero(receiveBufferSize, "receiveBufferSize");
  const where = formatHostPort(remoteAddress, remotePort);
  return Object.freeze({ remoteAddress, remotePort, noDelay, keepAliveDelayMs, dnsQueryType, where });
}

function toDnsQueryType(value: unknown): DnsQueryType | null {
  return value === undefined ? null : toEnum<DnsQueryType>(value, ["ipv4", "ipv6"], "dnsQueryType");
}

function toSize(options: object, name: string): number | null {
  const value = member(options, name);
  return value === undefined ? null : toUnsignedLong(value, { enforceRange: true, what: name });
}

function refuseZero(size: number | null, name: string): void {
  if (size === 0) throw new TypeError(`Cannot use ${name}: it is 0`);
}
