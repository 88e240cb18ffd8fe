/** Conversion of `openUDPSocket` options (RS-01, RS-02). Everything wrong with them is a `TypeError`. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import { toBoolean, toEnum, toUnsignedShort, toUSVString } from "../../../core/webidl.ts";
import type { DnsQueryType } from "../../port.ts";
import { toAbortSignal } from "../../option_values.ts";
import { toBufferSize, toQueueLimits, type UDPBufferOptions, type UdpBuffers } from "../../udp_socket_options.ts";

/** Options of `openUDPSocket`. */
export interface UDPSocketOptions extends UDPBufferOptions {
  /** Host name or IP address. When omitted, the operator is asked for it. */
  readonly remoteAddress?: string;
  /** Port, 1 to 65535. */
  readonly remotePort: number;
  /** Looks up IPv4 or IPv6 addresses only. */
  readonly dnsQueryType?: DnsQueryType;
  /** Ends the attempt, and afterwards the socket. */
  readonly signal?: AbortSignal;
}

/** Options after conversion. */
export interface UdpRequest extends UdpBuffers {
  /** As the script gave it, or null. */
  readonly remoteAddress: string | null;
  /** 1 to 65535. */
  readonly remotePort: number;
  /** Which family to look up. */
  readonly dnsQueryType: DnsQueryType | null;
  /** Ends attempt and socket. */
  readonly signal: AbortSignal;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

/**
 * Converts the options. Web IDL reads a dictionary's members in the order of their names.
 *
 * @param value What the script gave.
 * @throws {TypeError} for anything that can never work.
 */
export function toUdpRequest(value: unknown): UdpRequest {
  const options = requireDictionary(value, "UDP socket options") ?? {};
  const type = member(options, "dnsQueryType");
  const dnsQueryType = type === undefined ? null : toEnum(type, ["ipv4", "ipv6"], "dnsQueryType");
  // The definitions have one dictionary for both kinds of socket. Accepting what has no effect would be a lie.
  refuseSwitch(options, "keepAlive");
  refuse(options, "localAddress");
  refuse(options, "localPort");
  const queue = toQueueLimits(options);
  refuseSwitch(options, "noDelay");
  const receiveBufferSize = toBufferSize(options, "receiveBufferSize");
  const address = member(options, "remoteAddress");
  const remoteAddress = address === undefined || address === null ? null : toUSVString(address, "remoteAddress");
  const remotePort = toPort(member(options, "remotePort"));
  const sendBufferSize = toBufferSize(options, "sendBufferSize");
  const signal = toAbortSignal(member(options, "signal"));
  const where = remoteAddress === null ? `port ${remotePort}` : formatHostPort(remoteAddress, remotePort);
  return Object.freeze({
    remoteAddress,
    remotePort,
    dnsQueryType,
    sendBufferSize,
    receiveBufferSize,
    queue,
    signal,
    where,
  });
}

function toPort(value: unknown): number {
  if (value === undefined) throw new TypeError("Cannot open a UDP socket: remotePort is missing");
  const port = toUnsignedShort(value, { enforceRange: true, what: "remotePort" });
  if (port === 0) throw new TypeError("Cannot open a UDP socket: remotePort is 0");
  return port;
}

function refuse(options: object, name: "localAddress" | "localPort"): void {
  if (member(options, name) === undefined) return;
  throw new TypeError(`Cannot use ${name}: the system chooses it; bindUDPSocket() binds to an address`);
}

function refuseSwitch(options: object, name: "keepAlive" | "noDelay"): void {
  if (toBoolean(member(options, name))) throw new TypeError(`Cannot use ${name}: it is for TCP`);
}
