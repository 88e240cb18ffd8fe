/** One direction of a connection as the redactor sees it: its unfinished line, and what earlier lines say about the next. */
import {
  CUT_RULES,
  FOLDED_HEADER,
  FOLLOW_RULES,
  type FollowRule,
  LITERAL,
  MASK_RULES,
  type MaskRule,
  PEM_BEGIN,
  PEM_END,
  PROMPT,
  REDIS_LENGTH,
} from "./redaction_rules.ts";
import type { ShownText } from "./shown_text.ts";

/** Characters of a line that are kept and judged. */
const MAX_LINE = 4096;
/** The end of an unfinished line that is looked at for a prompt. */
const PROMPT_LENGTH = 160;

const INDENTED = /^[ \t]/v;
const MASK_AND_CUT_RULES: readonly MaskRule[] = Object.freeze([...MASK_RULES, ...CUT_RULES]);

/** One direction. */
export class WireSide {
  /** The unfinished line, as far as it is kept; where the present chunk's part of it begins; whether there was more. */
  #line = "";
  #from = 0;
  #overlong = false;
  #overflowed = false;
  /** The end of the unfinished line; whether it was a prompt that has had its answer. */
  #tail = "";
  #answered = false;
  /** The unfinished line is hidden whole. */
  #hidden = false;
  /** Lines still to come that are hidden whole. */
  #hiddenLines = 0;
  /** It exchanges credentials. */
  #exchange = false;
  /** Between the beginning and the end of a PEM block. */
  #pem = false;
  /** The line before was a header with a secret, which may go on. */
  #header = false;

  /** Whether its unfinished line asks for a secret. */
  get #asks(): boolean {
    return !this.#answered && PROMPT.test(this.#tail);
  }

  /** Begins a chunk: what is kept from earlier ones is not shown again. */
  beginChunk(): void {
    this.#from = this.#line.length;
    this.#overflowed = false;
  }

  /** Adds text without a line break to the unfinished line. */
  extend(text: string): void {
    const room = MAX_LINE - this.#line.length;
    this.#line += text.slice(0, room);
    this.#tail = (this.#tail + text.slice(-PROMPT_LENGTH)).slice(-PROMPT_LENGTH);
    if (text.length > room) this.#overlong = this.#overflowed = true;
  }

  /**
   * Shows what the present chunk holds of the line.
   *
   * @param shown Takes what may be seen.
   * @param how The other direction, and whether the line is finished; the last word of one that is not is hidden.
   */
  show(shown: ShownText, how: { readonly other: WireSide; readonly finished: boolean }): void {
    if (this.#line.length === this.#from && !this.#overflowed) return;
    this.#hidden ||= this.#hiddenLines > 0 || this.#exchange || this.#pem ||
      (this.#header && INDENTED.test(this.#line)) || how.other.#asks;
    if (this.#hidden) return shown.hide();
    const rules = how.finished && !this.#overlong ? MASK_RULES : MASK_AND_CUT_RULES;
    shown.showMasked(this.#line, { from: this.#from, rules });
    if (this.#overflowed) shown.hide();
  }

  /** Ends the line, and remembers what it says about later ones. */
  finish(other: WireSide): void {
    const line = this.#line;
    if (line !== "") {
      if (this.#hiddenLines > 0 && !REDIS_LENGTH.test(line)) this.#hiddenLines--;
      if (this.#hidden && LITERAL.test(line)) this.#hideNext(1);
      if (PEM_END.test(line)) this.#pem = false;
      if (PEM_BEGIN.test(line)) this.#pem = true;
      if (this.#asks) other.#hideNext(1);
      this.#header = FOLDED_HEADER.test(line) || (this.#header && INDENTED.test(line));
      for (const rule of FOLLOW_RULES) if (!this.#answered && rule.pattern.test(line)) this.#follow(rule, other);
      if (other.#asks) other.#answered = true;
    }
    this.#line = this.#tail = "";
    this.#from = 0;
    this.#answered =
      this.#hidden =
      this.#overlong =
      this.#overflowed =
        false;
  }

  #follow(rule: FollowRule, other: WireSide): void {
    const meant = rule.side === "same" ? this : other;
    if (rule.lines !== undefined) meant.#hideNext(rule.lines);
    if (rule.exchange === "ends") meant.#exchange = false;
    // What the other side says in an exchange that it did not begin is a challenge.
    if (rule.exchange === "begins" && !other.#exchange) meant.#exchange = true;
  }

  #hideNext(lines: number): void {
    this.#hiddenLines = Math.max(this.#hiddenLines, lines);
  }
}
