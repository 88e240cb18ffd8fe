/**
 * The one escaper (CON-11): every string that Parley prints to a terminal, log, page or notification passes it.
 *
 * What would move a cursor, reorder, hide or pile up text becomes visible as `\u{…}`; nothing is removed, so that what
 * is shown differs exactly where what is meant differs.
 */
/** How text is escaped. */
export interface EscapeOptions {
  /**
   * Code points of output shown, `Infinity` for no limit. What is longer is cut in the middle, and the note put there
   * states the full length. Default 400 for text, no limit for bytes.
   */
  readonly maxLength?: number;
  /** `keep` prints a line feed as it is, and a CR LF as a line feed. Default `escape`. */
  readonly newlines?: "escape" | "keep";
}

const { hasOwn } = Object;

const DEFAULT_MAX = 400;
const MAX_MARKS = 3;
/** Added to a byte that is no UTF-8, so that it stands among code points without being one. */
const INVALID_BYTE = 0x110000;
const LF = 0x0a;
const CR = 0x0d;
const BACKSLASH = 0x5c;

/** All of `\p{C}`: controls, format characters, lone surrogates, private use, unassigned; and what else hides or reorders. */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/v;
const MARK = /[\p{Mn}\p{Me}]/v;
const SHELL_SAFE = /^(?!=)[A-Za-z0-9_@%+=:,.\/-]+$/;
const MARKUP: ReadonlyMap<string, string> = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["'", "&#39;"],
]);

/**
 * Makes text safe to print.
 *
 * Controls, lone surrogates, bidirectional controls, default-ignorable, format, private-use and unassigned characters,
 * line and paragraph separators, and combining marks without a base or beyond three on one become `\u{…}`. A backslash
 * stays, but where `u{` follows it becomes `\u{5c}`, so that no two texts look the same.
 *
 * @param text The text.
 * @param options How much is shown, and whether line feeds stay.
 * @returns Text without any such character.
 * @throws {RangeError} When `maxLength` is not a positive number.
 */
export function escapeText(text: string, options: EscapeOptions = {}): string {
  const { maxLength, keepNewlines } = readOptions(options, DEFAULT_MAX);
  const how = { keepNewlines, isBytes: false };
  // A text this long is cut whatever it holds; then only its two ends are looked at.
  const end = maxLength + 2;
  if (text.length > 2 * end) {
    const head = escapePoints(codePoints(text.slice(0, end)), how);
    const tail = escapePoints(codePoints(text.slice(-end)), how);
    return cut(head, tail, { maxLength, all: `${countCodePoints(text)} characters` });
  }
  const points = codePoints(text);
  const tokens = escapePoints(points, how);
  if (shownLength(tokens) <= maxLength) return tokens.join("");
  return cut(tokens, tokens, { maxLength, all: `${points.length} characters` });
}

/**
 * Makes bytes from the other side safe to print. They are read as UTF-8; each byte that is not becomes `\x…`.
 *
 * @param bytes The bytes. A character that is cut at the end shows as single bytes; see {@linkcode heldBack}.
 * @param options How much is shown, by default all, and whether line feeds stay.
 * @returns Text as {@linkcode escapeText} makes it; a backslash before `x` becomes `\u{5c}` too.
 * @throws {RangeError} When `maxLength` is not a positive number.
 */
export function escapeBytes(bytes: Uint8Array, options: EscapeOptions = {}): string {
  const { maxLength, keepNewlines } = readOptions(options, Infinity);
  const tokens = escapePoints(decodeLenient(bytes), { keepNewlines, isBytes: true });
  if (shownLength(tokens) <= maxLength) return tokens.join("");
  return cut(tokens, tokens, { maxLength, all: `${bytes.length} bytes` });
}

/**
 * How many bytes at the end of a chunk to keep for the next one, so that a character or line end cut by it shows whole.
 *
 * @param bytes A chunk of a longer stream.
 * @returns 0 to 3.
 */
export function heldBack(bytes: Uint8Array): number {
  if (bytes.at(-1) === CR) return 1;
  for (let count = 1; count <= 3 && count <= bytes.length; count++) {
    const byte = bytes.at(-count) ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    return followers(byte) >= count ? count : 0;
  }
  return 0;
}

/**
 * Escapes text for a notification body, where `<b>` and `&amp;` have a meaning.
 *
 * @param text The text; it goes through {@linkcode escapeText} first.
 * @param options As for that.
 */
export function escapeMarkup(text: string, options: EscapeOptions = {}): string {
  return escapeText(text, options).replace(/[&<>"']/g, (character) => MARKUP.get(character) ?? character);
}

/**
 * Quotes one argument of a command that is offered for copying, for POSIX shells.
 *
 * @param text The argument; only canonical values belong here, and the whole command goes through {@linkcode escapeText}.
 * @returns The text itself where no shell gives it a meaning, else in single quotes.
 */
export function shellQuote(text: string): string {
  return SHELL_SAFE.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

function readOptions(options: EscapeOptions, defaultMax: number): { maxLength: number; keepNewlines: boolean } {
  const maxLength = hasOwn(options, "maxLength") ? options.maxLength ?? defaultMax : defaultMax;
  if (!(maxLength >= 1)) throw new RangeError(`Cannot escape text: maxLength ${maxLength} is not a positive number`);
  return { maxLength, keepNewlines: hasOwn(options, "newlines") && options.newlines === "keep" };
}

/** One string for each code point shown: itself or its escape. */
function escapePoints(points: readonly number[], how: { keepNewlines: boolean; isBytes: boolean }): string[] {
  const tokens: string[] = [];
  // Marks on the base before; at the limit where there is no base.
  let marks = MAX_MARKS;
  for (let index = 0; index < points.length; index++) {
    let point = points[index] ?? 0;
    if (how.keepNewlines && point === CR && points[index + 1] === LF) {
      point = LF;
      index++;
    }
    const isMark = point >= 0x300 && point < INVALID_BYTE && MARK.test(String.fromCodePoint(point));
    const lineEnd = how.keepNewlines && point === LF;
    const plain = lineEnd || (isPlain(points, index, how.isBytes) && (!isMark || marks < MAX_MARKS));
    tokens.push(plain ? String.fromCodePoint(point) : escapePoint(point));
    if (isMark) marks++;
    else marks = plain && !lineEnd ? 0 : MAX_MARKS;
  }
  return tokens;
}

function isPlain(points: readonly number[], index: number, isBytes: boolean): boolean {
  const point = points[index] ?? 0;
  if (point === BACKSLASH) {
    const next = points[index + 1];
    return !(next === 0x75 && points[index + 2] === 0x7b) && !(isBytes && next === 0x78);
  }
  if (point >= 0x20 && point <= 0x7e) return true;
  return point < INVALID_BYTE && !HIDDEN.test(String.fromCodePoint(point));
}

function escapePoint(point: number): string {
  if (point >= INVALID_BYTE) return `\\x${(point - INVALID_BYTE).toString(16).padStart(2, "0")}`;
  return `\\u{${point.toString(16)}}`;
}

/** The code points a token shows: an escape is ASCII, everything else is one. */
function tokenLength(token: string): number {
  return token.length > 2 ? token.length : 1;
}

function shownLength(tokens: readonly string[]): number {
  return tokens.reduce((sum, token) => sum + tokenLength(token), 0);
}

function cut(
  head: readonly string[],
  tail: readonly string[],
  to: { readonly maxLength: number; readonly all: string },
): string {
  let start = 0;
  for (let room = Math.floor(to.maxLength / 2); start < head.length; start++) {
    room -= tokenLength(head[start] ?? "");
    if (room < 0) break;
  }
  let end = tail.length;
  for (let room = Math.floor(to.maxLength / 2); end > 0; end--) {
    room -= tokenLength(tail[end - 1] ?? "");
    if (room < 0) break;
  }
  // A mark that has lost its base to the cut would change the note.
  while (end < tail.length && MARK.test(tail[end] ?? "")) end++;
  return `${head.slice(0, start).join("")} ...[${to.all} in all]... ${tail.slice(end).join("")}`;
}

function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0) ?? 0);
}

function countCodePoints(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length - 1; index++) {
    if ((text.codePointAt(index) ?? 0) <= 0xffff) continue;
    count--;
    index++;
  }
  return count;
}

/** UTF-8 after the Encoding Standard, but bytes that are not stay, marked. */
function decodeLenient(bytes: Uint8Array): number[] {
  const points: number[] = [];
  for (let index = 0; index < bytes.length;) {
    const byte = bytes[index] ?? 0;
    const point = byte < 0x80 ? byte : decodePoint(bytes, index);
    points.push(point ?? INVALID_BYTE + byte);
    index += point === null || byte < 0x80 ? 1 : 1 + followers(byte);
  }
  return points;
}

function decodePoint(bytes: Uint8Array, start: number): number | null {
  const lead = bytes[start] ?? 0;
  const count = followers(lead);
  if (count === 0) return null;
  let point = lead & (0x3f >> count);
  for (let index = start + 1; index <= start + count; index++) {
    const byte = bytes[index] ?? 0;
    if ((byte & 0xc0) !== 0x80) return null;
    point = point << 6 | byte & 0x3f;
  }
  const least = count === 1 ? 0x80 : count === 2 ? 0x800 : 0x10000;
  return point < least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? null : point;
}

/** How many bytes follow a leading byte; 0 where it cannot lead. */
function followers(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 1;
  if (lead >= 0xe0 && lead <= 0xef) return 2;
  return lead >= 0xf0 && lead <= 0xf4 ? 3 : 0;
}
