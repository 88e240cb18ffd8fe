/**
 * Whether a name can be taken for another one (CON-11). Coarse on purpose: it decides only whether a key is enough or the
 * word is needed, so it need not know every pair of letters, but must not bother whoever writes their own language.
 *
 * A label with letters beyond ASCII is unsuspicious when all of them are of one script and either some of them look
 * like nothing Latin, or the script has no letters that do; or when they are Latin with marks that are seen at a glance.
 */
import { unicodeForm } from "../core/host.ts";

/** Cyrillic and Greek letters, in lower case as names have them, that look Latin, or nearly. */
const CYRILLIC_LIKE_LATIN = new Set("абвгеорстухсмнкпіїјѕһԁԛԝӏѵґҽԍзьһҫүҳъ");
const GREEK_LIKE_LATIN = new Set("αβγεηικνορτυχωϲϳάέήίόύώϊϋΐΰ");

/** Scripts whose letters nobody takes for Latin ones. They may stand together, as in Japanese and Korean. */
const UNLIKE_LATIN =
  /^[\p{Script_Extensions=Han}\p{Script_Extensions=Hiragana}\p{Script_Extensions=Katakana}\p{Script_Extensions=Hangul}\p{Script_Extensions=Bopomofo}]+$|^\p{Script_Extensions=Arabic}+$|^\p{Script_Extensions=Hebrew}+$|^\p{Script_Extensions=Thai}+$|^\p{Script_Extensions=Devanagari}+$|^\p{Script_Extensions=Bengali}+$|^\p{Script_Extensions=Tamil}+$|^\p{Script_Extensions=Georgian}+$/u;
const CYRILLIC = /^\p{Script_Extensions=Cyrillic}+$/u;
const GREEK = /^\p{Script_Extensions=Greek}+$/u;
const ASCII_LETTERS_AND_REST = /[a-z0-9-]/g;
/** Digits and hyphens belong to every script. */
const COMMON = /[0-9-]/g;
/** Grave, acute, circumflex, tilde, macron, breve, dot above, diaeresis, ring, double acute, caron, cedilla, ogonek. */
const PLAIN_MARKED = /^[a-z][\u0300-\u0304\u0306-\u0308\u030a-\u030c\u0327\u0328]?$/u;
const PLAIN_LATIN = new Set("ßæœøþð");

/**
 * Whether a host's name has a label that can be taken for another.
 *
 * @param host A canonical host's text.
 */
export function isLookAlike(host: string): boolean {
  if (!host.includes("xn--")) return false;
  const unicode = unicodeForm(host);
  return unicode === null || unicode.split(".").some(isSuspicious);
}

function isSuspicious(label: string): boolean {
  const foreign = [...label.normalize("NFC").replace(ASCII_LETTERS_AND_REST, "")];
  if (foreign.length === 0) return false;
  if (foreign.every(isPlainLatin)) return false;
  const letters = label.normalize("NFC").replace(COMMON, "");
  if (UNLIKE_LATIN.test(letters)) return false;
  if (CYRILLIC.test(letters)) return [...letters].every((letter) => CYRILLIC_LIKE_LATIN.has(letter));
  if (GREEK.test(letters)) return [...letters].every((letter) => GREEK_LIKE_LATIN.has(letter));
  // Letters of several scripts, or of one that is not known here.
  return true;
}

function isPlainLatin(letter: string): boolean {
  return PLAIN_LATIN.has(letter) || PLAIN_MARKED.test(letter.normalize("NFD"));
}
