/**
 * Conversion of what `new UDPSocket()` is given, in the order of the draft: the dictionary's members by name, then the
 * constructor's own checks (DS-03, DS-04, DS-06, DS-09 to DS-14). What is wrong here is thrown at once (DS-08).
 *
 * https://wicg.github.io/direct-sockets/#constructor-method-0
 */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { toBoolean, toDOMString, toEnum, toUnsignedLong, toUnsignedShort } from "../../../core/webidl.ts";
import type { MulticastSendOptions } from "../../datagram_port.ts";
import { DEFAULT_MULTICAST } from "../../open_approved_udp.ts";
import type { DnsQueryType } from "../../port.ts";
import { type DirectSocketsPolicy, requireToConstruct } from "./policy.ts";

/**
 * Options of `new UDPSocket()`. With `remoteAddress` and `remotePort` the socket has one peer (connected mode); with
 * `localAddress` it hears everybody, and each message says where it goes (bound mode).
 */
export interface UDPSocketOptions {
  /** Host name or IP address of the one peer. What is wrong with it shows in `opened` and `closed`. */
  readonly remoteAddress?: string;
  /** Port of the one peer. */
  readonly remotePort?: number;
  /** IP address of this machine to bind to; `0.0.0.0` and `::` stand for every address, which groups need. */
  readonly localAddress?: string;
  /** Port to bind to, 1 to 65535. The system picks one when it is absent. */
  readonly localPort?: number;
  /** Wanted size of the system's send buffer in bytes, at least 1; what is over 32 MiB counts as 32 MiB. */
  readonly sendBufferSize?: number;
  /** Wanted size of the system's receive buffer in bytes, at least 1; what is over 32 MiB counts as 32 MiB. */
  readonly receiveBufferSize?: number;
  /** Looks up IPv4 or IPv6 addresses only, in connected mode. Both when absent. */
  readonly dnsQueryType?: DnsQueryType;
  /** Keeps a socket on `::` from taking IPv4 datagrams too; for `localAddress` `::` only. Default false. */
  readonly ipv6Only?: boolean;
  /** Routers that datagrams to groups may pass, 0 to 255: 0 stays on this machine, 1 (default) on the link. */
  readonly multicastTimeToLive?: number;
  /** Whether this machine receives what it sends to groups. Default true. */
  readonly multicastLoopback?: boolean;
  /** Lets other sockets that ask for it too bind to the same address and port. Default false. */
  readonly multicastAllowAddressSharing?: boolean;
}

/** What both modes have. */
interface UdpRequest {
  /** Bytes, or null for the system's default. */
  readonly sendBufferSize: number | null;
  /** Likewise. */
  readonly receiveBufferSize: number | null;
  /** How groups are sent to; null for the system's way. */
  readonly multicast: MulticastSendOptions | null;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

/** A socket with one peer is wanted. */
export interface ConnectedUdpRequest extends UdpRequest {
  /** Tells it from the other. */
  readonly mode: "connected";
  /** As the script gave it: a name, an address, or nonsense. */
  readonly remoteAddress: string;
  /** 0 to 65535; nothing can be reached at 0. */
  readonly remotePort: number;
  /** Which family to look up; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
}

/** A bound socket is wanted. */
export interface BoundUdpRequest extends UdpRequest {
  /** Tells it from the other. */
  readonly mode: "bound";
  /** Where. */
  readonly address: IpAddress;
  /** 1 to 65535, or 0 for one that the system picks. */
  readonly port: number;
  /** Keeps IPv4 out of `::`. */
  readonly ipv6Only: boolean;
  /** Shares the address and port. */
  readonly addressSharing: boolean;
}

/** The options after conversion. */
export type UdpSocketRequest = ConnectedUdpRequest | BoundUdpRequest;

/** The members as Web IDL converts them; null where they are absent. */
interface ReadOptions {
  readonly dnsQueryType: DnsQueryType | null;
  readonly ipv6Only: boolean | null;
  readonly localAddress: string | null;
  readonly localPort: number | null;
  readonly multicastAllowAddressSharing: boolean | null;
  readonly multicastLoopback: boolean | null;
  readonly multicastTimeToLive: number | null;
  readonly receiveBufferSize: number | null;
  readonly remoteAddress: string | null;
  readonly remotePort: number | null;
  readonly sendBufferSize: number | null;
}

/** A mode, and what it was inferred from. */
type Mode =
  | { readonly kind: "connected"; readonly remoteAddress: string; readonly remotePort: number }
  | { readonly kind: "bound"; readonly address: IpAddress };

/** Larger buffers are not asked for (RS-02): no system gives them, and one that tried would be out of memory. */
const MAX_BUFFER_BYTES = 32 * 1024 * 1024;
const MAX_OCTET = 255;

/**
 * Converts the constructor's options.
 *
 * Deviation: options count that are the object's own or its class's, not those of a polluted `Object.prototype` (CORE-01).
 *
 * @param value What the script gave.
 * @param policy What its code may use.
 * @throws {TypeError} for what cannot be converted, and for options that the draft refuses.
 * @throws {DOMException} `NotAllowedError` for multicast options where the policy does not allow them.
 */
export function toUdpSocketRequest(value: unknown, policy: DirectSocketsPolicy): UdpSocketRequest {
  const given = readOptions(requireDictionary(value, "options") ?? {});
  const mode = inferMode(given);
  if (mode.kind === "bound" && given.dnsQueryType !== null) refuse("dnsQueryType", "it is for remoteAddress");
  refuseIpv6Only(given, mode);
  if (given.sendBufferSize === 0) refuse("sendBufferSize", "it is 0");
  if (given.receiveBufferSize === 0) refuse("receiveBufferSize", "it is 0");
  if (hasMulticast(given)) requireToConstruct("direct-sockets-multicast", { policy, what: "this UDPSocket" });
  return Object.freeze(mode.kind === "bound" ? boundRequest(given, mode) : connectedRequest(given, mode));
}

/** Web IDL reads a dictionary's members in the order of their names. */
function readOptions(options: object): ReadOptions {
  const read = <T>(name: keyof ReadOptions, convert: (value: unknown, what: string) => T): T | null => {
    const value = member(options, name);
    return value === undefined ? null : convert(value, name);
  };
  return {
    dnsQueryType: read("dnsQueryType", (value, what) => toEnum(value, ["ipv4", "ipv6"] as const, what)),
    ipv6Only: read("ipv6Only", toBoolean),
    localAddress: read("localAddress", toDOMString),
    localPort: read("localPort", toPort),
    multicastAllowAddressSharing: read("multicastAllowAddressSharing", toBoolean),
    multicastLoopback: read("multicastLoopback", toBoolean),
    multicastTimeToLive: read("multicastTimeToLive", toOctet),
    receiveBufferSize: read("receiveBufferSize", toSize),
    remoteAddress: read("remoteAddress", toDOMString),
    remotePort: read("remotePort", toPort),
    sendBufferSize: read("sendBufferSize", toSize),
  };
}

function inferMode({ remoteAddress, remotePort, localAddress, localPort }: ReadOptions): Mode {
  if ((remoteAddress === null) !== (remotePort === null)) {
    refuse(remoteAddress === null ? "remotePort" : "remoteAddress", "the other one is missing");
  }
  if (localPort === 0) refuse("localPort", "it is 0");
  if (localPort !== null && localAddress === null) refuse("localPort", "localAddress is missing");
  if (localAddress === null) {
    if (remoteAddress !== null && remotePort !== null) return { kind: "connected", remoteAddress, remotePort };
    throw new TypeError("Cannot construct a UDPSocket: neither remoteAddress nor localAddress is given");
  }
  if (remoteAddress !== null) refuse("localAddress", "remoteAddress is given, too");
  const address = parseIpAddress(localAddress);
  return address === null ? refuse("localAddress", "it is not an IP address") : { kind: "bound", address };
}

function refuseIpv6Only({ ipv6Only }: ReadOptions, mode: Mode): void {
  if (ipv6Only === null) return;
  if (mode.kind === "connected") refuse("ipv6Only", "it is for localAddress");
  if (mode.address.text !== "::") refuse("ipv6Only", "localAddress is not ::");
}

function hasMulticast(given: ReadOptions): boolean {
  const { multicastAllowAddressSharing, multicastLoopback, multicastTimeToLive } = given;
  return multicastAllowAddressSharing !== null || multicastLoopback !== null || multicastTimeToLive !== null;
}

function connectedRequest(
  given: ReadOptions,
  { remoteAddress, remotePort }: Extract<Mode, { kind: "connected" }>,
): ConnectedUdpRequest {
  const { dnsQueryType } = given;
  const where = formatHostPort(remoteAddress, remotePort);
  return { mode: "connected", remoteAddress, remotePort, dnsQueryType, ...sharedParts(given), where };
}

function boundRequest(given: ReadOptions, { address }: Extract<Mode, { kind: "bound" }>): BoundUdpRequest {
  const port = given.localPort ?? 0;
  return {
    mode: "bound",
    address,
    port,
    ipv6Only: given.ipv6Only ?? false,
    addressSharing: given.multicastAllowAddressSharing ?? false,
    ...sharedParts(given),
    where: formatHostPort(given.localAddress ?? "", port),
  };
}

function sharedParts(given: ReadOptions): Omit<UdpRequest, "where"> {
  return {
    sendBufferSize: capped(given.sendBufferSize),
    receiveBufferSize: capped(given.receiveBufferSize),
    multicast: toMulticast(given),
  };
}

/** Null where nothing was asked for: systems do what the draft's defaults say. */
function toMulticast({ multicastTimeToLive, multicastLoopback }: ReadOptions): MulticastSendOptions | null {
  if (multicastTimeToLive === null && multicastLoopback === null) return null;
  return Object.freeze({
    timeToLive: multicastTimeToLive ?? DEFAULT_MULTICAST.timeToLive,
    loopback: multicastLoopback ?? DEFAULT_MULTICAST.loopback,
    interfaceName: null,
  });
}

function capped(size: number | null): number | null {
  return size === null ? null : Math.min(size, MAX_BUFFER_BYTES);
}

function toPort(value: unknown, what: string): number {
  return toUnsignedShort(value, { enforceRange: true, what });
}

function toSize(value: unknown, what: string): number {
  return toUnsignedLong(value, { enforceRange: true, what });
}

function toOctet(value: unknown, what: string): number {
  const octet = toUnsignedShort(value, { enforceRange: true, what });
  return octet <= MAX_OCTET ? octet : refuse(what, `it is over ${MAX_OCTET}`);
}

function refuse(option: string, state: string): never {
  throw new TypeError(`Cannot use ${option}: ${state}`);
}
