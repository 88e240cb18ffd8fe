/** Text in a line of the audit log: ASCII, and cut where it would not fit, with its hash kept. */
import type { Digest } from "./append_log_port.ts";

/** A text that was too long: its two ends, and what tells it from others. */
export interface CutText {
  /** Its beginning and its end, `...` between them. */
  readonly cut: string;
  /** SHA-256 of all of it. */
  readonly sha256: string;
  /** Its length in UTF-16 code units. */
  readonly length: number;
}

/** A text as a line holds it. */
export type LoggedText = string | CutText;

const BEYOND_ASCII = /[\u007f-\uffff]/g;
const GAP = "...";

/** JSON whose text is ASCII: nothing in it can act on a terminal, and no character is cut by the end of a write. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    BEYOND_ASCII,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Cuts a text in the middle where its JSON would be too long.
 *
 * @param text The text.
 * @param limit Characters that its JSON may take.
 * @param digest For what is cut.
 */
export function loggedText(text: string, limit: number, digest: Digest): LoggedText {
  // Each unit takes one character at least, and six at most.
  if (text.length * 6 <= limit || (text.length <= limit && asciiJson(text).length - 2 <= limit)) return text;
  const room = Math.floor(limit / 2);
  const head = unitsWithin(text, { room, from: 0, step: 1 });
  const tail = unitsWithin(text, { room, from: text.length - 1, step: -1 });
  const cut = text.slice(0, head) + GAP + text.slice(text.length - tail);
  return { cut, sha256: digest.sha256(text), length: text.length };
}

/** Whether a text is the one that a line holds. */
export function isLoggedAs(text: string, logged: LoggedText, digest: Digest): boolean {
  if (typeof logged === "string") return text === logged;
  return text.length === logged.length && digest.sha256(text) === logged.sha256;
}

/** What there is of a text, to be shown. Not escaped. */
export function shownText(logged: LoggedText): string {
  return typeof logged === "string" ? logged : logged.cut;
}

function unitsWithin(
  text: string,
  { room, from, step }: { readonly room: number; readonly from: number; readonly step: 1 | -1 },
): number {
  let units = 0;
  for (let left = room; units < text.length; units++) {
    const unit = text.charCodeAt(from + units * step);
    left -= unit < 0x20 || unit > 0x7e ? 6 : unit === 0x22 || unit === 0x5c ? 2 : 1;
    if (left < 0) break;
  }
  return units;
}
