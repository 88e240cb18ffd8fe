/**
 * What is in use now, shown while it is: in the title of the terminal's window, or as lines. Best effort, and called so: the
 * program shares the terminal and can write over it; `parley sockets` elsewhere shows what is open in truth.
 */
import type { Clock, Timer } from "../../core/clock.ts";
import { escapeText } from "../../core/escape.ts";
import { columnsOf } from "./text_layout.ts";

/** How it is shown. */
export type StatusMode = "title" | "line" | "off";

/** Something that is in use. */
export interface LiveUse {
  /** What it is called where there are several: `connection`, `server`, `socket`. */
  readonly kind: "connection" | "server" | "socket";
  /** Host and port, canonical, unescaped. */
  readonly where: string;
}

/** What a {@linkcode LiveStatus} works with. */
export interface LiveStatusInit {
  /** How it is shown. */
  readonly mode: StatusMode;
  /** Time. */
  readonly clock: Clock;
  /** Shows a title, or with null the one before; see `TerminalBackend.title`. */
  readonly title: (text: string | null) => void;
  /** Tells the operator one line. */
  readonly report: (line: string) => void;
}

/** How long changes are gathered before they are shown, in milliseconds. */
const GATHER_MS = 250;
/** How often lines come at most, in milliseconds. */
const LINE_MS = 2_000;
/** Longest title in columns. */
const MAX_COLUMNS = 80;
/** Longest place in code points. */
const MAX_WHERE = 60;

/**
 * The mode that an operator chose by `PARLEY_STATUS`.
 *
 * @param value The variable's value.
 * @returns `title` when it is none of the modes: a title is in nobody's way, a line between a program's own is.
 */
export function statusMode(value: string | undefined): StatusMode {
  return value === "line" || value === "off" ? value : "title";
}

/**
 * What is in use, in one line: `2 connections (mail.example:25, 10.0.0.7:631)`.
 *
 * @param uses What is in use, newest last.
 * @returns Escaped text, at most 80 columns wide; or null when nothing is in use.
 */
export function liveText(uses: readonly LiveUse[]): string | null {
  if (uses.length === 0) return null;
  const kinds = new Set(uses.map(({ kind }) => kind));
  const [kind = "socket"] = kinds.size === 1 ? kinds : [];
  const head = `${uses.length} ${kind}${uses.length === 1 ? "" : "s"}`;
  const places = [...new Set(uses.map(({ where }) => escapeText(where, { maxLength: MAX_WHERE })))];
  for (let count = places.length; count > 0; count--) {
    const shown = places.slice(-count);
    const text = `${head} (${count < places.length ? ["…", ...shown].join(", ") : shown.join(", ")})`;
    if (columnsOf(text) <= MAX_COLUMNS) return text;
  }
  return head;
}

/** Shows what is in use while it is. Holds nothing open. */
export class LiveStatus {
  readonly #init: LiveStatusInit;
  readonly #uses = new Set<LiveUse>();
  #shown: string | null = null;
  #shownAtMs = -Infinity;
  #timer: Timer | null = null;

  /** @param init Mode, clock and where it is shown. */
  constructor(init: LiveStatusInit) {
    this.#init = init;
  }

  /**
   * Enters something that is in use from now on.
   *
   * @param use What it is.
   * @returns Takes it out again. Idempotent.
   */
  add(use: LiveUse): () => void {
    if (this.#init.mode === "off") return () => {};
    const entry = { ...use };
    this.#uses.add(entry);
    this.#changed();
    return () => {
      if (this.#uses.delete(entry)) this.#changed();
    };
  }

  #changed(): void {
    const { clock, mode } = this.#init;
    const sinceMs = clock.monotonicMs() - this.#shownAtMs;
    const delayMs = Math.max(GATHER_MS, mode === "line" ? LINE_MS - sinceMs : 0);
    this.#timer ??= clock.after(delayMs, () => this.#show(), { keepAlive: false });
  }

  #show(): void {
    this.#timer = null;
    const text = liveText([...this.#uses]);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#shownAtMs = this.#init.clock.monotonicMs();
    if (this.#init.mode === "title") this.#init.title(text === null ? null : `parley: ${text}`);
    else this.#init.report(`parley: in use: ${text ?? "nothing"}`);
  }
}
