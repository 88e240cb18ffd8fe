/** What a typed line says where a key is not enough: the word, or the far end's fingerprint, and how long the yes holds. */
import { readFingerprint } from "../pins/fingerprint.ts";
import type { Lifetime } from "../prompter.ts";

/** A fingerprint has this many hexadecimal digits; a shorter text is none. */
const DIGITS = 64;

/** What may be typed. */
export interface Expected {
  /** The random word. */
  readonly word: string;
  /** SHA-256 of the key that the question is about, lower-case hex; or null. */
  readonly fingerprint: string | null;
}

/**
 * Reads a line.
 *
 * @param typed What was typed, in lower case, with single blanks.
 * @param expected What counts.
 * @returns How long the yes holds; `wrong-fingerprint` for the fingerprint of another key; null for anything else.
 */
export function typedLifetime(typed: string, { word, fingerprint }: Expected): Lifetime | "wrong-fingerprint" | null {
  if (typed === word) return "once";
  if (typed === `${word} r`) return "run";
  if (typed === `${word} a`) return "always";
  if (fingerprint === null || typed.length < DIGITS) return null;
  const whole = readFingerprint(typed);
  // `a` is a digit, too: it is read as the key only where the digits are complete without it.
  const before = typed.endsWith(" a") ? readFingerprint(typed.slice(0, -2)) : null;
  const digits = whole ?? before;
  if (digits === null) return null;
  if (digits !== fingerprint) return "wrong-fingerprint";
  return whole === null ? "always" : "once";
}
