/**
 * One rule: what somebody with authority wrote down before the request. Flags, the operator's file and the managed file
 * all become rules; what tells them apart is the author.
 */
import { type Destination, type DestinationPattern, patternCovers } from "../core/destination.ts";
import type { AddressBlock } from "../core/ip_address.ts";
import type { Descriptor } from "./descriptor.ts";
import type { FeatureName } from "./feature.ts";
import { refusedBlock, refusesDestination } from "./refuses_destination.ts";
import type { Requester } from "./requester.ts";

/** Who wrote a rule, highest authority first. */
export type RuleAuthor =
  /** Whoever administers the machine: a file that only root can write. */
  | "managed"
  /** A flag, a variable or a credential given at launch. */
  | "flag"
  /** The operator's own file. */
  | "operator";

/** A rule. Frozen. */
export interface Rule {
  /** Name for lists and the log: file and number, such as `policy.json#3`. */
  readonly id: string;
  /** Who wrote it. */
  readonly author: RuleAuthor;
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** For which feature. */
  readonly feature: FeatureName;
  /** The origins it is for, exact; or null for every program. */
  readonly origins: readonly string[] | null;
  /** Where to; or null for everywhere, which only a refusal and a feature without destinations can say. */
  readonly to: DestinationPattern | null;
  /** Where its names may lead besides public addresses (NET-14). */
  readonly addresses: readonly AddressBlock[];
  /** Whether TCP to port 443 is let through without asking the host whether `fetch()` would do (NET-12). */
  readonly skipCors: boolean;
  /** When it ends, in ms since 1970, or null. */
  readonly untilMs: number | null;
}

interface Asked {
  readonly requester: Requester;
  readonly descriptor: Descriptor;
  readonly timeMs: number;
}

/**
 * Where a refusal reaches a request by name, wherever that may lead.
 *
 * @param rule The rule.
 * @param asked Who asks, for what, and what time it is in ms since 1970.
 * @returns The addresses, or null for none.
 */
export function addressesRefused(rule: Rule, asked: Asked): AddressBlock | null {
  const { destination } = asked.descriptor;
  if (rule.effect !== "deny" || rule.to === null || destination?.host.kind !== "name") return null;
  return speaksTo(rule, asked) ? refusedBlock(rule.to, destination) : null;
}

function speaksTo({ feature, untilMs, origins }: Rule, { requester, descriptor, timeMs }: Asked): boolean {
  if (feature !== descriptor.name) return false;
  if (untilMs !== null && timeMs >= untilMs) return false;
  return origins === null || origins.includes(requester.origin);
}

/**
 * Whether a rule speaks about a request.
 *
 * @param rule The rule. A refusal is read as widely as an approval is narrowly.
 * @param asked Who asks, for what, and what time it is in ms since 1970.
 */
export function ruleApplies(rule: Rule, asked: Asked): boolean {
  const { descriptor } = asked;
  if (!speaksTo(rule, asked)) return false;
  return rule.effect === "deny" ? refuses(rule.to, descriptor) : allows(rule.to, descriptor);
}

function refuses(to: DestinationPattern | null, { destination }: Descriptor): boolean {
  if (to === null) return true;
  // A host that is not chosen yet is judged again once it is.
  return destination !== null && refusesDestination(to, destination);
}

/** A `tls://` rule approves only TLS checked against the runtime's own roots. */
function allows(to: DestinationPattern | null, descriptor: Descriptor): boolean {
  const { destination, tls } = descriptor;
  if (to === null || destination === null) return false;
  const connects = descriptor.name === "direct-sockets";
  // A rule says which machine; here the proxy would.
  if (connects && descriptor.via?.remoteDns === true) return false;
  if (!patternCovers(to, underKey(to, descriptor))) return false;
  // All machines of a network are meant only where their address stands in full.
  if (connects && descriptor.broadcast && to.host.kind !== "address") return false;
  const ownTerms = tls !== null && (tls.caSha256 !== null || tls.serverName !== destination.host.text);
  return !(to.scheme === "tls" && ownTerms);
}

/** What goes through TLS and names no key itself is held to the one that the rule names; the engine sees to it (CON-05). */
function underKey({ spki }: DestinationPattern, { destination, tls }: Descriptor): Destination {
  const asked = destination as Destination;
  return spki === null || asked.spki !== null || tls === null ? asked : { ...asked, spki };
}
