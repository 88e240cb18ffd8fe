/** The text of a chunk that may be shown: pieces with gaps where something is hidden, up to a limit. */
import type { MaskRule } from "./redaction_rules.ts";

/** Text that may be shown, not yet escaped; null where something was hidden. */
export type Piece = string | null;

/** Collects pieces. */
export class ShownText {
  /** What was collected; text and gaps alternate. */
  readonly pieces: Piece[] = [];
  #room: number;
  #cut = false;

  /** @param mostBytes How much text is collected at most, in bytes as UTF-8. */
  constructor(mostBytes: number) {
    this.#room = mostBytes;
  }

  /** Whether nothing more is collected. */
  get full(): boolean {
    return this.#room <= 0;
  }

  /** Whether there was more than room for it. */
  get cut(): boolean {
    return this.#cut;
  }

  /** Adds a gap. */
  hide(): void {
    if (this.full) this.#cut = true;
    else if (this.pieces.at(-1) !== null) this.pieces.push(null);
  }

  /** Adds text, as far as there is room. */
  show(text: string): void {
    let length = 0;
    for (const character of text) {
      this.#room -= utf8Length(character);
      if (this.#room < 0) break;
      length += character.length;
    }
    this.#cut ||= length < text.length;
    if (length === 0) return;
    const last = this.pieces.at(-1);
    const added = text.slice(0, length);
    if (typeof last === "string") this.pieces[this.pieces.length - 1] = last + added;
    else this.pieces.push(added);
  }

  /**
   * Adds a line without what the rules hide.
   *
   * @param line The line, with what was added before.
   * @param how Where the new part of it begins, and which rules to apply to the whole.
   */
  showMasked(line: string, how: { readonly from: number; readonly rules: readonly MaskRule[] }): void {
    this.#cut ||= this.full;
    if (this.full) return;
    let at = how.from;
    for (const [start, end] of maskedSpans(line, how.rules)) {
      if (end <= at) continue;
      if (start > at) this.show(line.slice(at, start));
      this.hide();
      at = end;
    }
    this.show(line.slice(at));
  }
}

/** What the rules hide of a line, in order; spans may overlap. */
function maskedSpans(line: string, rules: readonly MaskRule[]): (readonly [number, number])[] {
  const spans: (readonly [number, number])[] = [];
  for (const { pattern } of rules) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(line); match !== null; match = pattern.exec(line)) {
      for (const span of match.indices?.slice(1) ?? []) {
        if (span !== undefined && span[0] < span[1]) spans.push(span);
      }
      if (match[0] === "") pattern.lastIndex++;
    }
  }
  return spans.sort((a, b) => a[0] - b[0]);
}

function utf8Length(character: string): number {
  const point = character.codePointAt(0) ?? 0;
  if (point < 0x80) return 1;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}
