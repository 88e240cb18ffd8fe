/**
 * Datagrams as programs read and write them: `UDPMessage` of the Direct Sockets draft, in the two forms that its modes have.
 *
 * https://wicg.github.io/direct-sockets/#udpmessage-dictionary
 */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { toBufferSource, toDOMString, toEnum, toUnsignedShort } from "../../../core/webidl.ts";
import type { DnsQueryType } from "../../port.ts";

/** A datagram from the one peer of a socket. */
export interface UdpMessage {
  /** Its bytes, the program's own. */
  data: Uint8Array<ArrayBuffer>;
}

/** A datagram from any sender. */
export interface AddressedUdpMessage extends UdpMessage {
  /** IP address of the sender, never a name. */
  remoteAddress: string;
  /** Port of the sender. */
  remotePort: number;
}

/** A datagram to be sent, after conversion. */
export interface OutgoingDatagram {
  /** Its bytes. */
  readonly bytes: Uint8Array;
  /** Where to, as the program gave it: a name or an address. Null on a socket with one peer. */
  readonly remoteAddress: string | null;
  /** Port, 0 to 65535; 0 on a socket with one peer, and nothing can be reached there. */
  readonly remotePort: number;
  /** Which family a name is to lead to; null for either. */
  readonly dnsQueryType: DnsQueryType | null;
}

/** How a chunk is converted. */
export interface MessageConversion {
  /** Copies the bytes, so that the program may change its memory at once (DS-31). */
  readonly copy: boolean;
}

/**
 * Converts what a program writes to a socket with one peer.
 *
 * @param chunk What it wrote.
 * @param how Whether to copy.
 * @throws {TypeError} when there is no `data`, or an address, port or `dnsQueryType` (DS-45).
 */
export function toConnectedDatagram(chunk: unknown, how: MessageConversion): OutgoingDatagram {
  const { data, dnsQueryType, remoteAddress, remotePort } = readMessage(chunk);
  if (dnsQueryType !== null || remoteAddress !== null || remotePort !== null) {
    throw new TypeError("Cannot send message: it names a destination, and the socket has its own");
  }
  return { bytes: how.copy ? data.slice() : data, remoteAddress: null, remotePort: 0, dnsQueryType: null };
}

/**
 * Converts what a program writes to a bound socket.
 *
 * @param chunk What it wrote.
 * @param how Whether to copy.
 * @throws {TypeError} when `data`, `remoteAddress` or `remotePort` is missing (DS-45).
 */
export function toAddressedDatagram(chunk: unknown, how: MessageConversion): OutgoingDatagram {
  const { data, dnsQueryType, remoteAddress, remotePort } = readMessage(chunk);
  if (remoteAddress === null || remotePort === null) {
    throw new TypeError("Cannot send message: remoteAddress or remotePort is missing");
  }
  return { bytes: how.copy ? data.slice() : data, remoteAddress, remotePort, dnsQueryType };
}

interface ReadMessage {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly dnsQueryType: DnsQueryType | null;
  readonly remoteAddress: string | null;
  readonly remotePort: number | null;
}

/** Web IDL reads a dictionary's members in the order of their names. */
function readMessage(chunk: unknown): ReadMessage {
  const message = requireDictionary(chunk, "message") ?? {};
  const given = member(message, "data");
  const data = given === undefined ? null : toBufferSource(given, "data");
  const type = member(message, "dnsQueryType");
  const dnsQueryType = type === undefined ? null : toEnum(type, ["ipv4", "ipv6"], "dnsQueryType");
  const address = member(message, "remoteAddress");
  const remoteAddress = address === undefined ? null : toDOMString(address, "remoteAddress");
  const port = member(message, "remotePort");
  const remotePort = port === undefined ? null : toUnsignedShort(port, { enforceRange: false, what: "remotePort" });
  if (data === null) throw new TypeError("Cannot send message: data is missing");
  return { data, dnsQueryType, remoteAddress, remotePort };
}
