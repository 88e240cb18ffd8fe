/** Punycode decoding (RFC 3492) of one label, bounded: what an `xn--` label stands for. Encoding is the URL parser's. */

const BASE = 36;
const T_MIN = 1;
const T_MAX = 26;
const SKEW = 38;
const DAMP = 700;
const INITIAL_BIAS = 72;
const INITIAL_N = 0x80;
const MAX_ENCODED = 59;
const MAX_CODE_POINT = 0x10ffff;
/** Far beyond any delta of 59 digits that ends in a code point, and safe to multiply by 36. */
const MAX_DELTA = 2 ** 31;

/**
 * Decodes the part of a label behind `xn--`.
 *
 * @param encoded Lower-case ASCII letters, digits and hyphens.
 * @returns The decoded label, or null when it is longer than 59 characters, is not valid Punycode, or stands for ASCII only.
 */
export function decodePunycode(encoded: string): string | null {
  if (encoded.length > MAX_ENCODED || !/^[a-z0-9-]+$/.test(encoded)) return null;
  const hyphen = encoded.lastIndexOf("-");
  const output = Array.from(encoded.slice(0, Math.max(0, hyphen)), (character) => character.charCodeAt(0));
  let position = hyphen + 1;
  if (position >= encoded.length) return null;
  let codePoint = INITIAL_N;
  let index = 0;
  let bias = INITIAL_BIAS;
  for (let first = true; position < encoded.length; first = false) {
    const read = readDelta(encoded, { position, bias });
    if (read === null) return null;
    position = read.position;
    const length = output.length + 1;
    bias = adapt(read.delta, { length, first });
    index += read.delta;
    codePoint += Math.floor(index / length);
    index %= length;
    if (codePoint > MAX_CODE_POINT || (codePoint >= 0xd800 && codePoint <= 0xdfff)) return null;
    output.splice(index, 0, codePoint);
    index++;
  }
  return String.fromCodePoint(...output);
}

/** RFC 3492 section 6.2: one generalized variable-length integer. */
function readDelta(
  encoded: string,
  from: { readonly position: number; readonly bias: number },
): { readonly delta: number; readonly position: number } | null {
  let delta = 0;
  let weight = 1;
  for (let position = from.position, k = BASE; position < encoded.length; position++, k += BASE) {
    const digit = digitOf(encoded.charCodeAt(position));
    if (digit === null) return null;
    delta += digit * weight;
    if (delta > MAX_DELTA) return null;
    const threshold = Math.min(T_MAX, Math.max(T_MIN, k - from.bias));
    if (digit < threshold) return { delta, position: position + 1 };
    weight *= BASE - threshold;
    if (weight > MAX_DELTA) return null;
  }
  return null;
}

/** RFC 3492 section 6.1: bias adaptation. */
function adapt(delta: number, at: { readonly length: number; readonly first: boolean }): number {
  let rest = Math.floor(delta / (at.first ? DAMP : 2));
  rest += Math.floor(rest / at.length);
  let k = 0;
  for (; rest > ((BASE - T_MIN) * T_MAX) / 2; k += BASE) rest = Math.floor(rest / (BASE - T_MIN));
  return k + Math.floor(((BASE - T_MIN + 1) * rest) / (rest + SKEW));
}

function digitOf(code: number): number | null {
  if (code >= 0x61 && code <= 0x7a) return code - 0x61;
  if (code >= 0x30 && code <= 0x39) return code - 0x30 + 26;
  return null;
}
