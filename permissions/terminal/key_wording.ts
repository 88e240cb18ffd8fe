/** What the prompt says about a far end's key that nobody vouches for (CON-05). All of it is the far end's own word. */
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import { fingerprintLines } from "../pins/fingerprint.ts";
import type { PeerKeyFacts } from "../pins/peer_key_facts.ts";

/** Longest subject, issuer or list of names shown. `?` shows more. */
const MAX_NAME = 120;
/** Groups of four digits on a line. */
const GROUPS = 8;

const REASONS: ReadonlyMap<PeerKeyFacts["reason"], string> = new Map<PeerKeyFacts["reason"], string>([
  ["untrusted", "Its certificate comes from nobody that this computer trusts."],
  ["name", "Its certificate is for another name."],
  ["expired", "Its certificate is not valid today."],
]);

/** Which far end it is. Escaped. */
export function keyHolderText({ host, port }: PeerKeyFacts): string {
  return escapeText(formatHostPort(host, port), { maxLength: Infinity });
}

/** Why the certificate is not trusted. */
export function keyReasonTexts({ reason, chainError }: PeerKeyFacts): string[] {
  const text = REASONS.get(reason);
  const library = chainError === null
    ? []
    : [`The TLS library says: ${escapeText(chainError, { maxLength: MAX_NAME })}.`];
  return text === undefined ? library : [text, ...library];
}

/** What the certificate says of itself. */
export function certificateTexts(facts: PeerKeyFacts): string[] {
  const { subject, issuer, subjectAltName, validFromMs, validToMs } = facts;
  const own = subject === issuer ? "Signed by itself" : `Signed by ${nameText(issuer)}`;
  const names = subjectAltName === "" ? [] : [`For ${nameText(subjectAltName)}`];
  return [`It calls itself ${nameText(subject)}`, ...names, own, `Valid from ${day(validFromMs)} to ${day(validToMs)}`];
}

/** The fingerprint in groups, to be compared with what the device or its owner says. */
export function fingerprintTexts({ spkiSha256 }: PeerKeyFacts): string[] {
  return fingerprintLines(spkiSha256, GROUPS).map((line) => escapeText(line));
}

/** All of it for the full values, unescaped. */
export function keyValues(facts: PeerKeyFacts): (readonly [name: string, value: string])[] {
  return [
    ["the key's SHA-256 (SPKI)", facts.spkiSha256],
    ["the certificate's SHA-256", facts.certSha256],
    ["the certificate's subject", facts.subject],
    ["the certificate's issuer", facts.issuer],
    ["the certificate's names", facts.subjectAltName],
    ["valid", `${day(facts.validFromMs)} to ${day(facts.validToMs)}`],
    ["what the TLS library says", facts.chainError ?? facts.reason ?? "it is trusted"],
  ];
}

function nameText(name: string): string {
  const oneLine = name.split("\n").filter((part) => part !== "").join(", ");
  return oneLine === "" ? "(no name)" : escapeText(oneLine, { maxLength: MAX_NAME });
}

/** A date in UTC. What is none, or beyond the calendar, says so. */
function day(ms: number): string {
  const date = new Date(ms);
  return Number.isNaN(date.getTime()) ? "an unknown day" : date.toISOString().slice(0, 10);
}
