/** How wide text is on a terminal, and how it is broken into lines. The text is already escaped. */

const NO_WIDTH = /^[\p{Mn}\p{Me}]$/u;
/** East Asian wide and full-width characters, and emoji, take two columns. */
const TWO_COLUMNS =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\p{Emoji_Presentation}]$/u;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const NOT_ASCII = /[^\x20-\x7e]/gu;

/**
 * The number of columns that text takes.
 *
 * @param text Escaped text without line ends.
 */
export function columnsOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let columns = 0;
  for (const character of text) columns += columnsOfCharacter(character);
  return columns;
}

/**
 * Breaks text into lines, at spaces where it can. A word that is wider than a line is broken anywhere; nothing is left out.
 *
 * @param text Escaped text without line ends.
 * @param columns The width of a line, at least 2.
 * @returns At least one line, none wider than `columns`.
 */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const word of text.split(" ")) {
    const width = columnsOf(word);
    if (line !== "" && used + 1 + width <= columns) {
      line += ` ${word}`;
      used += 1 + width;
      continue;
    }
    if (line !== "") lines.push(line);
    const pieces = breakWord(word, columns);
    line = pieces.pop() ?? "";
    used = columnsOf(line);
    for (const piece of pieces) lines.push(piece);
  }
  lines.push(line);
  return lines;
}

/**
 * Shows what is not ASCII as `\u{…}`, for terminals that cannot print it.
 *
 * @param text Escaped text without line ends.
 */
export function asciiOnly(text: string): string {
  return text.replace(NOT_ASCII, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The word in pieces of at most `columns`; what has no width stays with what stands before it. */
function breakWord(word: string, columns: number): string[] {
  if (columnsOf(word) <= columns) return [word];
  const pieces: string[] = [];
  let piece = "";
  let used = 0;
  for (const character of word) {
    const width = columnsOfCharacter(character);
    if (used + width > columns && piece !== "") {
      pieces.push(piece);
      piece = "";
      used = 0;
    }
    piece += character;
    used += width;
  }
  pieces.push(piece);
  return pieces;
}

function columnsOfCharacter(character: string): number {
  if (NO_WIDTH.test(character)) return 0;
  return TWO_COLUMNS.test(character) ? 2 : 1;
}
