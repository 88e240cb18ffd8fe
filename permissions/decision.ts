/**
 * The order in which a request is decided (CON-17): all refusals first, then what allows, then the question, else no.
 * No approval beats a refusal, however specific it is.
 */
import { classifyAddress } from "../core/ip_address.ts";
import type { Descriptor } from "./descriptor.ts";
import type { GrantSource } from "./grant.ts";
import type { LaunchRules } from "./launch_rules.ts";
import type { Requester } from "./requester.ts";
import type { PermissionStore } from "./store.ts";

/** Why a request is refused without a question. For the operator; a script is told the uniform error. */
export type Refusal =
  /** The main module came from somewhere that others can change. */
  | "insecure"
  /** The request comes from a Worker, or from a second copy of Parley. */
  | "context"
  /** The program itself gave the power up with `restrict`. */
  | "restricted"
  /** The runtime's own permissions refuse it. */
  | "runtime"
  /** The operator refused it earlier in this run. */
  | "stored"
  /** The address is not one that a connection can be made to. */
  | "address"
  /** The same question was refused too often. */
  | "blocked";

/** What is to be done with a request. */
export type Decision =
  | { readonly kind: "deny"; readonly refusal: Refusal }
  | { readonly kind: "allow"; readonly source: GrantSource; readonly storedId: string | null }
  | { readonly kind: "ask"; readonly runtimeAsksToo: boolean };

/** What the decision is made from. */
export interface DecisionSources {
  /** Whether the code runs where only the main realm may ask. */
  readonly inWorker: boolean;
  /** What the program gave up. */
  readonly restricts: (descriptor: Descriptor) => boolean;
  /** What the runtime's own permissions say. */
  readonly runtimeState: "granted" | "denied" | "prompt";
  /** Rules given at launch. */
  readonly rules: LaunchRules;
  /** Answers that hold for the run. */
  readonly store: PermissionStore;
  /** Whether the question was dismissed too often. */
  readonly blocked: (requester: Requester, descriptor: Descriptor) => boolean;
}

/** Decides a request, as far as that is possible without asking. Pure. */
export function decide(requester: Requester, descriptor: Descriptor, sources: DecisionSources): Decision {
  const stored = sources.store.find(requester, descriptor);
  const refusals: readonly (readonly [Refusal, boolean])[] = [
    ["insecure", requester.kind === "remote" && requester.origin.startsWith("http:")],
    ["context", sources.inWorker],
    ["restricted", sources.restricts(descriptor)],
    ["runtime", sources.runtimeState === "denied"],
    ["stored", stored?.effect === "deny"],
    ["address", isUnusable(descriptor)],
  ];
  for (const [refusal, applies] of refusals) {
    if (applies) return { kind: "deny", refusal };
  }
  if (sources.rules.allows(descriptor)) return { kind: "allow", source: "flag", storedId: null };
  if (stored?.effect === "allow") return { kind: "allow", source: "run", storedId: stored.id };
  // Too many dismissals close the question, not the request: whoever approved it in advance is served above.
  if (sources.blocked(requester, descriptor)) return { kind: "deny", refusal: "blocked" };
  return { kind: "ask", runtimeAsksToo: sources.runtimeState === "prompt" };
}

/**
 * 0.0.0.0 is this machine in disguise, except to be bound to; a group is only asked for as one, and what every machine
 * receives only by a request that says so (RS-07, NET-27).
 */
function isUnusable(descriptor: Descriptor): boolean {
  const { destination } = descriptor;
  if (destination === null || destination.host.kind === "path") return false;
  const { address, kind } = destination.host;
  if (descriptor.name === "direct-sockets-multicast") {
    return address === null || classifyAddress(address) !== "multicast";
  }
  // Names are looked up; what is bound to is to be known.
  if (descriptor.name !== "direct-sockets" && kind === "name") return true;
  if (address === null) return false;
  switch (classifyAddress(address)) {
    case "unspecified":
      return descriptor.name === "direct-sockets";
    case "multicast":
      return true;
    case "broadcast":
      return descriptor.name !== "direct-sockets" || !descriptor.broadcast;
    default:
      return false;
  }
}
