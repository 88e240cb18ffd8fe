/** Remembered answers as a policy file, for review: what a rule would widen is left out and named. */
import { formatPolicyFile, ruleForRequest, type RuleText } from "../../permissions/policy/rule_for_request.ts";
import type { RememberedDecision } from "../../permissions/store/file_store.ts";
import { programText, whereText } from "./request_words.ts";

/** A policy file, and what could not be put into it. */
export interface PermissionsExport {
  /** The file's text: ASCII JSON. */
  readonly text: string;
  /** What was left out and why, escaped. */
  readonly leftOut: readonly string[];
}

/** Makes the policy file. */
export function exportPermissions(records: readonly RememberedDecision[]): PermissionsExport {
  const rules: RuleText[] = [];
  const leftOut: string[] = [];
  for (const record of records) {
    const rule = ruleForRequest(record);
    if ("to" in rule) rules.push(rule);
    else leftOut.push(`${whereText(record.descriptor)} for ${programText(record.requester.origin)}: ${rule.reason}`);
  }
  return { text: formatPolicyFile(rules), leftOut };
}
