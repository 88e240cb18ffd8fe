/** What can be wrong with a policy file as a whole and with the form of its parts; what rules mean is `written_rule.ts`'s. */
import * as v from "valibot";
import type { RuleAuthor } from "../rule.ts";
import { type JsonStep, shown } from "./json_document.ts";
import { nearestKey } from "./nearest_key.ts";
import { KNOWN_KEYS, MAX_RULES, POLICY_SCHEMA, POLICY_VERSION } from "./policy_schema.ts";

/** Something that is wrong, and where. */
export interface Finding {
  /** Where in the document. */
  readonly path: readonly JsonStep[];
  /** What is pointed at. */
  readonly part: "key" | "value";
  /** What, in words that follow a colon. */
  readonly reason: string;
}

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const { safeParse } = v;
const { hasOwn, keys } = Object;
const { isArray } = Array;

/** Keys that only a managed file may have, whatever they say. */
const MANAGED_KEYS: readonly string[] = ["prompt", "locked", "ambient", "auditOnly"];

/** Values that only a managed file may give. */
const MANAGED_VALUES: readonly (readonly [key: string, value: string])[] = [
  ["private", "required"],
  ["private", "refused"],
  ["audit", "required"],
];

/** What makes looking at the rest pointless: a form that came later, or more rules than are read. */
export function obstacleIn(value: unknown): Finding | null {
  const version = memberOf(value, "version");
  if (typeof version === "number" && version > POLICY_VERSION) {
    const reason = `version ${version} is newer than this Parley, which reads version ${POLICY_VERSION}`;
    return { path: ["version"], part: "value", reason };
  }
  const rules = memberOf(value, "rules");
  if (!isArray(rules)) return null;
  let count = 0;
  for (const [index, rule] of rules.entries()) {
    const to = memberOf(rule, "to");
    count += isArray(to) ? to.length : 1;
    if (count > MAX_RULES) {
      const reason = `there are more than ${MAX_RULES} rules, each destination counted`;
      return { path: ["rules", index], part: "value", reason };
    }
  }
  return null;
}

/** Every key that there is not, and lists in place of objects. The schema itself would name only the first key of each object. */
export function unknownKeysIn(value: unknown): Finding[] {
  const found: Finding[] = [];
  const look = (part: unknown, path: readonly JsonStep[], known: readonly string[]): void => {
    // To the schema, a list is an object like any other.
    if (isArray(part)) found.push({ path, part: "value", reason: "is to be an object" });
    if (typeof part !== "object" || part === null || isArray(part)) return;
    for (const key of keys(part)) {
      if (known.includes(key)) continue;
      const near = nearestKey(key, known);
      const reason = near === null ? "there is no such key" : `there is no such key; "${near}" may be meant`;
      found.push({ path: [...path, key], part: "key", reason });
    }
  };
  look(value, [], KNOWN_KEYS.file);
  const limits = memberOf(value, "limits");
  look(limits, ["limits"], KNOWN_KEYS.limits);
  for (const which of ["requester", "destination"]) {
    look(memberOf(limits, which), ["limits", which], KNOWN_KEYS.limit);
  }
  const rules = memberOf(value, "rules");
  if (isArray(rules)) rules.forEach((rule, index) => look(rule, ["rules", index], KNOWN_KEYS.rule));
  return found;
}

/** What the schema says, but for unknown keys. */
export function schemaIssuesIn(value: unknown): Finding[] {
  const result = safeParse(POLICY_SCHEMA, value, { abortEarly: false, abortPipeEarly: true });
  return (result.issues ?? []).flatMap((issue) => {
    if (issue.type === "strict_object" && issue.expected === "never") return [];
    const path = (issue.path ?? []).map(({ key }) => key as JsonStep);
    if (issue.type !== "strict_object") return [{ path, part: "value", reason: issue.message }];
    const missing = issue.expected !== "Object" && issue.received === "undefined";
    return [{ path, part: "value", reason: missing ? "is missing" : "is to be an object" }];
  });
}

/** What only whoever administers the machine may settle, in a file of somebody else. */
export function foreignSettingsIn(value: unknown, author: RuleAuthor): Finding[] {
  if (author === "managed" || typeof value !== "object" || value === null) return [];
  const reason = "only a managed file may say so (see docs/policy.md)";
  const keysFound = MANAGED_KEYS.filter((key) => hasOwn(value, key))
    .map((key): Finding => ({ path: [key], part: "key", reason }));
  const valuesFound = MANAGED_VALUES.filter(([key, forbidden]) => memberOf(value, key) === forbidden)
    .map(([key]): Finding => ({ path: [key], part: "value", reason }));
  return [...keysFound, ...valuesFound];
}

/** How a place is called in messages: rules are counted from 1, as in their names. */
export function placeName(path: readonly JsonStep[]): string {
  const [first, second, ...rest] = path;
  if (first === undefined) return "the file";
  if (first === "rules" && typeof second === "number") {
    return rest.length === 0 ? `rule ${second + 1}` : `rule ${second + 1}: ${keysOf(rest)}`;
  }
  return keysOf(path);
}

function keysOf(path: readonly JsonStep[]): string {
  const steps = path.map((step) => typeof step === "number" ? `entry ${step + 1}` : shown(step));
  return steps.join(", ");
}

function memberOf(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !hasOwn(value, key)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[key];
}
