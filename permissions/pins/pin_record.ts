/** A pinned key as text, schema version 1. */
import * as v from "valibot";
import { bareJson, strictObject } from "../bare_schema.ts";
import { canonicalHost } from "../../core/host.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";
import type { PinnedKey } from "./peer_keys_port.ts";

/** A key that was pinned before. */
export interface FormerKey {
  /** SHA-256 of the key, lower-case hex. */
  readonly spkiSha256: string;
  /** When it was pinned, ISO 8601. */
  readonly since: string;
  /** When it was replaced, ISO 8601. */
  readonly until: string;
}

/** A pinned key. */
export interface PinRecord extends PinnedKey {
  /** The host, canonical. */
  readonly host: string;
  /** The port. */
  readonly port: number;
  /** SHA-256 of the key, lower-case hex. */
  readonly spkiSha256: string;
  /** SHA-256 of the certificate that it was seen with, lower-case hex. */
  readonly certSha256: string;
  /** That certificate's subject, unescaped. */
  readonly subject: string;
  /** Its issuer, unescaped. */
  readonly issuer: string;
  /** The end of its validity, ISO 8601. */
  readonly notAfter: string;
  /** When it was pinned, ISO 8601. */
  readonly since: string;
  /** The keys before it, latest first. */
  readonly previous: readonly FormerKey[];
}

const VERSION = 1;
/** More former keys than this are forgotten. */
const MAX_PREVIOUS = 10;
/** Longer names than this are cut: they are for people only. */
const MAX_NAME = 1000;
const MAX_DATE_MS = 253_402_300_799_999;

const SHA256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const TIME = v.pipe(v.string(), v.isoTimestamp());
const RECORD = strictObject({
  version: v.literal(VERSION),
  host: v.string(),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
  spkiSha256: SHA256,
  certSha256: SHA256,
  subject: v.string(),
  issuer: v.string(),
  notAfter: TIME,
  since: TIME,
  replacesChecks: v.boolean(),
  previous: v.pipe(
    v.array(strictObject({ spkiSha256: SHA256, since: TIME, until: TIME })),
    v.maxLength(MAX_PREVIOUS),
  ),
});

/** The text that a pin's name is made of. */
export function pinKey(host: string, port: number): string {
  return `pin ${formatHostPort(host, port)}`;
}

/**
 * Makes the pin of a key that was seen.
 *
 * @param facts The key, and where it was seen.
 * @param how What stands there by now, when it is, and whether the key replaces the certificate checks.
 */
export function newPin(
  facts: PeerKeyFacts,
  how: { readonly former: PinRecord | null; readonly nowMs: number; readonly replacesChecks: boolean },
): PinRecord {
  const { former, nowMs, replacesChecks } = how;
  const since = new Date(nowMs).toISOString();
  const changed = former !== null && former.spkiSha256 !== facts.spkiSha256;
  const replaced = changed ? [{ spkiSha256: former.spkiSha256, since: former.since, until: since }] : [];
  return Object.freeze({
    host: facts.host,
    port: facts.port,
    spkiSha256: facts.spkiSha256,
    certSha256: facts.certSha256,
    subject: facts.subject.slice(0, MAX_NAME),
    issuer: facts.issuer.slice(0, MAX_NAME),
    notAfter: new Date(Math.min(Math.max(facts.validToMs || 0, 0), MAX_DATE_MS)).toISOString(),
    since: former === null || changed ? since : former.since,
    replacesChecks,
    previous: [...replaced, ...former?.previous ?? []].slice(0, MAX_PREVIOUS),
  });
}

/** The text of a pin. */
export function formatPin(pin: PinRecord): string {
  const { host, port, spkiSha256, certSha256, subject, issuer, notAfter, since, replacesChecks, previous } = pin;
  const text: v.InferOutput<typeof RECORD> = {
    version: VERSION,
    host,
    port,
    spkiSha256,
    certSha256,
    subject,
    issuer,
    notAfter,
    since,
    replacesChecks,
    previous: [...previous],
  };
  return `${JSON.stringify(text, null, 2)}\n`;
}

/**
 * Reads a pin.
 *
 * @param text What stands in its file.
 * @returns The pin, or what is wrong with it in words for the operator, unescaped.
 */
export function parsePin(text: string): PinRecord | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
    value = bareJson(value, "a pin");
  } catch {
    return { problem: "it is not JSON of this program" };
  }
  if (isNewer(value)) return { problem: "a newer version of Parley wrote it" };
  const result = v.safeParse(RECORD, value);
  if (!result.success) return { problem: `it is not a pin: ${result.issues[0].message}` };
  const { version: _version, ...pin } = result.output;
  return isCanonical(pin.host) ? Object.freeze(pin) : { problem: "its host is not written as Parley writes it" };
}

function isNewer(value: unknown): boolean {
  const version = typeof value === "object" && value !== null
    ? (value as { readonly version?: unknown }).version
    : null;
  return typeof version === "number" && version > VERSION;
}

function isCanonical(host: string): boolean {
  try {
    return canonicalHost(host).text === host;
  } catch {
    return false;
  }
}
