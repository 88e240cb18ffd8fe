/**
 * How far a refusal reaches (CON-17): as far as what it names can be reached by another name, so that nobody gets around it
 * by writing the destination differently.
 */
import { type Destination, type DestinationPattern, patternRefuses, type Scheme } from "../core/destination.ts";
import { type AddressBlock, classifyAddress, parseAddressBlock } from "../core/ip_address.ts";

const LISTENING: ReadonlySet<Scheme> = new Set<Scheme>(["listen", "listen+udp", "udp-peers"]);

/**
 * Whether a pattern, read as a refusal, reaches a destination.
 *
 * Besides what {@linkcode patternRefuses} says, `localhost` is every loopback address and every name of this machine; a
 * link-local address is meant on every interface unless one is named; and whoever listens at every address of the machine
 * listens at the one that is refused.
 *
 * @param pattern The pattern.
 * @param destination The destination.
 */
export function refusesDestination(pattern: DestinationPattern, destination: Destination): boolean {
  if (patternRefuses(pattern, destination)) return true;
  return pattern.spki === null && isSameUnderOtherName(pattern, destination) && isElsewise(pattern, destination);
}

/**
 * The addresses at which a refusal reaches a destination, wherever its name may lead.
 *
 * @param pattern The pattern.
 * @param destination The destination, whose host is a name.
 * @returns Null when it names none, or is about another port or scheme.
 */
export function refusedBlock(pattern: DestinationPattern, destination: Destination): AddressBlock | null {
  const { host } = pattern;
  if ((host.kind !== "cidr" && host.kind !== "address") || !isElsewise(pattern, destination)) return null;
  if (host.kind === "cidr") return host.block;
  return host.address === null
    ? null
    : parseAddressBlock(`${host.address.text}/${host.address.family === 4 ? 32 : 128}`);
}

/** Whether the rest of the pattern, the host apart, is about the destination. */
function isElsewise(pattern: DestinationPattern, destination: Destination): boolean {
  return patternRefuses({ ...pattern, host: { kind: "any" } }, destination);
}

function isSameUnderOtherName({ host: refused }: DestinationPattern, { scheme, host }: Destination): boolean {
  const { address } = host;
  const isLoopback = host.kind === "localhost" || (address !== null && classifyAddress(address) === "loopback");
  if (refused.kind === "localhost" && isLoopback) return true;
  if (address === null) return false;
  if (LISTENING.has(scheme) && classifyAddress(address) === "unspecified") return isAmongAll(refused, address.family);
  return refused.kind === "address" && refused.address?.zone === null && refused.address.text === address.text;
}

/** Whether listening at every address of a family is listening there. With those of IPv6 go those of IPv4. */
function isAmongAll(refused: DestinationPattern["host"], family: 4 | 6): boolean {
  switch (refused.kind) {
    case "localhost":
      return true;
    case "cidr":
      return family === 6 || refused.block.family === 4;
    case "address":
      return refused.address !== null &&
        (family === 6 || refused.address.family === 4 || classifyAddress(refused.address) === "unspecified");
    default:
      return false;
  }
}
