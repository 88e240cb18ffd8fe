/** Makes rules of what a policy file says: one for each destination. */
import { type DestinationPattern, parseDestinationPattern } from "../../core/destination.ts";
import { isParleyError } from "../../core/errors.ts";
import { type AddressBlock, parseAddressBlock, parseIpAddress } from "../../core/ip_address.ts";
import { featureOfScheme, FEATURES } from "../feature.ts";
import type { Rule, RuleAuthor } from "../rule.ts";
import type { JsonStep } from "./json_document.ts";
import type { WrittenRule } from "./policy_schema.ts";
import { readOrigin } from "./rule_origin.ts";
import { readUntil } from "./rule_until.ts";
import { hasOwnKey } from "../own_key.ts";

/** Something that is wrong with a rule. */
export interface RuleProblem {
  /** Where in the rule. */
  readonly path: readonly JsonStep[];
  /** What, in words that follow the key's name and a colon. */
  readonly reason: string;
}

/** Fewest shared bits of a block where names may lead: nobody means a larger part of all addresses. */
const LEAST_BITS: Readonly<Record<4 | 6, number>> = Object.freeze({ __proto__: null as never, 4: 8, 6: 16 });

type Complain = (path: readonly JsonStep[], reason: string) => void;

/**
 * Makes rules of a written one.
 *
 * @param written The rule; the schema has accepted it.
 * @param naming Who wrote it, and its name. The rules of several destinations are numbered behind a full stop.
 * @returns The rules, frozen; none when there are problems.
 */
export function rulesOf(
  written: WrittenRule,
  { author, id }: { readonly author: RuleAuthor; readonly id: string },
): { readonly rules: readonly Rule[]; readonly problems: readonly RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const complain: Complain = (path, reason) => void problems.push({ path, reason });
  const patterns = readPatterns(written, complain);
  const addresses = readAddresses(written, patterns, complain);
  const shared = Object.freeze({
    author,
    effect: written.effect,
    origins: readOrigins(written, complain),
    addresses,
    skipCors: readFetchCheck(written, patterns, complain),
    untilMs: readEnd(written, complain),
  });
  checkTarget(written, complain);
  if (problems.length > 0) return { rules: [], problems };
  const { feature } = written;
  if (feature !== undefined) return { rules: [Object.freeze({ id, feature, to: null, ...shared })], problems };
  const rules = patterns.map(([, to], index) => {
    const own = patterns.length > 1 ? `${id}.${index + 1}` : id;
    return Object.freeze({ id: own, feature: featureOfScheme(to.scheme), to, ...shared });
  });
  return { rules, problems };
}

function checkTarget({ effect, to, feature }: WrittenRule, complain: Complain): void {
  if (to === undefined && feature === undefined) complain([], "it needs to, or feature");
  if (to !== undefined && feature !== undefined) complain(["feature"], "it follows from to; leave it out");
  if (to === undefined && feature !== undefined && effect === "allow" && FEATURES.get(feature)?.network === true) {
    complain(["feature"], "an allow for it says in to where it leads");
  }
}

/** The patterns that can be read, each with the place where it stands. */
function readPatterns(
  { to }: WrittenRule,
  complain: Complain,
): readonly (readonly [readonly JsonStep[], DestinationPattern])[] {
  const patterns: (readonly [readonly JsonStep[], DestinationPattern])[] = [];
  for (const [path, text] of listed("to", to)) {
    try {
      patterns.push([path, parseDestinationPattern(text, { wildcards: true })]);
    } catch (error) {
      if (!isParleyError(error)) throw error;
      complain(path, lowerFirst(error.message));
    }
  }
  return patterns;
}

function readOrigins({ origin }: WrittenRule, complain: Complain): readonly string[] | null {
  if (origin === undefined) return null;
  const texts = listed("origin", origin);
  if (texts.length === 1 && texts[0]?.[1] === "*") return null;
  const origins: string[] = [];
  for (const [path, text] of texts) {
    const reading = text === "*" ? { problem: "* stands alone, or not at all" } : readOrigin(text);
    if (hasOwnKey(reading, "problem")) complain(path, reading.problem);
    else origins.push(...reading.origins);
  }
  return Object.freeze(origins);
}

function readAddresses(
  { effect, addresses }: WrittenRule,
  patterns: readonly (readonly [readonly JsonStep[], DestinationPattern])[],
  complain: Complain,
): readonly AddressBlock[] {
  if (addresses === undefined) return Object.freeze([]);
  if (effect === "deny") complain(["addresses"], "only an allow says where names may lead");
  for (const [path, { scheme, host }] of patterns) {
    const named = host.kind === "name" || host.kind === "suffix";
    if (!named || featureOfScheme(scheme) !== "direct-sockets") {
      complain(path, "addresses stands beside full names and *.names only");
    }
  }
  const blocks: AddressBlock[] = [];
  for (const [path, text] of listed("addresses", addresses)) {
    const block = readBlock(text);
    if (typeof block === "string") complain(path, block);
    else blocks.push(block);
  }
  return Object.freeze(blocks);
}

/** A block, or why the text is none. */
function readBlock(text: string): AddressBlock | string {
  const address = parseIpAddress(text);
  if (address !== null && address.zone !== null) return "an address stands here without interface";
  const block = parseAddressBlock(address === null ? text : `${address.text}/${address.family === 4 ? 32 : 128}`);
  if (block === null) return "it is no address, and no block such as 192.168.1.0/24";
  const least = LEAST_BITS[block.family];
  return block.prefixLength < least ? `a block shares at least ${least} bits` : block;
}

function readFetchCheck(
  { effect, fetchCheck }: WrittenRule,
  patterns: readonly (readonly [readonly JsonStep[], DestinationPattern])[],
  complain: Complain,
): boolean {
  if (fetchCheck === undefined) return false;
  if (effect === "deny") complain(["fetchCheck"], "only an allow says so");
  const tcp = patterns.some(([, { scheme }]) => scheme === "tcp" || scheme === "tls");
  if (patterns.length > 0 && !tcp) complain(["fetchCheck"], "it is for TCP only");
  return true;
}

function readEnd({ until }: WrittenRule, complain: Complain): number | null {
  if (until === undefined) return null;
  const endMs = readUntil(until);
  if (endMs === null) complain(["until"], "it is no date such as 2027-01-31, nor 2027-01-31T18:00:00Z");
  return endMs;
}

function listed(
  key: string,
  given: string | readonly string[] | undefined,
): readonly (readonly [readonly JsonStep[], string])[] {
  if (given === undefined) return [];
  if (typeof given === "string") return [[[key], given]];
  return given.map((text, index) => [[key, index], text] as const);
}

function lowerFirst(text: string): string {
  return `${text.slice(0, 1).toLowerCase()}${text.slice(1)}`;
}
