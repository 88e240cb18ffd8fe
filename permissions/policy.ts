/**
 * Everything that was decided before the requests, as one immutable value: rules by author, and what the managed file
 * settles besides. Made anew when a file changes.
 */
import { type AttemptLimitSettings, DEFAULT_ATTEMPT_LIMITS } from "./attempt_limits.ts";
import type { AddressBlock } from "../core/ip_address.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Requester } from "./requester.ts";
import { addressesRefused, type Rule, ruleApplies, type RuleAuthor } from "./rule.ts";

/** What a policy settles besides its rules. */
export interface PolicySettings {
  /** Whether questions may be put. */
  readonly prompt: boolean;
  /** Whether only managed rules count: flags, the operator's file and remembered answers approve nothing. */
  readonly locked: boolean;
  /** Whether an import of Parley acts for the program without a navigator of its own (NET-13). */
  readonly ambient: boolean;
  /** Whether decisions are written down; `required` refuses what cannot be. */
  readonly audit: "off" | "on" | "required";
  /** Whether the log names destinations, or has keyed hashes of them (P-09). */
  readonly auditDestinations: "plain" | "hashed";
  /** Whether what would be refused is let through and marked in the log (CON-23). Only a managed file can say so. */
  readonly auditOnly: boolean;
  /** What holds for private mode. */
  readonly privateMode: "allowed" | "required" | "refused";
  /** How often may be tried. */
  readonly limits: AttemptLimitSettings;
}

/** What holds where nothing was written. */
export const DEFAULT_SETTINGS: PolicySettings = Object.freeze({
  __proto__: null as never,
  prompt: true,
  locked: false,
  ambient: true,
  audit: "on",
  auditDestinations: "plain",
  auditOnly: false,
  privateMode: "allowed",
  limits: DEFAULT_ATTEMPT_LIMITS,
});

/** What a policy is made of. */
export interface PolicyInit {
  /** The rules, in the order of their files. */
  readonly rules: readonly Rule[];
  /** What the managed files settle. */
  readonly settings: PolicySettings;
  /** Where a file was not valid: nothing that it governs is allowed. Of managed files that is everything (CON-21). */
  readonly broken: readonly RuleAuthor[];
}

/** A request, as rules see it. */
export interface AskedOfPolicy {
  /** Who asks. */
  readonly requester: Requester;
  /** For what. */
  readonly descriptor: Descriptor;
  /** What time it is, in ms since 1970. */
  readonly timeMs: number;
}

/** What approvals let through besides what they approve, and what they ask for. */
export interface PolicyTerms extends Pick<Rule, "addresses" | "skipCors"> {
  /** The key that the other side must have, where a rule names one (CON-05). */
  readonly key?: RuleKey | null;
  /** Where its name must not lead, because rules refuse it there. */
  readonly refused?: readonly AddressBlock[];
}

/** A key that a rule names. */
export interface RuleKey {
  /** SHA-256 of the key, lower-case hex. */
  readonly spkiSha256: string;
  /** Whether the rule is for one host and port, and so stands in for the operator's answer about the key. */
  readonly exact: boolean;
}

/** Nothing besides. */
export const NO_TERMS: PolicyTerms = Object.freeze({
  addresses: Object.freeze([]),
  skipCors: false,
  key: null,
  refused: Object.freeze([]),
});

interface Bucket {
  readonly byHost: Map<string, Rule[]>;
  readonly others: Rule[];
}

const AUTHORS: readonly RuleAuthor[] = ["managed", "flag", "operator"];

/** The rules that hold now. Immutable. */
export class Policy {
  /** What the managed files settle. */
  readonly settings: PolicySettings;
  /** Authors of whom a file was not valid. */
  readonly broken: readonly RuleAuthor[];
  /** Every rule. */
  readonly rules: readonly Rule[];
  readonly #approvals = new Map<RuleAuthor, Bucket>();
  readonly #refusals = new Map<RuleAuthor, readonly Rule[]>();
  /** Refusals that name addresses. */
  readonly #refusedAddresses: readonly Rule[];

  /** @param init Rules and settings. */
  constructor(init: PolicyInit) {
    this.settings = init.settings;
    this.broken = Object.freeze([...init.broken]);
    this.rules = Object.freeze([...init.rules]);
    this.#refusedAddresses = this.rules.filter(({ effect, to }) =>
      effect === "deny" && (to?.host.kind === "address" || to?.host.kind === "cidr")
    );
    for (const author of AUTHORS) {
      const own = this.rules.filter((rule) => rule.author === author);
      this.#approvals.set(author, bucketOf(own.filter(({ effect }) => effect === "allow")));
      this.#refusals.set(author, own.filter(({ effect }) => effect === "deny"));
    }
  }

  /** The first refusal by this author, or null. */
  refusal(author: RuleAuthor, asked: AskedOfPolicy): Rule | null {
    return this.#refusals.get(author)?.find((rule) => ruleApplies(rule, asked)) ?? null;
  }

  /**
   * What all approvals that apply let through besides, whoever decides in the end.
   *
   * @param asked The request.
   */
  terms(asked: AskedOfPolicy): PolicyTerms {
    const authors = this.settings.locked ? AUTHORS.slice(0, 1) : AUTHORS;
    const rules = authors.map((author) => this.approval(author, asked)).filter((rule) => rule !== null);
    const refused = this.#addressesRefused(asked);
    if (rules.length === 0) return refused.length === 0 ? NO_TERMS : { ...NO_TERMS, refused };
    return {
      refused,
      addresses: rules.flatMap(({ addresses }) => addresses),
      skipCors: rules.some(({ skipCors }) => skipCors),
      key: rules.map(({ to }) => keyOf(to)).find((key) => key !== null) ?? null,
    };
  }

  #addressesRefused(asked: AskedOfPolicy): readonly AddressBlock[] {
    if (this.settings.auditOnly || asked.descriptor.destination?.host.kind !== "name") return [];
    return this.#refusedAddresses.flatMap((rule) => addressesRefused(rule, asked) ?? []);
  }

  /** The first approval by this author, or null. */
  approval(author: RuleAuthor, asked: AskedOfPolicy): Rule | null {
    const bucket = this.#approvals.get(author);
    const host = asked.descriptor.destination?.host.text;
    if (bucket === undefined || host === undefined) return null;
    // By host first: a file with a thousand destinations is not read through for each request.
    const exact = bucket.byHost.get(host)?.find((rule) => ruleApplies(rule, asked));
    return exact ?? bucket.others.find((rule) => ruleApplies(rule, asked)) ?? null;
  }
}

/** Where the policy comes from. */
export interface PolicySource {
  /** The policy that holds now. */
  readonly current: Policy;
  /**
   * Tells that another one holds.
   *
   * @returns The way to stop it.
   */
  onChange(callback: () => void): () => void;
}

/** A policy that stays as it is. */
export function fixedPolicy(policy: Policy): PolicySource {
  return Object.freeze({ current: policy, onChange: () => () => {} });
}

/** The policy where nobody wrote anything. */
export const EMPTY_POLICY: Policy = new Policy({ rules: [], settings: DEFAULT_SETTINGS, broken: [] });

function keyOf(to: Rule["to"]): RuleKey | null {
  if (to === null || to.spki === null) return null;
  const { host, port, spki } = to;
  const one = host.kind === "name" || host.kind === "address" || host.kind === "localhost";
  return Object.freeze({ spkiSha256: spki, exact: one && port.from === port.to });
}

function bucketOf(rules: readonly Rule[]): Bucket {
  const bucket: Bucket = { byHost: new Map(), others: [] };
  for (const rule of rules) {
    const host = rule.to?.host;
    if (host === undefined || host.kind === "any" || host.kind === "cidr" || host.kind === "suffix") {
      bucket.others.push(rule);
      continue;
    }
    const same = bucket.byHost.get(host.text);
    if (same === undefined) bucket.byHost.set(host.text, [rule]);
    else same.push(rule);
  }
  return bucket;
}
