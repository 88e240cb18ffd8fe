/** Allow-lists per feature, as a program writes them. */
import { type FeatureName, FEATURES, isFeatureName } from "../feature.ts";
import { originOf } from "../main_requester.ts";
import { libraryOrigin } from "./library_origin.ts";

/** The origins of features. Features that are not in it are not spoken about. */
export type FeaturePolicy = ReadonlyMap<FeatureName, ReadonlySet<string>>;

/** Allow-lists as they are written: origins such as `npm:mqtt`, `jsr:@scope/name`, `https://cdn.example` or a `file:` URL. */
export type FeatureAllowLists = { readonly [feature in FeatureName]?: readonly string[] };

const { keys, hasOwn } = Object;
const { isArray } = Array;
const MAX_LISTED = 1_000;

/** What stands in a list for whoever the list is for; no origin looks like it. */
const SELF = "self";
const OWN_WORDS: ReadonlySet<string> = new Set([SELF, "*"]);

/**
 * Reads allow-lists.
 *
 * @param lists What the program wrote. Own properties count only.
 * @param how Whether `self` and `*` may stand in them, for whoever the lists are for.
 * @throws {TypeError} When it is no such record, a feature is unknown, or a text is no origin in its canonical form.
 */
export function readFeaturePolicy(lists: unknown, how: { readonly self: boolean }): FeaturePolicy {
  if (typeof lists !== "object" || lists === null) throw new TypeError("Cannot read allow-lists: not an object");
  const policy = new Map<FeatureName, ReadonlySet<string>>();
  for (const feature of keys(lists)) {
    if (!isFeatureName(feature)) {
      throw new TypeError(`Cannot read allow-lists: "${feature}" is none of ${[...FEATURES.keys()].join(", ")}`);
    }
    const origins: unknown = (lists as Record<string, unknown>)[feature];
    if (!isArray(origins)) throw new TypeError(`Cannot read the allow-list of ${feature}: not an array`);
    if (origins.length > MAX_LISTED) {
      throw new TypeError(`Cannot read the allow-list of ${feature}: it has more than ${MAX_LISTED} origins`);
    }
    policy.set(feature, new Set(Array.from(origins, (origin: unknown) => readOrigin(origin, how))));
  }
  return policy;
}

/**
 * Allow-lists of one origin for some features, for a Worker.
 *
 * @param features The features as the program wrote them.
 * @param origin The origin.
 * @throws {TypeError} When it is no array, or a feature is unknown.
 */
export function policyForFeatures(features: unknown, origin: string): FeaturePolicy {
  if (!isArray(features)) throw new TypeError("Cannot read the features: not an array");
  const lists: Record<string, unknown> = { __proto__: null };
  for (let index = 0; index < features.length && index <= FEATURES.size; index++) {
    lists[hasOwn(features, index) ? String(features[index]) : ""] = [];
  }
  return new Map([...readFeaturePolicy(lists, { self: false }).keys()].map((feature) => [feature, new Set([origin])]));
}

/** The lists of one origin: `self` in them is it. */
export function forOwner(policy: FeaturePolicy, origin: string): FeaturePolicy {
  return new Map([...policy].map(([feature, origins]) => [feature, origins.has(SELF) ? new Set([origin]) : origins]));
}

function readOrigin(origin: unknown, { self }: { readonly self: boolean }): string {
  if (typeof origin !== "string") throw new TypeError("Cannot read an origin: not a string");
  if (self && OWN_WORDS.has(origin)) return SELF;
  const canonical = canonicalOrigin(origin);
  if (canonical === null) {
    throw new TypeError(
      `Cannot delegate to "${origin}": not an origin; write npm:name, jsr:@scope/name, https://host or a file: URL`,
    );
  }
  if (canonical !== origin) throw new TypeError(`Cannot delegate to "${origin}": write "${canonical}"`);
  return origin;
}

/** `npm://registry.example/name` is canonical already; a path in node_modules is written as the package. */
function canonicalOrigin(text: string): string | null {
  if (/^npm:\/\/[a-z0-9.-]+(?::\d+)?\/(?:@[^/@]+\/)?[^/@]+$/.test(text)) return text;
  const { origin, kind } = text.startsWith("file:") ? libraryOrigin(text) : originOf(text);
  return kind === "opaque" || origin.startsWith("http:") ? null : origin;
}
