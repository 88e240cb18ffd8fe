/**
 * A terminal without a terminal, for tests: what is typed goes through the same line discipline (a line counts when it
 * is ended, Ctrl-C and Ctrl-D have their meaning, what is typed is echoed), and the screen can be read as text.
 */
import { onAbort } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { Attendance, DrainResult, Presence, ReadEnd, Terminal, TerminalBackend, TerminalLine } from "./port.ts";

/** What a {@linkcode ScriptedTerminal} is made with. */
export interface ScriptedTerminalOptions {
  /** Time; a manual clock makes a test exact. */
  readonly clock: Clock;
  /** Width in columns. Default 80. */
  readonly columns?: number;
  /** Height in rows. Default 24. */
  readonly rows?: number;
  /** Whether there is a terminal at all. Default true. */
  readonly present?: boolean;
}

type Resume = () => void;

/** A terminal that a test types on and reads from. */
export class ScriptedTerminal implements TerminalBackend {
  readonly #clock: Clock;
  readonly #present: boolean;
  readonly #waiting: Set<Resume> = new Set();
  /** Width in columns; set it for a resize. */
  columns: number;
  /** Height in rows. */
  rows: number;
  #screen = "";
  /** Typed and not yet read: whole lines, then the line in the making. A null is a Ctrl-D on an empty line. */
  #lines: (string | null)[] = [];
  #partial = "";
  #presence: Presence = "foreground";
  #taken = false;
  #interruptSeen = false;
  #lastTypedMs = -Infinity;
  #interrupts = 0;
  #open = 0;

  /** @param options Clock and size. */
  constructor(options: ScriptedTerminalOptions) {
    this.#clock = options.clock;
    this.columns = options.columns ?? 80;
    this.rows = options.rows ?? 24;
    this.#present = options.present ?? true;
  }

  /** Everything that was written and echoed so far. */
  get screen(): string {
    return this.#screen;
  }

  /** How many times the process would have received a SIGINT from the prompter. */
  get interrupts(): number {
    return this.#interrupts;
  }

  /** How many openings of it are not closed. */
  get openings(): number {
    return this.#open;
  }

  /**
   * Types on the keyboard.
   *
   * @param text The keys: `\r` or `\n` for Enter, `\x03` for Ctrl-C, `\x04` for Ctrl-D.
   */
  type(text: string): void {
    this.#lastTypedMs = this.#clock.monotonicMs();
    for (const key of text) this.#key(key);
    this.#wake();
  }

  /**
   * Types at a time to come.
   *
   * @param delayMs Milliseconds from now.
   * @param text The keys.
   */
  typeAfter(delayMs: number, text: string): void {
    this.#clock.after(delayMs, () => this.type(text));
  }

  /** Puts the process into the foreground or the background, detaches, or hangs up. */
  attend(presence: Presence): void {
    this.#presence = presence;
    this.#wake();
  }

  /** Has another process's question stand at the terminal, or no more. */
  take(taken: boolean): void {
    this.#taken = taken;
  }

  /** Whether somebody is there. */
  presence(): Presence {
    return this.#presence;
  }

  get #attendance(): Attendance {
    return this.#presence === "detached" ? "background" : this.#presence;
  }

  /** Opens it. */
  open(): Promise<Terminal | null> {
    if (!this.#present) return Promise.resolve(null);
    this.#open++;
    return Promise.resolve(this.#opened());
  }

  #opened(): Terminal {
    let closed = false;
    return {
      columns: () => this.columns,
      rows: () => this.rows,
      attendance: () => this.#attendance,
      reserve: () => !this.#taken,
      holds: () => !this.#taken,
      release: () => {},
      write: (text) => void (this.#screen += text),
      drain: (options) => this.#drain(options),
      readLine: (options) => this.#readLine(options),
      interrupt: () => void this.#interrupts++,
      close: () => {
        if (!closed) this.#open--;
        closed = true;
      },
    };
  }

  #key(key: string): void {
    if (key === "\x03") {
      this.#interruptSeen = true;
      this.#screen += "^C";
      this.#lines = [];
      this.#partial = "";
    } else if (key === "\x04") {
      if (this.#partial === "") this.#lines.push(null);
    } else if (key === "\r" || key === "\n") {
      this.#screen += "\n";
      this.#lines.push(this.#partial);
      this.#partial = "";
    } else {
      this.#screen += key < " " ? `^${String.fromCharCode(key.charCodeAt(0) + 64)}` : key;
      this.#partial += key;
    }
  }

  /** Forgets what was typed; the number of keys. */
  #discard(): number {
    const keys = this.#lines.reduce((sum, line) => sum + (line?.length ?? 0) + 1, 0) + this.#partial.length;
    this.#lines = [];
    this.#partial = "";
    return keys;
  }

  async #drain(
    { quietMs, limitMs, signal }: { readonly quietMs: number; readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<DrainResult> {
    const untilMs = this.#clock.monotonicMs() + limitMs;
    let quietMsFrom = this.#clock.monotonicMs();
    let discardedBytes = 0;
    for (;;) {
      if (signal.aborted) return { outcome: "aborted", discardedBytes };
      if (this.#attendance !== "foreground") return { outcome: this.#attendance, discardedBytes };
      const keys = this.#discard();
      discardedBytes += keys;
      if (this.#interruptSeen) {
        this.#interruptSeen = false;
        return { outcome: "interrupt", discardedBytes: discardedBytes + 1 };
      }
      const nowMs = this.#clock.monotonicMs();
      if (keys > 0) quietMsFrom = Math.max(quietMsFrom, Math.min(nowMs, this.#lastTypedMs));
      if (nowMs - quietMsFrom >= quietMs) return { outcome: "quiet", discardedBytes };
      if (nowMs >= untilMs) return { outcome: "busy", discardedBytes };
      await this.#wait(signal, Math.min(quietMsFrom + quietMs, untilMs) - nowMs);
    }
  }

  async #readLine(
    { maxBytes, signal }: { readonly maxBytes: number; readonly signal: AbortSignal },
  ): Promise<TerminalLine | ReadEnd> {
    for (;;) {
      if (signal.aborted) {
        this.#discard();
        return "aborted";
      }
      if (this.#interruptSeen) {
        this.#interruptSeen = false;
        return "interrupt";
      }
      if (this.#attendance !== "foreground") return this.#attendance;
      const line = this.#lines.shift();
      if (line === null) return "eof";
      if (line !== undefined) {
        const bytes = new TextEncoder().encode(line);
        const text = new TextDecoder().decode(bytes.subarray(0, maxBytes));
        return { text, cut: bytes.length > maxBytes, more: this.#discard() > 0 };
      }
      await this.#wait(signal, null);
    }
  }

  /** Until something was typed, the attendance changed, the signal fired, or the time is over. */
  #wait(signal: AbortSignal, delayMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer?.cancel();
        this.#waiting.delete(done);
        forget();
        resolve();
      };
      const timer = delayMs === null ? null : this.#clock.after(delayMs, done);
      this.#waiting.add(done);
      const forget = onAbort(signal, done);
    });
  }

  #wake(): void {
    for (const resume of [...this.#waiting]) resume();
  }
}
