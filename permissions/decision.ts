/**
 * The order in which a request is decided (CON-17): all refusals first, then what allows, then the question, else no.
 * No approval beats a refusal, however specific it is.
 *
 * The decision is a pure function of a policy and of facts that can be written down, so the audit log can be replayed.
 */
import { classifyAddress } from "../core/ip_address.ts";
import type { Descriptor } from "./descriptor.ts";
import type { GrantSource } from "./grant.ts";
import type { AskedOfPolicy, Policy } from "./policy.ts";
import type { Requester } from "./requester.ts";
import type { Rule, RuleAuthor } from "./rule.ts";
import type { StoredDecision } from "./store.ts";

/** Why a request is refused without a question. For the operator; a script is told the uniform error. */
export type Refusal =
  /** Some of the program's code came from somewhere that others can change (NET-16). */
  | "insecure"
  /** A file that decides is not valid: nothing that it governs is allowed (CON-21). */
  | "broken-policy"
  /** The managed policy refuses it. */
  | "managed"
  /** The request comes from where nobody may ask: see {@linkcode ContextState}. */
  | "context"
  /** The program itself gave the power up with `restrict`. */
  | "restricted"
  /** The runtime's own permissions refuse it. */
  | "runtime"
  /** A flag or variable refuses it. */
  | "flag"
  /** The operator's own file refuses it. */
  | "operator"
  /** The operator refused it earlier, for this run or for good. */
  | "stored"
  /** The address is not one that a connection can be made to. */
  | "address"
  /** There were too many attempts (NET-10). */
  | "rate"
  /** The audit log cannot be written, and the policy requires it. */
  | "unwritten"
  /** The policy lets nobody be asked. */
  | "prompt-disabled"
  /** The same question was refused too often. */
  | "blocked";

/** Where a request comes from, as far as that decides. */
export type ContextState =
  /** From the main program, or from code that it delegated the feature to. */
  | "allowed"
  /** From a Worker that nothing was delegated to. */
  | "worker"
  /** By a second copy of Parley in the process. */
  | "second-copy"
  /** From a library that the feature was not delegated to (NET-13). */
  | "not-delegated"
  /** From the main program, where the policy has switched that off (NET-13). */
  | "ambient-off";

/** What is to be done with a request. */
export type Decision =
  | { readonly kind: "deny"; readonly refusal: Refusal; readonly rule: Rule | null }
  | {
    readonly kind: "allow";
    readonly source: GrantSource;
    readonly rule: Rule | null;
    readonly storedId: string | null;
  }
  | { readonly kind: "ask"; readonly runtimeAsksToo: boolean };

/** What a decision is made from besides the policy. Plain data: the audit log holds it. */
export interface DecisionFacts {
  /** Why the program's code is not to be trusted, or null. */
  readonly insecure: string | null;
  /** Where the request comes from. */
  readonly context: ContextState;
  /** Whether the program gave it up. */
  readonly restricted: boolean;
  /** What the runtime's own permissions say. */
  readonly runtime: "granted" | "denied" | "prompt";
  /** What was answered earlier, for this run or for good; or null. */
  readonly stored: StoredDecision | null;
  /** Whether there were too many attempts. */
  readonly limited: boolean;
  /** Whether the question was dismissed too often. */
  readonly blocked: boolean;
  /** What time it is, in ms since 1970. */
  readonly timeMs: number;
}

const ALLOWING: readonly RuleAuthor[] = ["managed", "flag", "operator"];

/**
 * Decides a request, as far as that is possible without asking. Pure.
 *
 * @param asked Who asks, for what.
 * @param policy What was decided before.
 * @param facts What holds now.
 */
export function decide(
  { requester, descriptor }: { readonly requester: Requester; readonly descriptor: Descriptor },
  policy: Policy,
  facts: DecisionFacts,
): Decision {
  const asked: AskedOfPolicy = { requester, descriptor, timeMs: facts.timeMs };
  const refused = refusalOf(asked, policy, facts);
  if (refused !== null) return refused;
  const { locked, prompt } = policy.settings;
  const { stored } = facts;
  for (const author of locked ? ALLOWING.slice(0, 1) : ALLOWING) {
    const rule = policy.approval(author, asked);
    if (rule !== null) return { kind: "allow", source: author, rule, storedId: null };
    // What was approved for this run is nearer than the operator's file, and says the same or more.
    if (author === "flag" && stored?.effect === "allow" && stored.lifetime === "run") return allowStored(stored);
  }
  if (stored?.effect === "allow" && (!locked || stored.lifetime === "run")) return allowStored(stored);
  if (!prompt) return deny("prompt-disabled");
  // Too many dismissals close the question, not the request: whoever approved it in advance is served above.
  if (facts.blocked) return deny("blocked");
  return { kind: "ask", runtimeAsksToo: facts.runtime === "prompt" };
}

function refusalOf(asked: AskedOfPolicy, policy: Policy, facts: DecisionFacts): Decision | null {
  if (facts.insecure !== null) return deny("insecure");
  if (policy.broken.length > 0) return deny("broken-policy");
  const managed = policy.refusal("managed", asked);
  if (managed !== null) return deny("managed", managed);
  if (facts.context !== "allowed") return deny("context");
  if (facts.restricted) return deny("restricted");
  if (facts.runtime === "denied") return deny("runtime");
  for (const author of ["flag", "operator"] as const) {
    const rule = policy.refusal(author, asked);
    if (rule !== null) return deny(author, rule);
  }
  if (facts.stored?.effect === "deny") return deny("stored");
  if (isUnusable(asked.descriptor)) return deny("address");
  return facts.limited ? deny("rate") : null;
}

function allowStored({ id, lifetime }: StoredDecision): Decision {
  return { kind: "allow", source: lifetime === "run" ? "run" : "stored", rule: null, storedId: id };
}

function deny(refusal: Refusal, rule: Rule | null = null): Decision {
  return { kind: "deny", refusal, rule };
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
