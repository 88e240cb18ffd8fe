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
import type { Rule } from "./rule.ts";
import type { StoredDecision, StoredLifetime } from "./store.ts";
import { hasOwnKey } from "./own_key.ts";

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

/** One way in which a request is refused without a question. */
export interface RefusalStep {
  /** Its name. */
  readonly refusal: Refusal;
  /** When it applies, for docs/permissions.md: a clause after "refused". */
  readonly when: string;
  /** Whether it applies; the rule that says so where there is one. */
  applies(asked: AskedOfPolicy, policy: Policy, facts: DecisionFacts): Rule | boolean | null;
}

/** One way in which a request is approved without a question. */
export interface ApprovalStep {
  /** Its name. */
  readonly source: GrantSource;
  /** When it applies, for docs/permissions.md: a clause after "approved". */
  readonly when: string;
  /** What approves it, or null. */
  finds(asked: AskedOfPolicy, policy: Policy, facts: DecisionFacts): Rule | StoredDecision | null;
}

/** Every refusal that comes before all approvals, in order. */
export const REFUSAL_STEPS: readonly RefusalStep[] = Object.freeze<RefusalStep[]>([
  {
    refusal: "insecure",
    when: "if the program's code is not to be trusted: it came over plain http, or others can change it",
    applies: (_asked, _policy, { insecure }) => insecure !== null,
  },
  {
    refusal: "broken-policy",
    when: "while a policy file is not valid",
    applies: (_asked, { broken }) => broken.length > 0,
  },
  {
    refusal: "managed",
    when: "by the managed policy",
    applies: (asked, policy) => policy.refusal("managed", asked),
  },
  {
    refusal: "context",
    when: "if it comes from a Worker, a library or a second copy of Parley that nothing was delegated to",
    applies: (_asked, _policy, { context }) => context !== "allowed",
  },
  {
    refusal: "restricted",
    when: "if the program itself gave it up",
    applies: (_asked, _policy, { restricted }) => restricted,
  },
  {
    refusal: "runtime",
    when: "by the runtime's own permissions",
    applies: (_asked, _policy, { runtime }) => runtime === "denied",
  },
  {
    refusal: "flag",
    when: "by what was given at launch",
    applies: (asked, policy) => policy.refusal("flag", asked),
  },
  {
    refusal: "operator",
    when: "by the operator's policy file",
    applies: (asked, policy) => policy.refusal("operator", asked),
  },
  {
    refusal: "stored",
    when: "if the operator refused it for good, or for this run",
    applies: (_asked, _policy, { stored }) => stored?.effect === "deny",
  },
  {
    refusal: "address",
    when: "if it names an address that nothing of the kind can be done with, such as 0.0.0.0 to connect to",
    applies: ({ descriptor }) => isUnusable(descriptor),
  },
  {
    refusal: "rate",
    when: "after too many attempts in a short time",
    applies: (_asked, _policy, { limited }) => limited,
  },
]);

/** Every approval that comes before the question, in order. */
export const APPROVAL_STEPS: readonly ApprovalStep[] = Object.freeze<ApprovalStep[]>([
  {
    source: "managed",
    when: "by the managed policy",
    finds: (asked, policy) => policy.approval("managed", asked),
  },
  {
    source: "flag",
    when: "by what was given at launch: `--allow`, `--policy`, `PARLEY_ALLOW`, `PARLEY_POLICY`, a credential",
    finds: (asked, policy) => policy.settings.locked ? null : policy.approval("flag", asked),
  },
  {
    source: "run",
    when: "by an answer that holds for this run",
    finds: (_asked, policy, facts) => standing(facts, "run", policy),
  },
  {
    source: "operator",
    when: "by the operator's policy file",
    finds: (asked, policy) => policy.settings.locked ? null : policy.approval("operator", asked),
  },
  {
    source: "stored",
    when: "by an answer that was remembered for this program, if its code has not changed",
    finds: (_asked, policy, facts) => standing(facts, "always", policy),
  },
]);

/** What closes the question, in order. Whoever approved the request in advance was served before. */
export const CLOSING_STEPS: readonly RefusalStep[] = Object.freeze<RefusalStep[]>([
  {
    refusal: "prompt-disabled",
    when: "if the managed policy lets nobody be asked",
    applies: (_asked, { settings }) => !settings.prompt,
  },
  {
    refusal: "blocked",
    when: "if the operator said no to it twice, or five times in a row to this program",
    applies: (_asked, _policy, { blocked }) => blocked,
  },
]);

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
  const refused = firstRefusal(REFUSAL_STEPS, asked, { policy, facts });
  if (refused !== null) return refused;
  for (const { source, finds } of APPROVAL_STEPS) {
    const found = finds(asked, policy, facts);
    if (found === null) continue;
    return hasOwnKey(found, "lifetime")
      ? { kind: "allow", source, rule: null, storedId: found.id }
      : { kind: "allow", source, rule: found, storedId: null };
  }
  return firstRefusal(CLOSING_STEPS, asked, { policy, facts }) ??
    { kind: "ask", runtimeAsksToo: facts.runtime === "prompt" };
}

function firstRefusal(
  steps: readonly RefusalStep[],
  asked: AskedOfPolicy,
  { policy, facts }: { readonly policy: Policy; readonly facts: DecisionFacts },
): Decision | null {
  for (const { refusal, applies } of steps) {
    const found = applies(asked, policy, facts);
    if (found === null || found === false) continue;
    return { kind: "deny", refusal, rule: found === true ? null : found };
  }
  return null;
}

/** An approval of an earlier time that still counts: not for code that has changed since, nor past a locked policy. */
function standing({ stored }: DecisionFacts, lifetime: StoredLifetime, { settings }: Policy): StoredDecision | null {
  if (stored === null || stored.effect !== "allow" || stored.lifetime !== lifetime) return null;
  if (lifetime === "run") return stored;
  return settings.locked || stored.changed !== null ? null : stored;
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
