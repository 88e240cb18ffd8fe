/** Rules and policies, for tests of decisions. */
import { parseDestinationPattern } from "../../core/destination.ts";
import type { DecisionFacts } from "../../permissions/decision.ts";
import { featureOfScheme } from "../../permissions/feature.ts";
import { DEFAULT_SETTINGS, Policy, type PolicySettings, type PolicySource } from "../../permissions/policy.ts";
import type { Rule, RuleAuthor } from "../../permissions/rule.ts";

/** Facts by which nothing is decided: the operator would be asked. */
export const HARMLESS_FACTS: DecisionFacts = Object.freeze({
  insecure: null,
  context: "allowed",
  restricted: false,
  runtime: "granted",
  stored: null,
  limited: false,
  blocked: false,
  timeMs: 0,
});

/** A rule about a destination; `more` replaces what is usual. */
export function rule(author: RuleAuthor, effect: "allow" | "deny", to: string, more: Partial<Rule> = {}): Rule {
  const pattern = parseDestinationPattern(to, { wildcards: true });
  return {
    id: `${author}-${effect}`,
    author,
    effect,
    feature: featureOfScheme(pattern.scheme),
    origins: null,
    to: pattern,
    addresses: [],
    skipCors: false,
    untilMs: null,
    ...more,
  };
}

/** A policy of rules; settings that are not given are the usual ones. */
export function policy(
  rules: readonly Rule[],
  settings: Partial<PolicySettings> = {},
  broken: readonly RuleAuthor[] = [],
): Policy {
  return new Policy({ rules, settings: { ...DEFAULT_SETTINGS, ...settings }, broken });
}

/** A policy that a test exchanges, as if a file had changed. */
export class ChangingPolicy implements PolicySource {
  readonly #listeners: (() => void)[] = [];
  #current: Policy;

  /** @param current The policy that holds at first. */
  constructor(current: Policy) {
    this.#current = current;
  }

  /** The policy that holds now. */
  get current(): Policy {
    return this.#current;
  }

  /** Puts another policy in its place. */
  change(next: Policy): void {
    this.#current = next;
    for (const listener of this.#listeners) listener();
  }

  /** Tells of changes. */
  onChange(callback: () => void): () => void {
    this.#listeners.push(callback);
    return () => void this.#listeners.splice(this.#listeners.indexOf(callback), 1);
  }
}
