/** Conversion of where a bound socket is to send. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { toDOMString, toEnum, toUnsignedShort } from "../../../core/webidl.ts";
import type { OutgoingDatagram } from "../../engine/udp/udp_message.ts";
import type { DnsQueryType } from "../../port.ts";

/** Where a datagram goes. */
export interface UDPDestination {
  /** Host name or IP address. A name is looked up once, after the operator approved it, and stays with that address. */
  readonly remoteAddress: string;
  /** Port, 1 to 65535. */
  readonly remotePort: number;
  /** Takes the name's IPv4 or IPv6 address only. */
  readonly dnsQueryType?: DnsQueryType;
}

/**
 * Converts a destination.
 *
 * @param value What the script gave.
 * @throws {TypeError} when the address or the port is missing or of a wrong type.
 */
export function toUdpDestination(value: unknown): Omit<OutgoingDatagram, "bytes"> & { readonly remoteAddress: string } {
  const options = requireDictionary(value, "destination") ?? {};
  const address = member(options, "remoteAddress");
  const port = member(options, "remotePort");
  const type = member(options, "dnsQueryType");
  if (address === undefined || port === undefined) {
    throw new TypeError("Cannot send: remoteAddress or remotePort is missing");
  }
  const remotePort = toUnsignedShort(port, { enforceRange: true, what: "remotePort" });
  if (remotePort === 0) throw new TypeError("Cannot send: remotePort is 0");
  return {
    remoteAddress: toDOMString(address, "remoteAddress"),
    remotePort,
    dnsQueryType: type === undefined ? null : toEnum<DnsQueryType>(type, ["ipv4", "ipv6"], "dnsQueryType"),
  };
}
