/** Conversion of what `joinGroup` and `leaveGroup` are given (DS-52, DS-53). Everything wrong with it is a `TypeError`. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { classifyAddress, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { toDOMString } from "../../../core/webidl.ts";
import type { Membership } from "../../datagram_port.ts";
import { toInterfaceName } from "./udp_bind_options.ts";

/** How a group is joined or left. */
export interface GroupOptions {
  /** IP address of the one sender to be heard; any when absent. */
  readonly sourceAddress?: string;
  /** Name of the interface, such as `eth0`; the system's choice when absent. */
  readonly interface?: string;
}

/**
 * Converts a membership.
 *
 * @param group What the script gave for the group.
 * @param options What it gave besides.
 * @throws {TypeError} for a group that is no multicast address, and a source that is none or can be no sender.
 */
export function toMembership(group: unknown, options: unknown): Membership {
  const given = requireDictionary(options, "group options") ?? {};
  const address = toAddress(group, "group");
  if (classifyAddress(address) !== "multicast") throw new TypeError("Cannot use group: it is not a multicast address");
  return Object.freeze({
    group: address,
    source: toSource(member(given, "sourceAddress"), address),
    interfaceName: toInterfaceName(member(given, "interface"), "interface"),
  });
}

function toSource(value: unknown, group: IpAddress): IpAddress | null {
  if (value === undefined) return null;
  const source = toAddress(value, "sourceAddress");
  const sourceClass = classifyAddress(source);
  if (sourceClass === "multicast" || sourceClass === "unspecified" || sourceClass === "broadcast") {
    throw new TypeError("Cannot use sourceAddress: nobody sends from it");
  }
  if (sourceClass === "loopback") throw new TypeError("Cannot use sourceAddress: it is this machine");
  if (source.family !== group.family) throw new TypeError("Cannot use sourceAddress: it is of another family");
  return source;
}

function toAddress(value: unknown, what: string): IpAddress {
  const address = parseIpAddress(toDOMString(value, what));
  if (address === null) throw new TypeError(`Cannot use ${what}: it is not an IP address`);
  return address;
}
