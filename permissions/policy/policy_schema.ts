/**
 * The form of a policy file, version 1, as a schema: what validates files, and what `docs/policy.schema.json` is made of, so
 * that editors describe each key. Messages say what a value is to be; the name of the key is put before them.
 */
import * as v from "valibot";
import { strictObject } from "../bare_schema.ts";
import { type FeatureName, FEATURES } from "../feature.ts";
import type { AttemptLimit } from "../attempt_limits.ts";

/** The version of the form. */
export const POLICY_VERSION = 1;

/** Rules in one file at most; one with several destinations counts as many. */
export const MAX_RULES = 10_000;

/** One rule as it is written. */
export interface WrittenRule {
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** Patterns of destinations. */
  readonly to?: string | readonly string[];
  /** The feature, where there is no destination. */
  readonly feature?: FeatureName;
  /** Origins, or `*`. */
  readonly origin?: string | readonly string[];
  /** Where names may lead. */
  readonly addresses?: readonly string[];
  /** Whether the host is asked about `fetch()` first. */
  readonly fetchCheck?: "skip";
  /** When it ends. */
  readonly until?: string;
  /** A remark. */
  readonly note?: string;
}

/** Limits as they are written. */
export interface WrittenLimits {
  /** For everything that one requester tries. */
  readonly requester?: AttemptLimit;
  /** For one requester and one destination. */
  readonly destination?: AttemptLimit;
  /** For all programs of the account in a minute. */
  readonly accountPerMinute?: number;
}

/** A file as it is written. */
export interface WrittenPolicy {
  /** Where the schema is. */
  readonly $schema?: string;
  /** The form of the file. */
  readonly version: typeof POLICY_VERSION;
  /** Whether questions may be put. */
  readonly prompt?: "allowed" | "disabled";
  /** Whether only managed rules count. */
  readonly locked?: boolean;
  /** Whether an import of Parley acts for the program. */
  readonly ambient?: boolean;
  /** Whether decisions are written down. */
  readonly audit?: "off" | "on" | "required";
  /** Whether what would be refused is let through and marked. */
  readonly auditOnly?: boolean;
  /** How the log names destinations. */
  readonly auditDestinations?: "plain" | "hashed";
  /** What holds for private mode. */
  readonly private?: "allowed" | "required" | "refused";
  /** How often may be tried. */
  readonly limits?: WrittenLimits;
  /** The rules. */
  readonly rules?: readonly WrittenRule[];
}

const MAX_NOTE = 1_000;
const MAX_BURST = 1_000_000;
const MAX_PER_MINUTE = 10_000_000;

const aNumber = v.number("is to be a number");
const aWholeNumber = v.integer<number, string>("is to be a whole number");
const aText = v.string("is to be a text");
const aFlag = v.boolean("is to be true or false");
const notEmpty = v.minLength<string[], 1, string>(1, "needs at least one entry");
const atLeast = (least: number) => v.minValue<number, number, string>(least, `is to be at least ${least}`);
const atMost = (most: number) => v.maxValue<number, number, string>(most, `is to be at most ${most}`);

/** One text, or a list of them. */
const oneOrMore = (what: string) =>
  v.union([v.string(), v.pipe(v.array(v.string()), notEmpty)], `is to be ${what}, or a list of such`);

const limit = strictObject({
  burst: v.pipe(aNumber, aWholeNumber, atLeast(1), atMost(MAX_BURST), v.description("Attempts at once.")),
  perSecond: v.pipe(
    aNumber,
    atLeast(0),
    atMost(MAX_BURST),
    v.description("Attempts a second in the long run; parts of one are allowed."),
  ),
});

const limits = strictObject({
  requester: v.exactOptional(
    v.pipe(limit, v.description("For everything that one program tries. Default 500 and 50.")),
  ),
  destination: v.exactOptional(
    v.pipe(limit, v.description("For one program and one destination. Default 200 and 20.")),
  ),
  accountPerMinute: v.exactOptional(v.pipe(
    aNumber,
    aWholeNumber,
    atLeast(1),
    atMost(MAX_PER_MINUTE),
    v.description("For all programs of the operator's account together, in a minute. Default 6000."),
  )),
});

const rule = strictObject({
  effect: v.pipe(
    v.picklist(["allow", "deny"], 'is to be "allow" or "deny"'),
    v.description("What the rule says. No allow beats a deny of the same or a higher author, however specific it is."),
  ),
  to: v.exactOptional(v.pipe(
    oneOrMore("a destination"),
    v.description(
      "Where to: [scheme://]host:port. The host may be *.example.com, a block such as 10.0.0.0/8, or *; the port a " +
        "range or *. The scheme says what is done there; without one it is TCP, with or without TLS.",
    ),
  )),
  feature: v.exactOptional(v.pipe(
    v.picklist([...FEATURES.keys()], "is to be the name of a feature"),
    v.description("The feature, for one without destinations, or to deny a network feature as a whole."),
  )),
  origin: v.exactOptional(v.pipe(
    oneOrMore("an origin"),
    v.description(
      "The programs it is for, exactly: an absolute path, a file: URL, an https: origin, or a package as npm:name or " +
        "jsr:@scope/name. Default *, which is every program.",
    ),
  )),
  addresses: v.exactOptional(v.pipe(
    v.array(v.string("is to be an address or a block of addresses"), "is to be a list of addresses and blocks"),
    notEmpty,
    v.description(
      "Where the names in `to` may lead besides public addresses: addresses, or blocks of at least 8 shared bits " +
        "(IPv6: 16). An address at which a cloud machine finds its credentials counts only where it stands by itself.",
    ),
  )),
  fetchCheck: v.exactOptional(v.pipe(
    v.picklist(["skip"], 'is to be "skip", or left out'),
    v.description("Lets TCP to port 443 through without asking the host first whether fetch() would do."),
  )),
  until: v.exactOptional(v.pipe(
    v.string("is to be a date"),
    v.description("When the rule ends: a date (with the end of that day in UTC), or a date and time with Z or offset."),
  )),
  note: v.exactOptional(v.pipe(
    aText,
    v.maxLength(MAX_NOTE, `has more than ${MAX_NOTE} characters`),
    v.description("A remark for whoever reads the file."),
  )),
});

const policy = strictObject({
  $schema: v.exactOptional(v.pipe(aText, v.description("Where this schema is, for editors."))),
  version: v.pipe(v.literal(POLICY_VERSION, `is to be ${POLICY_VERSION}`), v.description("The form of the file.")),
  prompt: v.exactOptional(v.pipe(
    v.picklist(["allowed", "disabled"], 'is to be "allowed" or "disabled"'),
    v.description("Managed files only. Whether the operator may be asked. Default allowed."),
  )),
  locked: v.exactOptional(v.pipe(
    aFlag,
    v.description(
      "Managed files only. Whether flags, the operator's file and remembered answers approve nothing. Default false.",
    ),
  )),
  ambient: v.exactOptional(v.pipe(
    aFlag,
    v.description("Managed files only. Whether an import of Parley acts for the main program. Default true."),
  )),
  audit: v.exactOptional(v.pipe(
    v.picklist(["off", "on", "required"], 'is to be "off", "on" or "required"'),
    v.description(
      "Whether decisions are written down; required (managed files only) refuses what cannot be. Default on.",
    ),
  )),
  auditDestinations: v.exactOptional(v.pipe(
    v.picklist(["plain", "hashed"], 'is to be "plain" or "hashed"'),
    v.description(
      "Whether the log names destinations, or has keyed hashes of them, which cannot be replayed. Default plain.",
    ),
  )),
  auditOnly: v.exactOptional(v.pipe(
    aFlag,
    v.description(
      "Managed files only. Whether what would be refused is let through and marked in the log. Default false.",
    ),
  )),
  private: v.exactOptional(v.pipe(
    v.picklist(["allowed", "required", "refused"], 'is to be "allowed", "required" or "refused"'),
    v.description("What holds for private mode; all but allowed is for managed files only. Default allowed."),
  )),
  limits: v.exactOptional(v.pipe(limits, v.description("How often may be tried."))),
  rules: v.exactOptional(v.pipe(
    v.array(rule, "is to be a list of rules"),
    v.maxLength(MAX_RULES, `has more than ${MAX_RULES} rules`),
    v.description("What is allowed and denied, in any order: every deny is looked at before any allow."),
  )),
});

/** A policy file. Keys and values that only a managed file may have are judged where the author is known. */
export const POLICY_SCHEMA: v.GenericSchema<unknown, WrittenPolicy> = policy;

/** The keys of the file, of a rule, of the limits, and of one limit. */
export const KNOWN_KEYS: Readonly<Record<"file" | "rule" | "limits" | "limit", readonly string[]>> = Object.freeze({
  __proto__: null as never,
  file: Object.keys(policy.entries),
  rule: Object.keys(rule.entries),
  limits: Object.keys(limits.entries),
  limit: Object.keys(limit.entries),
});
