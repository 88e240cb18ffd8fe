/**
 * Address defence (NET-14): which addresses a name may lead to. A name is refused whole if any of its addresses is not
 * public, so that an attacker's DNS cannot point an approved name into the operator's own network.
 */
import { classifyAddress, type IpAddress } from "../core/ip_address.ts";
import { ParleyError } from "../core/errors.ts";
import type { CanonicalHost } from "../core/host.ts";

/**
 * Judges what a destination's host resolved to.
 *
 * @param host The approved host. An address literal stands for itself; `localhost` only for loopback; a name only for
 * public addresses.
 * @param addresses Every address of the answer, in the resolver's order.
 * @returns The addresses, duplicates removed.
 * @throws {ParleyError} `PERM_ADDRESS` for a forbidden address, `NET_DNS` for an empty answer.
 */
export function vetAddresses(host: CanonicalHost, addresses: readonly IpAddress[]): readonly IpAddress[] {
  if (addresses.length === 0) throw new ParleyError("NET_DNS", `Cannot look up ${host.text}: it has no address`);
  const unique = new Map<string, IpAddress>();
  for (const address of addresses) {
    if (!mayLeadTo(host, address)) {
      throw new ParleyError("PERM_ADDRESS", `Cannot connect to ${host.text}: it points to ${address.text}`, {
        detail: { address: address.text, addressClass: classifyAddress(address) },
      });
    }
    unique.set(`${address.text}%${address.zone ?? ""}`, address);
  }
  return [...unique.values()];
}

function mayLeadTo(host: CanonicalHost, address: IpAddress): boolean {
  if (host.kind === "address") return host.address?.text === address.text && host.address.zone === address.zone;
  const addressClass = classifyAddress(address);
  return host.kind === "localhost" ? addressClass === "loopback" : addressClass === "public";
}
