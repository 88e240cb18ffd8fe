/** Bytes as hexadecimal text, as it is typed and shown. */

/** Pairs of digits; between two of them blanks, tabs or one colon, as other tools print bytes. */
const PAIRS = /^[ \t]*(?:[0-9a-fA-F]{2}(?::(?=[0-9a-fA-F])|[ \t]*))*$/;

/**
 * Reads bytes.
 *
 * @param text Such as `40000001`, `40 00 00 01` or `02:42:ac:11:00:02`.
 * @returns The bytes, or null when the text is not of that form.
 */
export function bytesOfHex(text: string): Uint8Array<ArrayBuffer> | null {
  if (!PAIRS.test(text)) return null;
  const digits = text.replace(/[ \t:]+/g, "");
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

/** Writes bytes: two lower-case digits each, nothing in between. */
export function hexOfBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
