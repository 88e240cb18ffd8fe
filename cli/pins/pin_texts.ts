/** Pinned keys in words, for the list and for one alone. Nothing is cut off. */
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import { fingerprintLines } from "../../permissions/pins/fingerprint.ts";
import type { PeerKeyFacts } from "../../permissions/pins/peer_key_facts.ts";
import type { BrokenPin, StoredPin } from "../../permissions/pins/pin_store.ts";
import { wrapText } from "../../permissions/terminal/text_layout.ts";
import type { Paint } from "../paint.ts";

/** How text is drawn. */
export interface PinTextOptions {
  /** Width in columns. */
  readonly columns: number;
  /** Colours. */
  readonly paint: Paint;
}

const INDENT = "  ";
/** Four groups fit the narrowest terminal, eight an ordinary one. */
const WIDE = 48;

/** Every pin, and what is not valid. */
export function pinsText(
  { pins, broken }: { readonly pins: readonly StoredPin[]; readonly broken: readonly BrokenPin[] },
  options: PinTextOptions,
): string[] {
  if (pins.length + broken.length === 0) return ["No key is pinned."];
  const lines = pins.flatMap((pin, index) => [...index === 0 ? [] : [""], ...pinText(pin, options)]);
  if (broken.length === 0) return lines;
  const { paint } = options;
  const heading = wrapped("Not valid, so that no key is taken for what they are about:", options, "");
  const rows = broken.flatMap(({ name, problem }) => wrapped(`${name.slice(0, 12)} ${escapeText(problem)}`, options));
  return [...lines, ...lines.length === 0 ? [] : [""], ...heading.map((line) => paint.bad(line)), ...rows];
}

/** One pin. */
export function pinText(pin: StoredPin, options: PinTextOptions, all = false): string[] {
  const { paint } = options;
  const instead = pin.replacesChecks ? "in place of the certificate checks" : "besides a certificate that is verified";
  const names = all ? [...nameTexts(pin, options), ...formerTexts(pin, options)] : [];
  return [
    paint.strong(escapeText(formatHostPort(pin.host, pin.port))),
    ...keyLines(pin.spkiSha256, options),
    ...wrapped(`${instead}, since ${day(pin.since)}, last met ${day(new Date(pin.lastSeenMs).toISOString())}`, options),
    ...names,
  ];
}

/** What a server shows now, beside what is pinned. */
export function comparedText(facts: PeerKeyFacts, former: StoredPin | null, options: PinTextOptions): string[] {
  const { paint } = options;
  const validity = `valid ${dayOf(facts.validFromMs)} to ${dayOf(facts.validToMs)}`;
  const trust = facts.reason === null ? "verified" : `NOT trusted: ${facts.reason} (${facts.chainError ?? "unknown"})`;
  const was = former === null
    ? ["No key is pinned there."]
    : [`Pinned since ${day(former.since)}:`, ...keyLines(former.spkiSha256, options)];
  return [
    paint.strong(escapeText(formatHostPort(facts.host, facts.port))),
    ...was,
    "Shown now:",
    ...keyLines(facts.spkiSha256, options),
    ...wrapped(`Certificate of ${named(facts.subject)}, by ${named(facts.issuer)}, ${validity}, ${trust}`, options),
  ];
}

function nameTexts({ subject, issuer, notAfter, certSha256 }: StoredPin, options: PinTextOptions): string[] {
  return [
    ...wrapped(`Certificate of ${named(subject)}, by ${named(issuer)}, valid to ${day(notAfter)}, SHA-256`, options),
    ...keyLines(certSha256, options),
  ];
}

function formerTexts({ previous }: StoredPin, options: PinTextOptions): string[] {
  return previous.flatMap(({ spkiSha256, since, until }) => [
    ...wrapped(`Before that, ${day(since)} to ${day(until)}:`, options),
    ...keyLines(spkiSha256, options),
  ]);
}

function keyLines(sha256: string, { columns }: PinTextOptions): string[] {
  return fingerprintLines(sha256, columns < WIDE ? 4 : 8).map((line) => INDENT + line);
}

function wrapped(text: string, { columns }: PinTextOptions, indent = INDENT): string[] {
  return wrapText(text, Math.max(12, columns - 1 - indent.length)).map((line) => indent + line);
}

function named(name: string): string {
  return name === "" ? "no name" : escapeText(name.replaceAll("\n", ", "));
}

function dayOf(ms: number): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? day(new Date(ms).toISOString()) : "an unknown day";
}

function day(iso: string): string {
  return iso.slice(0, 10);
}
