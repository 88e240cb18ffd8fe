/**
 * Conversion of what `joinGroup()` and `leaveGroup()` are given (DS-52, DS-53).
 *
 * https://wicg.github.io/direct-sockets/#multicastcontroller-interface
 */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { type AddressClass, classifyAddress, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { toDOMString } from "../../../core/webidl.ts";
import type { Membership } from "../../datagram_port.ts";

/** How a group is joined or left. */
export interface MulticastGroupOptions {
  /** IP address of the one sender to be heard (source-specific multicast); any sender when it is absent. */
  readonly sourceAddress?: string;
}

/** What the script gave, as Web IDL converts it. */
export interface GroupArguments {
  /** The group. */
  readonly groupAddress: string;
  /** The sender, or null. */
  readonly sourceAddress: string | null;
}

/** Where no single machine sends from that a socket could hear. */
const NO_SOURCES: ReadonlySet<AddressClass> = new Set(["multicast", "unspecified", "loopback", "broadcast"]);

/**
 * Converts the arguments, as Web IDL does.
 *
 * @param groupAddress The first argument.
 * @param options The second.
 * @throws {TypeError} for what cannot be converted.
 */
export function toGroupArguments(groupAddress: unknown, options: unknown): GroupArguments {
  const group = toDOMString(groupAddress, "groupAddress");
  const source = member(requireDictionary(options, "options") ?? {}, "sourceAddress");
  return { groupAddress: group, sourceAddress: source === undefined ? null : toDOMString(source, "sourceAddress") };
}

/**
 * Makes a membership of the arguments. The system chooses the interface: the draft has no way to name one.
 *
 * @param given The arguments.
 * @throws {TypeError} for a group that is no multicast address, and a source that is none of a machine, or of the other
 * family.
 */
export function toMembership({ groupAddress, sourceAddress }: GroupArguments): Membership {
  const group = toAddress(groupAddress, "groupAddress");
  if (classifyAddress(group) !== "multicast") throw new TypeError("Cannot use groupAddress: it is not a group's");
  const source = sourceAddress === null ? null : toAddress(sourceAddress, "sourceAddress");
  if (source !== null && NO_SOURCES.has(classifyAddress(source))) {
    throw new TypeError("Cannot use sourceAddress: it is not that of one machine on a network");
  }
  if (source !== null && source.family !== group.family) {
    throw new TypeError("Cannot use sourceAddress: groupAddress is of another family");
  }
  return Object.freeze({ group, source, interfaceName: null });
}

function toAddress(text: string, what: string): IpAddress {
  const address = parseIpAddress(text);
  if (address === null) throw new TypeError(`Cannot use ${what}: it is not an IP address`);
  return address;
}
