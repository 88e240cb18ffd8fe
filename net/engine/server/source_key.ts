/** Whom a connection counts for, where there are limits for each source. */
import { classifyAddress, type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import type { SocketAddress } from "../../port.ts";

/** 16-bit groups of an IPv6 address that say which network it is in. */
const NETWORK_GROUPS = 4;
const GROUPS = 8;

/**
 * The source that a connection counts for: the IPv4 address, or the /64 of an IPv6 address, because whoever has one address
 * of such a network can use them all. Addresses that are handed out one by one (link-local, loopback) stand for themselves.
 *
 * @param remote The far end.
 * @returns The source, or null for a local socket, whose far end has no address.
 */
export function sourceKey(remote: SocketAddress): string | null {
  if (remote.address.startsWith("/")) return null;
  const address = parseIpAddress(remote.address);
  if (address === null || address.family === 4) return remote.address;
  return sharesNetwork(address) ? remote.address : `${network(address.text)}::/64`;
}

function sharesNetwork(address: IpAddress): boolean {
  const addressClass = classifyAddress(address);
  return addressClass === "link-local" || addressClass === "loopback";
}

/** The first four groups of canonical text. */
function network(text: string): string {
  const [before = "", after] = text.split("::");
  const head = groupsOf(before);
  if (after === undefined) return head.slice(0, NETWORK_GROUPS).join(":");
  const tail = groupsOf(after);
  const zeros = Array<string>(GROUPS - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].slice(0, NETWORK_GROUPS).join(":");
}

function groupsOf(text: string): string[] {
  return text === "" ? [] : text.split(":");
}
