/**
 * The terminal while something stands on it: one process at a time, in the foreground, with nothing typed ahead. What a
 * question and the line before one have in common.
 */
import { onAbort } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { DrainResult, Terminal, TerminalLine } from "./port.ts";
import type { PromptStyle } from "./style.ts";
import type { Canvas } from "./view.ts";

/** How long the terminal must be quiet before a question, in milliseconds. */
const QUIET_MS = 100;
/** How long to wait for quiet before the question is given up, in milliseconds. */
const QUIET_LIMIT_MS = 3_000;
/** How often to look whether a background job has come to the foreground, in milliseconds. */
const FOREGROUND_POLL_MS = 200;
/** How often to look whether another process's question is answered, in milliseconds. */
const TURN_POLL_MS = 100;
/** The longest line that is read. A host name has at most 253 characters. */
const MAX_LINE_BYTES = 512;

/** What a stage is made of. */
export interface StageInit {
  /** The terminal; the stage does not close it. */
  readonly terminal: Terminal;
  /** Time. */
  readonly clock: Clock;
  /** How to draw. */
  readonly style: PromptStyle;
  /** Withdraws what is asked. */
  readonly signal: AbortSignal;
}

/** Why it cannot go on as it was: the cases that all that stands on a terminal has in common. */
export type Interruption = "background" | "hung-up" | "interrupted" | "withdrawn" | "unsafe";

/** What came of emptying the terminal. */
export interface Emptied {
  /** Why it cannot go on, or null. */
  readonly interruption: Interruption | null;
  /** Whether anything was thrown away. */
  readonly discarded: boolean;
}

/** One use of a terminal. */
export class Stage {
  readonly #init: StageInit;
  #interruptPending = false;
  /** Whether the cursor stands behind something on its line. */
  #midLine = false;

  /** @param init Terminal, clock, style and signal. */
  constructor(init: StageInit) {
    this.#init = init;
  }

  /** Whether a Ctrl-C was swallowed that the process should receive after the terminal is closed. */
  get interruptPending(): boolean {
    return this.#interruptPending;
  }

  /** Whether what is written now is seen by whoever was asked. */
  get inForeground(): boolean {
    return this.#init.terminal.attendance() === "foreground";
  }

  /** The terminal's size and style now. */
  canvas(): Canvas {
    const { terminal, style } = this.#init;
    return { style, columns: terminal.columns(), rows: terminal.rows() };
  }

  /** Monotonic time in milliseconds. */
  nowMs(): number {
    return this.#init.clock.monotonicMs();
  }

  /** Waits for the foreground and for other processes' questions, silently. Null once it is this one's turn. */
  async enter(): Promise<Interruption | null> {
    const { terminal, signal } = this.#init;
    for (;;) {
      if (signal.aborted) return "withdrawn";
      const attendance = terminal.attendance();
      if (attendance === "gone") return "hung-up";
      // A job in the background must not keep others from asking.
      if (attendance === "background") terminal.release();
      else if (terminal.reserve()) return null;
      await this.sleep(attendance === "background" ? FOREGROUND_POLL_MS : TURN_POLL_MS);
    }
  }

  /** Throws away what was typed, until it is quiet. */
  async empty(): Promise<Emptied> {
    const { terminal, signal } = this.#init;
    const { outcome, discardedBytes } = await terminal.drain({ quietMs: QUIET_MS, limitMs: QUIET_LIMIT_MS, signal });
    if (outcome === "interrupt") this.#interruptPending = true;
    // What was typed was echoed by the terminal.
    if (discardedBytes > 0) this.#midLine = true;
    return { interruption: interruptionOf(outcome), discarded: discardedBytes > 0 };
  }

  /**
   * Reads a line.
   *
   * @param signal Ends the reading; by default the one that withdraws what is asked.
   * @returns The line, `eof` for Ctrl-D, or why it cannot go on.
   */
  async readLine(signal: AbortSignal = this.#init.signal): Promise<TerminalLine | "eof" | Interruption> {
    const { terminal } = this.#init;
    this.#midLine = true;
    const line = await terminal.readLine({ maxBytes: MAX_LINE_BYTES, signal });
    if (typeof line === "object") {
      // Enter was echoed.
      this.#midLine = false;
      // Stopped in between, this process lost its turn: the line may have been typed at another's question.
      return terminal.holds() ? line : "background";
    }
    if (line === "gone") return "hung-up";
    if (line === "aborted") return "withdrawn";
    return line === "interrupt" ? "interrupted" : line;
  }

  /** Writes, from the beginning of a line. */
  write(text: string): void {
    this.#init.terminal.write(this.#midLine ? `\n${text}` : text);
    this.#midLine = false;
  }

  /** Waits, or until what is asked is withdrawn. */
  sleep(delayMs: number): Promise<void> {
    const { clock, signal } = this.#init;
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        forget();
        resolve();
      };
      const timer = clock.after(delayMs, done);
      const forget = onAbort(signal, done);
      if (signal.aborted) done();
    });
  }
}

function interruptionOf(outcome: DrainResult["outcome"]): Interruption | null {
  switch (outcome) {
    case "quiet":
      return null;
    case "busy":
      return "unsafe";
    case "interrupt":
    case "signalled":
      return "interrupted";
    case "background":
      return "background";
    case "gone":
      return "hung-up";
    case "aborted":
      return "withdrawn";
  }
}
