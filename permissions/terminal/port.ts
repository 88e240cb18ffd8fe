/** What a runtime supplies to the terminal prompter: the controlling terminal, in line mode, without freezing the process. */

/** Whether this process may use the terminal now. */
export type Attendance =
  /** In the terminal's foreground process group, or the runtime does not let us see. */
  | "foreground"
  /** A background job, or a multiplexer that nobody looks at: touching the terminal would stop the process. Questions wait. */
  | "background"
  /** The terminal hung up. */
  | "gone";

/** What can be told of the controlling terminal without opening it. */
export type Presence =
  | Attendance
  /** It is a window of tmux or screen, and nobody is attached there. Best effort: see `runtime/_node/terminal_multiplexer.ts`. */
  | "detached";

/**
 * A way to type at a terminal without its keyboard: `tiocsti` a system call of any program that has the terminal, `tmux`
 * and `screen` their commands, `xtest` an extension of the X server.
 */
export type KeyInjector = "tiocsti" | "tmux" | "screen" | "xtest";

/** An open terminal. Line mode (canonical, echo, signals) except for moments inside `drain` and `readLine`. */
export interface Terminal {
  /** Width in columns, 80 when unknown. Asked anew before each drawing. */
  columns(): number;
  /** Height in rows, 24 when unknown. */
  rows(): number;
  /** Whether this process is in the foreground of the terminal. */
  attendance(): Attendance;
  /**
   * Tries to be the one process whose question stands at this terminal. Held until `release` or `close`.
   *
   * @returns Whether it is now; true where processes cannot know of each other.
   */
  reserve(): boolean;
  /** Whether it still is: a process that was stopped loses its turn. True where processes cannot know of each other. */
  holds(): boolean;
  /** Lets other processes ask. Idempotent. */
  release(): void;
  /** Writes text in one system call where possible. The caller has escaped it. Never throws: a failure shows in `attendance`. */
  write(text: string): void;
  /**
   * Throws away everything that was typed so far, including a line begun but not ended, and waits until the
   * terminal has been quiet for `quietMs`. The terminal is back in line mode when it resolves, whatever happened,
   * signals included. Touches nothing while the process is in the background.
   *
   * @param options How long it must be quiet, when to give up, and what ends it early.
   * @returns How it ended and how much was thrown away.
   */
  drain(
    options: { readonly quietMs: number; readonly limitMs: number; readonly signal: AbortSignal },
  ): Promise<DrainResult>;
  /**
   * Reads one line that was completed after the call, without its line end.
   *
   * @param options The longest line in bytes, and what ends the reading early. What exceeds `maxBytes` is cut off and
   * flagged. When the signal fires, a line begun but not ended is thrown away.
   * @returns The line, or why there is none.
   */
  readLine(options: { readonly maxBytes: number; readonly signal: AbortSignal }): Promise<TerminalLine | ReadEnd>;
  /**
   * Does to the process what Ctrl-C at this terminal does: for a Ctrl-C that `drain` read as a byte. Call it after `close`.
   */
  interrupt(): void;
  /** Restores the terminal's mode and closes it. Idempotent. */
  close(): void;
}

/** How a draining ended. */
export interface DrainResult {
  /**
   * `quiet`: nothing is left and nothing came for the time asked. `busy`: it did not become quiet within the limit.
   * `interrupt`: a Ctrl-C was thrown away, see {@linkcode Terminal.interrupt}. `signalled`: the process received SIGINT
   * and lives on. The others as in {@linkcode ReadEnd}.
   */
  readonly outcome: "quiet" | "busy" | "interrupt" | "signalled" | "background" | "gone" | "aborted";
  /** Bytes that were thrown away. */
  readonly discardedBytes: number;
}

/** A line typed by the operator. */
export interface TerminalLine {
  /** The text, without its line end. */
  readonly text: string;
  /** Whether it was longer than the limit. */
  readonly cut: boolean;
  /** Whether more was already typed behind the line end (a paste, or keys sent ahead). It was thrown away. */
  readonly more: boolean;
}

/**
 * Why no line came: `eof` for Ctrl-D, `interrupt` when the process received SIGINT and lives on, `background` when the
 * process left the foreground (what is typed is not for it any more), `gone` for a hang-up, `aborted` by the signal.
 */
export type ReadEnd = "eof" | "interrupt" | "background" | "gone" | "aborted";

/** How a runtime opens the terminal. */
export interface TerminalBackend {
  /**
   * Opens the controlling terminal anew, for one question.
   *
   * @returns Null when there is none or the runtime's permissions do not reach it.
   */
  open(): Promise<Terminal | null>;
  /**
   * Whether somebody can be at the terminal, found out without opening it or touching its mode. Cheap enough for twice a
   * second. Where it is absent nothing can be told.
   */
  presence?(): Presence;
  /** What could type at the terminal in the operator's place, as far as the system shows it. */
  injectors?(): readonly KeyInjector[];
  /**
   * Shows a title on the terminal's window, if standard error is a terminal that has titles. Never throws.
   *
   * @param text The title, escaped; or null to put back the one before.
   */
  title?(text: string | null): void;
}
