/** One set of settings out of what several files state: managed files before flags before the operator's own. */
import type { AttemptLimit, AttemptLimitSettings } from "../attempt_limits.ts";
import { DEFAULT_SETTINGS, type PolicySettings } from "../policy.ts";
import type { RuleAuthor } from "../rule.ts";
import type { StatedSettings } from "./policy_document.ts";

/** What one author's files state. */
export interface StatedBy {
  /** Who. */
  readonly author: RuleAuthor;
  /** What one file of theirs says. */
  readonly settings: StatedSettings;
}

const AUTHORS: readonly RuleAuthor[] = ["managed", "flag", "operator"];
const AUDIT: readonly PolicySettings["audit"][] = ["required", "on", "off"];
const DESTINATIONS: readonly PolicySettings["auditDestinations"][] = ["hashed", "plain"];
const { min } = Math;

/**
 * Puts settings together. What a higher author states stands; of several files of one author the strictest counts, and the
 * lower limit.
 *
 * @param stated What the files state, in any order.
 */
export function mergeSettings(stated: readonly StatedBy[]): PolicySettings {
  const every = stated.map(({ settings }) => settings);
  const said = <K extends keyof PolicySettings>(key: K): NonNullable<StatedSettings[K]>[] =>
    every.flatMap((settings) => settings[key] ?? []) as NonNullable<StatedSettings[K]>[];
  const privateModes = said("privateMode");
  const auditOnly = said("auditOnly");
  return Object.freeze({
    __proto__: null as never,
    prompt: !said("prompt").includes(false),
    locked: said("locked").includes(true),
    ambient: !said("ambient").includes(false),
    audit: strictest(stated, AUDIT, ({ audit }) => audit) ?? DEFAULT_SETTINGS.audit,
    auditDestinations: strictest(stated, DESTINATIONS, (said) => said.auditDestinations) ??
      DEFAULT_SETTINGS.auditDestinations,
    // The one setting whose yes is the weaker.
    auditOnly: auditOnly.length > 0 && !auditOnly.includes(false),
    privateMode: privateModes.find((mode) => mode !== "allowed") ?? DEFAULT_SETTINGS.privateMode,
    limits: mergeLimits(stated),
  });
}

/**
 * Why settings cannot hold together, or null. Private mode cannot be required and refused.
 *
 * @param stated What the files state.
 */
export function conflictIn(stated: readonly StatedBy[]): string | null {
  const modes = new Set(stated.map(({ settings }) => settings.privateMode));
  return modes.has("required") && modes.has("refused")
    ? "one managed file requires private mode, another refuses it"
    : null;
}

/** Of the highest author who says something, the first in this order. */
function strictest<T>(
  stated: readonly StatedBy[],
  order: readonly T[],
  pick: (settings: StatedSettings) => T | undefined,
): T | null {
  for (const author of AUTHORS) {
    const said = stated.filter((one) => one.author === author).map(({ settings }) => pick(settings));
    const first = order.find((value) => said.includes(value));
    if (first !== undefined) return first;
  }
  return null;
}

function mergeLimits(stated: readonly StatedBy[]): AttemptLimitSettings {
  const { limits } = DEFAULT_SETTINGS;
  return Object.freeze({
    __proto__: null as never,
    requester: firstStated(stated, ({ requester }) => requester, lowerLimit) ?? limits.requester,
    destination: firstStated(stated, ({ destination }) => destination, lowerLimit) ?? limits.destination,
    accountPerMinute: firstStated(stated, ({ accountPerMinute }) => accountPerMinute, min) ?? limits.accountPerMinute,
  });
}

function firstStated<T>(
  stated: readonly StatedBy[],
  pick: (limits: Partial<AttemptLimitSettings>) => T | undefined,
  lower: (left: T, right: T) => T,
): T | null {
  for (const author of AUTHORS) {
    const said = stated.filter((one) => one.author === author)
      .flatMap(({ settings }) => settings.limits === undefined ? [] : pick(settings.limits) ?? []) as T[];
    if (said.length > 0) return said.reduce((left, right) => lower(left, right));
  }
  return null;
}

function lowerLimit(left: AttemptLimit, right: AttemptLimit): AttemptLimit {
  return Object.freeze({
    __proto__: null as never,
    burst: min(left.burst, right.burst),
    perSecond: min(left.perSecond, right.perSecond),
  });
}
