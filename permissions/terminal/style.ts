/** How the prompt looks on a given terminal: width, colour or none, and which characters it can print. */
import { asciiOnly, columnsOf, wrapText } from "./text_layout.ts";

/** What is known about the terminal from the environment. Undefined where it is not set or not visible. */
export interface TerminalFacts {
  /** `NO_COLOR`: no colour when set to anything but the empty string. */
  readonly noColor: string | undefined;
  /** `TERM`: neither colour nor line drawing when unset or `dumb`, and no columns when `dumb`. */
  readonly term: string | undefined;
  /** `PARLEY_PROMPT`: `plain` for sentences without columns and lines, as screen readers like them. */
  readonly prompt?: string | undefined;
  /** `LC_ALL`, else `LC_CTYPE`, else `LANG`: ASCII only when it does not name UTF-8. */
  readonly locale: string | undefined;
}

/** How to draw. */
export interface PromptStyle {
  /** Whether colours are used. They never carry meaning alone. */
  readonly color: boolean;
  /** Whether only ASCII is printed. */
  readonly ascii: boolean;
  /** Whether it is read out or printed line by line: sentences, no columns, no drawn lines. */
  readonly plain: boolean;
}

/** What a piece of text is, which decides its colour. */
export type Tone = "heading" | "label" | "key" | "warning" | "good" | "plain";

const SGR: ReadonlyMap<Tone, string> = new Map<Tone, string>([
  ["heading", "1"],
  ["label", "2"],
  ["key", "1"],
  ["warning", "1;33"],
  ["good", "1;32"],
]);
const UTF8 = /utf-?8/i;
/** Narrower terminals wrap by themselves. */
const MIN_COLUMNS = 19;
const MAX_COLUMNS = 92;
/** From here on labels stand beside their texts, and keys beside their meaning. */
const BESIDE_COLUMNS = 56;
const KEYS_BESIDE_COLUMNS = 36;
/** The mark behind what is asked, and a little to type. */
const ASK_ROOM = 5;

/**
 * Chooses the style for a terminal.
 *
 * @param facts What the environment says.
 */
export function styleFor(facts: TerminalFacts): PromptStyle {
  const dumb = facts.term === undefined || facts.term === "" || facts.term === "dumb";
  const noColor = facts.noColor !== undefined && facts.noColor !== "";
  const utf8 = facts.locale !== undefined && UTF8.test(facts.locale);
  const plain = facts.term === "dumb" || facts.prompt === "plain";
  return Object.freeze({ color: !dumb && !plain && !noColor, ascii: dumb || !utf8, plain });
}

/** The width that is drawn in: one column is left free at the edge, and long lines are hard to read. */
export function drawingColumns(columns: number): number {
  const known = columns > 0 && columns < Infinity ? Math.floor(columns) : 80;
  return Math.min(Math.max(known - 1, MIN_COLUMNS), MAX_COLUMNS);
}

/** Draws the parts that a prompt consists of, in one style and width. Every method returns whole lines. */
export class Pen {
  /** The width in columns. */
  readonly columns: number;
  readonly #style: PromptStyle;
  readonly #labelColumns: number;

  /**
   * @param style Colour and characters.
   * @param columns The terminal's width.
   */
  constructor(style: PromptStyle, columns: number) {
    this.#style = style;
    this.columns = drawingColumns(columns);
    // On a narrow terminal labels stand above their text instead of beside it.
    this.#labelColumns = this.columns >= BESIDE_COLUMNS ? 12 : 0;
  }

  /** A line across the screen with a title in it. */
  rule(title: string): string[] {
    const text = this.text(title);
    if (this.#style.plain) return wrapText(`${text}.`, this.columns);
    const dash = this.either("─", "-");
    const head = `${dash}${dash} ${text} `;
    const rest = this.columns - columnsOf(head);
    if (rest < 0) return wrapText(text, this.columns).map((line) => this.paint(line, "heading"));
    const shown = this.paint(head.trimEnd(), "heading");
    return [rest === 0 ? shown : `${shown} ${this.paint(dash.repeat(rest), "label")}`];
  }

  /** Text over the whole width, indented. */
  paragraph(text: string, tone: Tone = "plain"): string[] {
    const indent = this.#style.plain ? "" : "  ";
    const lines = wrapText(this.text(text), this.columns - indent.length);
    return lines.map((line) => `${indent}${this.paint(line, tone)}`);
  }

  /** A label with its texts: each begins on a line of its own, beside the label or below it; or all of it is a sentence. */
  row(label: string, texts: readonly string[], tone: Tone = "plain"): string[] {
    if (this.#style.plain) return this.paragraph(`${label}: ${sentences(texts)}`);
    const indent = 2 + (this.#labelColumns === 0 ? 2 : this.#labelColumns);
    const lines = texts.flatMap((text) => wrapText(this.text(text), this.columns - indent));
    const below = lines.map((line, index) => {
      const shown = this.paint(line, index === 0 ? tone : "plain");
      return index === 0 && this.#labelColumns > 0 ? shown : " ".repeat(indent) + shown;
    });
    const labelTone: Tone = tone === "warning" || tone === "key" ? tone : "label";
    const name = this.paint(this.text(label), labelTone);
    if (this.#labelColumns === 0) return [`  ${name}`, ...below];
    const gap = " ".repeat(Math.max(1, this.#labelColumns - columnsOf(this.text(label))));
    return [`  ${name}${gap}${below[0] ?? ""}`, ...below.slice(1)];
  }

  /** Keys with what they mean, in two columns; below each other where that is too narrow. */
  choices(pairs: readonly (readonly [key: string, meaning: string])[]): string[] {
    if (this.#style.plain) return pairs.flatMap(([key, meaning]) => this.paragraph(`${key} ${meaning}.`));
    if (this.columns < KEYS_BESIDE_COLUMNS) return pairs.flatMap(([key, meaning]) => this.row(key, [meaning], "key"));
    const indent = 4 + Math.max(...pairs.map(([key]) => columnsOf(key)));
    return pairs.flatMap(([key, meaning]) => {
      const gap = " ".repeat(indent - 2 - columnsOf(key));
      return wrapText(this.text(meaning), this.columns - indent).map((line, index) =>
        index === 0 ? `  ${this.paint(key, "key")}${gap}${line}` : " ".repeat(indent) + line
      );
    });
  }

  /** A command to be copied. It is never broken: where it is too long for a line, the terminal wraps it. */
  command(label: string, command: string): string[] {
    const line = `${label} ${command}`;
    const indent = this.#style.plain ? "" : "  ";
    if (columnsOf(line) <= this.columns - indent.length) return [indent + this.paint(line, "label")];
    return [indent + this.paint(label, "label"), indent + this.paint(command, "label")];
  }

  /** A remark between questions, not indented. */
  remark(text: string, tone: Tone): string[] {
    return wrapText(this.text(text), this.columns).map((line) => this.paint(line, tone));
  }

  /** Where is typed, with room for a few letters: on one line where it fits, else each text on its own. The cursor stays behind it. */
  ask(texts: readonly string[], tone: Tone): string {
    const indent = this.#style.plain ? "" : "  ";
    const columns = Math.max(8, this.columns - indent.length - ASK_ROOM);
    const shown = texts.map((text) => this.text(text));
    const whole = shown.join(" ");
    const lines = columnsOf(whole) <= columns ? [whole] : shown.flatMap((text) => wrapText(text, columns));
    return `${lines.map((line) => indent + this.paint(line, tone)).join("\n")} ${this.either("›", ">")} `;
  }

  /** Text in a tone. */
  paint(text: string, tone: Tone): string {
    const code = this.#style.color && text !== "" ? SGR.get(tone) : undefined;
    return code === undefined ? text : `\x1b[${code}m${text}\x1b[0m`;
  }

  /** Text as this terminal can print it. */
  text(text: string): string {
    return this.#style.ascii ? asciiOnly(text) : text;
  }

  /** One of two spellings, by what the terminal can print. */
  either(unicode: string, ascii: string): string {
    return this.#style.ascii || this.#style.plain ? ascii : unicode;
  }
}

/** Texts one after the other, as they are read out. */
function sentences(texts: readonly string[]): string {
  const last = texts.length - 1;
  return texts.map((text, index) => index === last || /[.,:]$/.test(text) ? text : `${text},`).join(" ");
}
