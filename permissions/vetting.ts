/**
 * Address defence (NET-14): which addresses a name may lead to. A name is refused whole if any of its addresses is not
 * public, is one of this machine, or is a neighbour's on a network of its own, so that an attacker's DNS cannot point an
 * approved name into the operator's own network.
 */
import { type AddressBlock, blockContains, classifyAddress, type IpAddress } from "../core/ip_address.ts";
import type { AddressClass } from "../core/ip_address.ts";
import { ParleyError } from "../core/errors.ts";
import type { CanonicalHost } from "../core/host.ts";

/** An address of this machine. */
export interface OwnAddress {
  /** The address; a link-local IPv6 address has its interface as zone. */
  readonly address: IpAddress;
  /** Leading bits that neighbours share. */
  readonly prefixLength: number;
}

/** What an answer is judged by, besides the addresses themselves. Every member is an own property (CORE-01). */
export interface Surroundings {
  /** The addresses of this machine; null where they are hidden, and then the class of an address alone decides. */
  readonly own: readonly OwnAddress[] | null;
  /** Whether the neighbours themselves were asked, by multicast DNS: then the name may lead to one of them. */
  readonly byMulticast: boolean;
}

/** For what is not a name, and needs no surroundings. */
export const UNKNOWN_SURROUNDINGS: Surroundings = Object.freeze({
  __proto__: null as never,
  own: null,
  byMulticast: false,
});

/** What no rule makes a machine of. */
const NO_MACHINE: ReadonlySet<AddressClass> = new Set<AddressClass>(["multicast", "broadcast", "unspecified"]);
/** What a neighbour's address may be, where neighbours answer for themselves. */
const NEIGHBOURLY: ReadonlySet<AddressClass> = new Set<AddressClass>(["public", "private", "link-local"]);

const { hasOwn } = Object;

interface Terms extends Surroundings {
  readonly blocks: readonly AddressBlock[];
  readonly refused?: readonly AddressBlock[];
}

/**
 * Judges what a destination's host resolved to.
 *
 * @param host The approved host. An address literal stands for itself; `localhost` only for loopback; a name only for
 * public addresses that are neither this machine's nor its neighbours', and for what a rule adds.
 * @param addresses Every address of the answer, in the resolver's order.
 * @param how Where this machine is, `blocks`: where a rule lets the name lead besides, and `refused`: where rules do not let
 * it lead, whatever others say.
 * @returns The addresses, duplicates removed.
 * @throws {ParleyError} `PERM_ADDRESS` for a forbidden address, `NET_DNS` for an empty answer.
 */
export function vetAddresses(
  host: CanonicalHost,
  addresses: readonly IpAddress[],
  how: Terms,
): readonly IpAddress[] {
  if (addresses.length === 0) throw new ParleyError("NET_DNS", `Cannot look up ${host.text}: it has no address`);
  const unique = new Map<string, IpAddress>();
  for (const address of addresses) {
    const objection = objectionTo(address, host, how);
    if (objection !== null) {
      throw new ParleyError(
        "PERM_ADDRESS",
        `Cannot connect to ${host.text}: it points to ${address.text}${objection}`,
        {
          detail: { address: address.text, addressClass: classifyAddress(address) },
        },
      );
    }
    unique.set(`${address.text}%${address.zone ?? ""}`, address);
  }
  return [...unique.values()];
}

/**
 * Whether an address is this machine's, or that of a neighbour on one of its networks.
 *
 * @param address The address.
 * @param own The addresses of this machine.
 * @returns `own`, `on-link`, or null for neither.
 */
export function nearness(address: IpAddress, own: readonly OwnAddress[]): "own" | "on-link" | null {
  let near: "on-link" | null = null;
  for (const entry of own) {
    if (entry.address.zone !== address.zone) continue;
    if (entry.address.text === address.text) return "own";
    if (near === null && isNeighbour(address, entry)) near = "on-link";
  }
  return near;
}

/** A link where everybody would be a neighbour has none: tunnels are set up so. */
function isNeighbour(address: IpAddress, { address: own, prefixLength }: OwnAddress): boolean {
  if (prefixLength < 1 || own.family !== address.family) return false;
  return blockContains({ family: own.family, base: own, prefixLength, text: "" }, address);
}

/** Why an address may not be reached under a host, to follow it in a sentence; empty if that goes without saying. */
function objectionTo(
  address: IpAddress,
  host: CanonicalHost,
  how: Terms,
): string | null {
  if (host.kind === "address") {
    return host.address?.text === address.text && host.address.zone === address.zone ? null : "";
  }
  const { own, byMulticast, blocks } = how;
  const refused = hasOwn(how, "refused") ? how.refused ?? [] : [];
  if (refused.some((block) => blockContains(block, address))) return ", which a rule refuses";
  const addressClass = classifyAddress(address);
  if (host.kind === "localhost") return addressClass === "loopback" ? null : "";
  if (!NO_MACHINE.has(addressClass) && isWithin(address, addressClass, blocks)) return null;
  if (addressClass === "metadata") return ", where the credentials of a cloud machine are";
  const near = own === null ? null : nearness(address, own);
  if (near === "own") return ", an address of this machine";
  if (near === "on-link" && byMulticast && NEIGHBOURLY.has(addressClass)) return null;
  if (addressClass !== "public") return `, which is not public (${addressClass})`;
  return near === "on-link" ? ", on a network of this machine" : null;
}

/** Where credentials are is meant only by whoever writes that one address. */
function isWithin(address: IpAddress, addressClass: AddressClass, blocks: readonly AddressBlock[]): boolean {
  const whole = address.family === 4 ? 32 : 128;
  return blocks.some((block) =>
    (addressClass !== "metadata" || block.prefixLength === whole) && blockContains(block, address)
  );
}
