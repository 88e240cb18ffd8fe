/** Which step of the order decides a request, and what the others would have said: `parley policy explain`. */
import { formatDestinationPattern } from "../../core/destination.ts";
import {
  APPROVAL_STEPS,
  CLOSING_STEPS,
  decide,
  type Decision,
  type DecisionFacts,
  REFUSAL_STEPS,
} from "../../permissions/decision.ts";
import type { Descriptor } from "../../permissions/descriptor.ts";
import type { Policy } from "../../permissions/policy.ts";
import type { Requester } from "../../permissions/requester.ts";
import type { Rule } from "../../permissions/rule.ts";

/** One step that has something to say about a request. */
export interface ExplainedStep {
  /** What it would make of the request. */
  readonly outcome: "refused" | "approved";
  /** When it applies, in words that follow. */
  readonly when: string;
  /** The rule that it goes by, or null. */
  readonly rule: Rule | null;
}

/** Why a request is decided as it is. */
export interface Explanation {
  /** What is to be done with it. */
  readonly decision: Decision;
  /** Every step that applies, in order. The first one decides. */
  readonly steps: readonly ExplainedStep[];
}

/**
 * Explains a decision. What only shows while a program runs (attempts, dismissals, Workers) counts as harmless.
 *
 * @param requester Who would ask.
 * @param descriptor For what.
 * @param sources The policy, what is remembered, and the time in ms since 1970.
 */
export function explainRequest(
  requester: Requester,
  descriptor: Descriptor,
  { policy, stored, timeMs }: {
    readonly policy: Policy;
    readonly stored: DecisionFacts["stored"];
    readonly timeMs: number;
  },
): Explanation {
  const facts: DecisionFacts = {
    insecure: requester.insecure,
    context: "allowed",
    restricted: false,
    runtime: "granted",
    stored,
    limited: false,
    blocked: false,
    timeMs,
  };
  const asked = { requester, descriptor, timeMs };
  const refusals = (steps: typeof REFUSAL_STEPS): ExplainedStep[] =>
    steps.flatMap(({ when, applies }) => {
      const found = applies(asked, policy, facts);
      return found === null || found === false
        ? []
        : [{ outcome: "refused", when, rule: found === true ? null : found }];
    });
  const approvals = APPROVAL_STEPS.flatMap(({ when, finds }): ExplainedStep[] => {
    const found = finds(asked, policy, facts);
    return found === null ? [] : [{ outcome: "approved", when, rule: "lifetime" in found ? null : found }];
  });
  return {
    decision: decide({ requester, descriptor }, policy, facts),
    steps: [...refusals(REFUSAL_STEPS), ...approvals, ...refusals(CLOSING_STEPS)],
  };
}

/** A rule in one line. Not escaped. */
export function ruleText({ id, author, effect, feature, to, origins, addresses, skipCors, untilMs }: Rule): string {
  const where = to === null ? `all ${feature}` : formatDestinationPattern(to);
  return [
    `${id} (${author}): ${effect} ${where}`,
    ...(origins === null ? [] : [`for ${origins.join(" or ")}`]),
    ...(addresses.length === 0 ? [] : [`whose name may lead to ${addresses.map(({ text }) => text).join(", ")}`]),
    ...(skipCors ? ["without asking the host about fetch()"] : []),
    ...(untilMs === null ? [] : [`until ${new Date(untilMs).toISOString()}`]),
  ].join(", ");
}
