/** What makes a question one that a single key must not answer (CON-10, NET-14, NET-22, NET-27, NET-28). */
import { type AddressClass, classifyAddress } from "../core/ip_address.ts";
import type { CanonicalHost } from "../core/host.ts";
import type { Descriptor } from "./descriptor.ts";
import { isLookAlike } from "./look_alike.ts";
import type { Risk } from "./prompter.ts";

const RISK_OF_CLASS: ReadonlyMap<AddressClass, Risk> = new Map<AddressClass, Risk>([
  ["loopback", "loopback"],
  ["private", "private"],
  ["link-local", "private"],
  ["reserved", "private"],
  ["metadata", "metadata"],
]);

/** The risk of connecting to a host, or null for a public one. A name is as safe as what it may lead to: public only, but for `.local`. */
export function riskOfHost(host: CanonicalHost): Risk | null {
  if (host.kind === "path") return "local-service";
  if (host.kind === "localhost") return "loopback";
  // Answered by a neighbour (NET-14).
  if (host.kind === "name" && host.text.endsWith(".local")) return "private";
  if (host.kind === "name" && isLookAlike(host.text)) return "look-alike";
  return host.address === null ? null : RISK_OF_CLASS.get(classifyAddress(host.address)) ?? null;
}

/** The risk of a request, or null for one that a key may answer. */
export function riskOf(descriptor: Descriptor): Risk | null {
  switch (descriptor.name) {
    case "listen":
      return riskOfListening(descriptor.destination.host);
    case "udp-peers":
      return "udp-peers";
    case "direct-sockets-multicast":
      return "multicast";
    case "direct-sockets":
      return riskOfConnecting(descriptor);
  }
}

function riskOfConnecting(descriptor: Extract<Descriptor, { name: "direct-sockets" }>): Risk | null {
  const { destination, broadcast, via } = descriptor;
  if (broadcast) return "broadcast";
  if (via?.remoteDns === true) return "remote-dns";
  return destination === null ? null : riskOfHost(destination.host);
}

function riskOfListening(host: CanonicalHost): Risk {
  if (host.kind === "path") return "listen-local";
  const addressClass = host.address === null ? "loopback" : classifyAddress(host.address);
  if (addressClass === "loopback") return "listen-local";
  return addressClass === "unspecified" ? "listen-any" : "listen-network";
}
