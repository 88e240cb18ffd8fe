/**
 * The draft's policies (DS-63): what a requester's code may use at all. They come before the operator's decision and never
 * stand in for it.
 *
 * https://wicg.github.io/direct-sockets/#permissions-policy
 */
import { member } from "../../../core/dictionary.ts";
import { ParleyError } from "../../../core/errors.ts";
import { escapeText } from "../../../core/escape.ts";
import type { CanonicalHost } from "../../../core/host.ts";
import { classifyAddress } from "../../../core/ip_address.ts";
import type { NetContext } from "../../context.ts";

/** What a requester's code may use. */
export interface DirectSocketsPolicy {
  /** Whether sockets can be constructed at all. */
  readonly "direct-sockets": boolean;
  /** Whether they may reach addresses that are not public, and UDP sockets may be bound. */
  readonly "local-network": boolean;
  /** Whether they may reach this machine. */
  readonly "loopback-network": boolean;
  /** Whether UDP sockets may join groups, and take the options for them. */
  readonly "direct-sockets-multicast": boolean;
}

/** One of the policies. */
export type PolicyFeature = keyof DirectSocketsPolicy;

/** The allowlist `self`: what the main program's own code may use. */
export const SELF_POLICY: DirectSocketsPolicy = toPolicy({
  "direct-sockets": true,
  "local-network": true,
  "loopback-network": true,
  "direct-sockets-multicast": true,
});

/** The allowlist `none`, the draft's default: what all other code may use. */
export const NO_POLICY: DirectSocketsPolicy = toPolicy({});

/**
 * Makes a policy: frozen, its features its own, and allowed only where exactly `true` stands.
 *
 * @param given The features that are allowed; those that are missing are not.
 */
export function toPolicy(given: Partial<DirectSocketsPolicy>): DirectSocketsPolicy {
  const allowed = (feature: PolicyFeature): boolean => member(given, feature) === true;
  return Object.freeze({
    __proto__: null,
    "direct-sockets": allowed("direct-sockets"),
    "local-network": allowed("local-network"),
    "loopback-network": allowed("loopback-network"),
    "direct-sockets-multicast": allowed("direct-sockets-multicast"),
  });
}

/**
 * Refuses a constructor what its policy does not allow, at once and before the operator is asked (DS-07, DS-14).
 *
 * @param feature What is needed.
 * @param given The policy, and what is constructed, for the message: `a TCPSocket`.
 * @throws {DOMException} `NotAllowedError`.
 */
export function requireToConstruct(
  feature: PolicyFeature,
  { policy, what }: { readonly policy: DirectSocketsPolicy; readonly what: string },
): void {
  if (policy[feature]) return;
  throw new DOMException(`Not allowed to construct ${what}: the policy does not allow ${feature}`, "NotAllowedError");
}

/** What is to be opened. */
export interface PolicyRequest {
  /** Whom for. */
  readonly context: NetContext;
  /** The policy. */
  readonly policy: DirectSocketsPolicy;
  /** What the script wants to do, as it said it: `connect to 127.0.0.1:80`. */
  readonly deed: string;
}

/**
 * Refuses to open what the policy does not allow. The operator is told which policy; the script is told what it is told
 * after every refusal (NET-17).
 *
 * @param feature What is needed; null for nothing.
 * @param request What is to be opened.
 * @throws {ParleyError} `PERM_DENIED`.
 */
export function requireToOpen(feature: PolicyFeature | null, { context, policy, deed }: PolicyRequest): void {
  if (feature === null || policy[feature]) return;
  const who = escapeText(context.requester.origin);
  context.report(`parley: refused ${who} to ${escapeText(deed)}: its policy does not allow ${feature}`);
  throw new ParleyError("PERM_DENIED", `Cannot ${deed}: the policy does not allow ${feature}`);
}

/**
 * The policy that reaching a host needs, by the address space it is in (DS-19). A name needs none, because it leads to public
 * addresses only, or where the operator's own file says (NET-14); one under `.local` is a neighbour's.
 *
 * @param host The host.
 * @returns The feature, or null for a public one.
 */
export function featureToReach(host: CanonicalHost): PolicyFeature | null {
  if (host.kind === "localhost") return "loopback-network";
  if (host.address === null) return host.text.endsWith(".local") ? "local-network" : null;
  switch (classifyAddress(host.address)) {
    case "loopback":
      return "loopback-network";
    case "public":
    case "multicast":
      return null;
    default:
      return "local-network";
  }
}
