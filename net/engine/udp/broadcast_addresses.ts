/** Which addresses reach every machine on a network (NET-27, RS-07). */
import { classifyAddress, type IpAddress } from "../../../core/ip_address.ts";
import type { InterfaceAddress } from "../../datagram_port.ts";

/** A network of two has no address for all (RFC 3021). */
const LONGEST_PREFIX = 30;

/**
 * Whether an address is 255.255.255.255, or that of all machines on a network that this one is part of.
 *
 * @param address The address.
 * @param interfaces The addresses of this machine. Where the runtime hides them (null), every private and link-local IPv4
 * address that ends in 255 counts.
 */
export function isBroadcastAddress(address: IpAddress, interfaces: readonly InterfaceAddress[] | null): boolean {
  if (address.family !== 4) return false;
  const addressClass = classifyAddress(address);
  if (addressClass === "broadcast") return true;
  if (interfaces === null) {
    return address.text.endsWith(".255") && (addressClass === "private" || addressClass === "link-local");
  }
  return interfaces.some((own) => isLastOf(own, address));
}

/** Whether an address is the last one of an interface's network. */
function isLastOf({ address: own, prefixLength }: InterfaceAddress, address: IpAddress): boolean {
  if (own.family !== 4 || prefixLength < 1 || prefixLength > LONGEST_PREFIX) return false;
  const hostBits = 0xffff_ffff >>> prefixLength;
  return (bitsOf(own) | hostBits) >>> 0 === bitsOf(address);
}

function bitsOf({ text }: IpAddress): number {
  return text.split(".").reduce((bits, part) => (bits << 8 | Number(part)) >>> 0, 0);
}
