/** Which addresses belong to the machine in memory, and which local ends hear what is sent to one. */
import { blockContains, classifyAddress, type IpAddress, parseAddressBlock } from "../../core/ip_address.ts";
import type { InterfaceAddress } from "../../net/datagram_port.ts";

/** What a datagram socket is bound to. */
export interface LocalEnd {
  /** The address. */
  readonly address: IpAddress;
  /** Whether one on `::` leaves IPv4 out. */
  readonly ipv6Only: boolean;
}

const LOOPBACK = parseAddressBlock("127.0.0.0/8");

/** Whether an address stands for all of a machine's. */
export function isWildcard({ text }: IpAddress): boolean {
  return text === "0.0.0.0" || text === "::";
}

/** Whether an address is that of a group. */
export function isMulticast(address: IpAddress): boolean {
  return classifyAddress(address) === "multicast";
}

/** Whether an address belongs to the machine. */
export function isOwn(address: IpAddress, interfaces: readonly InterfaceAddress[]): boolean {
  if (LOOPBACK !== null && blockContains(LOOPBACK, address)) return true;
  return interfaces.some((entry) => entry.address.text === address.text);
}

/** The machine that an end is on: empty for the one with the interfaces; any other address is a machine of its own. */
export function machineOf({ address }: LocalEnd, interfaces: readonly InterfaceAddress[]): string {
  return isWildcard(address) || isOwn(address, interfaces) ? "" : address.text;
}

/** Whether an end takes what goes to an address of a family. */
export function takesFamily({ address, ipv6Only }: LocalEnd, family: 4 | 6): boolean {
  return address.family === family || (address.text === "::" && !ipv6Only);
}

/** Whether an end hears what is sent to an address. */
export function hears(end: LocalEnd, to: IpAddress, interfaces: readonly InterfaceAddress[]): boolean {
  if (end.address.text === to.text) return true;
  return isWildcard(end.address) && takesFamily(end, to.family) && isOwn(to, interfaces);
}

/** Whether two ends with the same port would hear the same. */
export function overlap(one: LocalEnd, other: LocalEnd, interfaces: readonly InterfaceAddress[]): boolean {
  if (isWildcard(one.address) && isWildcard(other.address)) {
    return takesFamily(one, other.address.family) || takesFamily(other, one.address.family);
  }
  return hears(one, other.address, interfaces) || hears(other, one.address, interfaces);
}
