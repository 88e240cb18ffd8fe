/**
 * A policy as one canonical text, so that a decision can be made again long after the files have changed: the audit log keeps
 * the text once and names it by its hash.
 */
import * as v from "valibot";
import { bareJson, strictObject } from "../bare_schema.ts";
import { formatDestinationPattern, parseDestinationPattern } from "../../core/destination.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import { parseAddressBlock } from "../../core/ip_address.ts";
import { FEATURES } from "../feature.ts";
import { Policy, type PolicySettings } from "../policy.ts";
import type { Rule } from "../rule.ts";

/** A policy as text. */
export interface PolicySnapshot {
  /** Canonical JSON: equal for equal policies. */
  readonly text: string;
  /** SHA-256 of the text, lower-case hex. */
  readonly sha256: string;
}

const VERSION = 1;
const { safeParse } = v;
const { stringify } = JSON;
const parseJson = JSON.parse;

const nullable = <T extends v.GenericSchema>(schema: T) => v.nullable(schema);
const author = v.picklist(["managed", "flag", "operator"]);
const limit = strictObject({ burst: v.number(), perSecond: v.number() });

const settings = strictObject(
  {
    prompt: v.boolean(),
    locked: v.boolean(),
    ambient: v.boolean(),
    audit: v.picklist(["off", "on", "required"]),
    auditDestinations: v.picklist(["plain", "hashed"]),
    auditOnly: v.boolean(),
    privateMode: v.picklist(["allowed", "required", "refused"]),
    limits: strictObject({ requester: limit, destination: limit, accountPerMinute: v.number() }),
    // A setting that a policy has and its snapshot lacks does not compile.
  } satisfies Record<keyof PolicySettings, v.GenericSchema>,
);

const rule = strictObject(
  {
    id: v.string(),
    author,
    effect: v.picklist(["allow", "deny"]),
    feature: v.picklist([...FEATURES.keys()]),
    origins: nullable(v.array(v.string())),
    to: nullable(v.string()),
    addresses: v.array(v.string()),
    skipCors: v.boolean(),
    untilMs: nullable(v.number()),
  } satisfies Record<keyof Rule, v.GenericSchema>,
);

const SNAPSHOT = strictObject({
  version: v.literal(VERSION),
  settings,
  broken: v.array(author),
  rules: v.array(rule),
});

/**
 * Writes a policy down.
 *
 * @param policy The policy.
 * @param digest Makes the hash: SHA-256 of a text as UTF-8, in lower-case hex.
 */
export function policySnapshot(
  policy: Policy,
  digest: { sha256(text: string): string },
): PolicySnapshot {
  const { settings: { limits, ...plain }, broken, rules } = policy;
  const text = stringify({
    __proto__: null,
    version: VERSION,
    settings: {
      __proto__: null,
      prompt: plain.prompt,
      locked: plain.locked,
      ambient: plain.ambient,
      audit: plain.audit,
      auditDestinations: plain.auditDestinations,
      auditOnly: plain.auditOnly,
      privateMode: plain.privateMode,
      limits: {
        __proto__: null,
        requester: ordered(limits.requester),
        destination: ordered(limits.destination),
        accountPerMinute: limits.accountPerMinute,
      },
    } satisfies Record<keyof PolicySettings | "__proto__", unknown>,
    broken: [...broken].sort(),
    // In their order: the first that applies is the one that decides, and is named.
    rules: rules.map(written),
  });
  return Object.freeze({ text, sha256: digest.sha256(text) });
}

/**
 * Makes a policy of what was written down.
 *
 * @param text The text of a snapshot.
 * @throws {ParleyError} `CONFIG_INVALID` when it is none.
 */
export function policyFromSnapshot(text: string): Policy {
  const result = safeParse(SNAPSHOT, parsed(text));
  if (!result.success) throw unreadable(`${result.issues[0].message}`);
  const { settings, broken, rules } = result.output;
  return new Policy({ settings: Object.freeze(settings), broken, rules: rules.map(readRule) });
}

function ordered({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }): unknown {
  return { __proto__: null, burst, perSecond };
}

function written({ id, author, effect, feature, origins, to, addresses, skipCors, untilMs }: Rule): unknown {
  return {
    __proto__: null,
    id,
    author,
    effect,
    feature,
    origins,
    to: to === null ? null : formatDestinationPattern(to),
    addresses: addresses.map((block) => block.text),
    skipCors,
    untilMs,
  } satisfies Record<keyof Rule | "__proto__", unknown>;
}

function readRule({ to, addresses, origins, ...rest }: v.InferOutput<typeof rule>): Rule {
  return Object.freeze({
    ...rest,
    origins: origins === null ? null : Object.freeze(origins),
    to: to === null ? null : readPattern(to),
    addresses: Object.freeze(addresses.map((block) => parseAddressBlock(block) ?? refuse(`${block} is no block`))),
  });
}

function readPattern(text: string): Rule["to"] {
  try {
    return parseDestinationPattern(text, { wildcards: true });
  } catch (error) {
    if (!isParleyError(error)) throw error;
    return refuse(error.message, error);
  }
}

function parsed(text: string): unknown {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw unreadable("it is not JSON", cause);
  }
  return bareJson(value, "the policy snapshot");
}

function refuse(state: string, cause?: unknown): never {
  throw unreadable(state, cause);
}

function unreadable(state: string, cause?: unknown): ParleyError {
  return new ParleyError("CONFIG_INVALID", `Cannot read the policy snapshot: ${state}`, { cause });
}
