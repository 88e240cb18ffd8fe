/** What makes a question one that a single key must not answer (CON-10, NET-14). */
import { type AddressClass, classifyAddress } from "../core/ip_address.ts";
import type { CanonicalHost } from "../core/host.ts";
import type { Risk } from "./prompter.ts";

const RISK_OF_CLASS: ReadonlyMap<AddressClass, Risk> = new Map<AddressClass, Risk>([
  ["loopback", "loopback"],
  ["private", "private"],
  ["link-local", "private"],
  ["reserved", "private"],
  ["metadata", "metadata"],
]);

/** The risk of connecting to a host, or null for a public one. A name is as safe as what it may lead to: public only. */
export function riskOfHost(host: CanonicalHost): Risk | null {
  if (host.kind === "localhost") return "loopback";
  return host.address === null ? null : RISK_OF_CLASS.get(classifyAddress(host.address)) ?? null;
}
