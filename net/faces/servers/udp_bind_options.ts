/** Conversion of `bindUDPSocket` options. Everything wrong with them is a `TypeError`. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { toBoolean, toDOMString, toEnum, toUnsignedShort } from "../../../core/webidl.ts";
import type { MulticastSendOptions } from "../../datagram_port.ts";
import { DEFAULT_MULTICAST } from "../../open_approved_udp.ts";
import { toAbortSignal } from "../../option_values.ts";
import { toBufferSize, toQueueLimits, type UDPBufferOptions, type UdpBuffers } from "../../udp_socket_options.ts";

/** Options of `bindUDPSocket`. */
export interface UDPBindOptions extends UDPBufferOptions {
  /**
   * Address to bind to. Default `127.0.0.1`: other programs of this machine. `0.0.0.0` or `::` for every address of this
   * machine, which groups need, must be written out.
   */
  readonly localAddress?: string;
  /** Port, 0 to 65535; 0 (default) for one that the system picks. */
  readonly localPort?: number;
  /** Keeps a socket on `::` from taking IPv4 datagrams too. Default false. */
  readonly ipv6Only?: boolean;
  /** Whether datagrams may go to broadcast addresses; each of them is asked for all the same. Default false. */
  readonly broadcast?: boolean;
  /**
   * `"approved"` (default): the operator is asked about each new destination. `"public"`: one question for any public
   * address, ports from 1024, 50 new ones a minute, as a DHT needs it; nothing else can be sent to then but groups. A socket
   * on loopback reaches nobody, so `localAddress` is to be written out.
   */
  readonly peers?: "approved" | "public";
  /** Lets other sockets bind to the same port, for multicast. Default false. */
  readonly addressSharing?: boolean;
  /** Routers that datagrams to groups may pass: 0 stays on this machine, 1 (default) on the link, at most 255. */
  readonly multicastTimeToLive?: number;
  /** Whether this machine receives what it sends to groups. Default true. */
  readonly multicastLoopback?: boolean;
  /** Name of the interface by which datagrams to groups leave, such as `eth0`; the system's choice when absent. */
  readonly multicastInterface?: string;
  /** Ends the attempt, and afterwards the socket. */
  readonly signal?: AbortSignal;
}

/** Options after conversion. */
export interface UdpBindRequest extends UdpBuffers {
  /** The address. */
  readonly address: IpAddress;
  /** 0 to 65535. */
  readonly port: number;
  /** Keeps IPv4 out of `::`. */
  readonly ipv6Only: boolean;
  /** Allows broadcasts. */
  readonly broadcast: boolean;
  /** Who may be sent to. */
  readonly peers: "approved" | "public";
  /** Shares the port. */
  readonly addressSharing: boolean;
  /** How groups are sent to; null for the system's way. */
  readonly multicast: MulticastSendOptions | null;
  /** Ends attempt and socket. */
  readonly signal: AbortSignal;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

const INTERFACE = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,15}$/;

/**
 * Converts the options.
 *
 * @param value What the script gave.
 * @throws {TypeError} for anything that can never work.
 */
export function toUdpBindRequest(value: unknown): UdpBindRequest {
  const options = requireDictionary(value, "UDP bind options") ?? {};
  const address = toLocalAddress(member(options, "localAddress"));
  const port = toLocalPort(member(options, "localPort"));
  const ipv6Only = toBoolean(member(options, "ipv6Only"));
  if (ipv6Only && address.text !== "::") throw new TypeError("Cannot use ipv6Only: localAddress is not ::");
  const peers = member(options, "peers");
  return Object.freeze({
    address,
    port,
    ipv6Only,
    broadcast: toBoolean(member(options, "broadcast")),
    peers: peers === undefined ? "approved" : toEnum(peers, ["approved", "public"] as const, "peers"),
    addressSharing: toBoolean(member(options, "addressSharing")),
    multicast: toMulticast(options),
    sendBufferSize: toBufferSize(options, "sendBufferSize"),
    receiveBufferSize: toBufferSize(options, "receiveBufferSize"),
    queue: toQueueLimits(options),
    signal: toAbortSignal(member(options, "signal")),
    where: formatHostPort(address.zone === null ? address.text : `${address.text}%${address.zone}`, port),
  });
}

/**
 * Converts the name of an interface.
 *
 * @param value What the script gave.
 * @param what The option's name.
 * @returns The name, or null when it is absent.
 * @throws {TypeError} for what cannot be one.
 */
export function toInterfaceName(value: unknown, what: string): string | null {
  if (value === undefined) return null;
  const name = toDOMString(value, what);
  if (!INTERFACE.test(name)) throw new TypeError(`Cannot use ${what}: it is not the name of an interface`);
  return name;
}

function toLocalAddress(value: unknown): IpAddress {
  const text = value === undefined ? "127.0.0.1" : toDOMString(value, "localAddress");
  const address = parseIpAddress(text);
  if (address === null) throw new TypeError("Cannot use localAddress: it is not an IP address");
  return address;
}

function toLocalPort(value: unknown): number {
  return value === undefined ? 0 : toUnsignedShort(value, { enforceRange: true, what: "localPort" });
}

/** Null where nothing differs from what systems do anyway. */
function toMulticast(options: object): MulticastSendOptions | null {
  const loopback = member(options, "multicastLoopback");
  const timeToLive = toTimeToLive(member(options, "multicastTimeToLive"));
  const multicast: MulticastSendOptions = {
    timeToLive,
    loopback: loopback === undefined ? DEFAULT_MULTICAST.loopback : toBoolean(loopback),
    interfaceName: toInterfaceName(member(options, "multicastInterface"), "multicastInterface"),
  };
  const isDefault = multicast.loopback && multicast.interfaceName === null &&
    timeToLive === DEFAULT_MULTICAST.timeToLive;
  return isDefault ? null : Object.freeze(multicast);
}

function toTimeToLive(value: unknown): number {
  if (value === undefined) return DEFAULT_MULTICAST.timeToLive;
  const timeToLive = toUnsignedShort(value, { enforceRange: true, what: "multicastTimeToLive" });
  if (timeToLive > 255) throw new TypeError("Cannot use multicastTimeToLive: it is over 255");
  return timeToLive;
}
