/** The key that the rules behind an approval name. */
import type { Grant } from "../grant.ts";
import type { RuleKey } from "../policy.ts";

const { hasOwn } = Object;

/** The key that a rule names for an approval, or null. What `Object.prototype` says is none (CORE-01). */
export function ruleKeyOf({ terms }: Grant): RuleKey | null {
  return hasOwn(terms, "key") ? terms.key ?? null : null;
}
