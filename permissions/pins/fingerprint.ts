/** Fingerprints as people read, compare and type them. */

const HEX = /^[0-9a-f]{64}$/;
const GROUP = /.{4}/g;

/**
 * Reads a SHA-256 fingerprint that somebody typed or pasted.
 *
 * @param text 64 hexadecimal digits in any case, with blanks or colons between them, `sha256:` before them or not.
 * @returns The digits in lower case without anything between them; null for any other text.
 */
export function readFingerprint(text: string): string | null {
  if (text.length > 256) return null;
  const digits = text.trim().toLowerCase().replace(/^sha-?256[:=]/u, "").replace(/[\s:]/gu, "");
  return HEX.test(digits) ? digits : null;
}

/**
 * A fingerprint in groups of four digits, to be compared by eye.
 *
 * @param sha256 64 hexadecimal digits.
 * @param perLine Groups on a line; all on one by default.
 */
export function fingerprintLines(sha256: string, perLine = 16): string[] {
  const groups = sha256.match(GROUP) ?? [];
  const lines: string[] = [];
  for (let at = 0; at < groups.length; at += perLine) lines.push(groups.slice(at, at + perLine).join(" "));
  return lines;
}
