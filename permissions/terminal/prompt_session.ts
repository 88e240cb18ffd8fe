/**
 * Puts one question at an open terminal: drives the model with what it sees, and draws what the model says. Timers and
 * sockets go on meanwhile; nothing here blocks.
 */
import { onAbort } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { Question } from "../prompter.ts";
import { advanceQuestion, ARM_DELAY_MS, type PromptEvent, type QuestionState, startQuestion } from "./model.ts";
import type { Terminal } from "./port.ts";
import type { PromptStyle } from "./style.ts";
import { type Canvas, drawAsk, drawEcho, drawPageAsk, drawPages, drawQuestion } from "./view.ts";

/** How long the terminal must be quiet before a question, in milliseconds. */
const QUIET_MS = 100;
/** How long to wait for quiet before the question is given up, in milliseconds. */
const QUIET_LIMIT_MS = 3_000;
/** How often to look whether a background job has come to the foreground, in milliseconds. */
const FOREGROUND_POLL_MS = 200;
/** The longest line that is read. A host name has at most 253 characters. */
const MAX_LINE_BYTES = 512;

/** What a session works with. */
export interface PromptSessionInit {
  /** The terminal; the session does not close it. */
  readonly terminal: Terminal;
  /** Time. */
  readonly clock: Clock;
  /** How to draw. */
  readonly style: PromptStyle;
  /** The random word for risky questions. */
  readonly word: string;
  /** Withdraws the question. */
  readonly signal: AbortSignal;
}

/** How a session ended. */
export interface PromptSessionResult {
  /** The answered question. */
  readonly state: QuestionState;
  /** Whether a Ctrl-C was swallowed that the process should receive after the terminal is closed. */
  readonly interruptPending: boolean;
}

/** One question's dialogue. Made for one use. */
export class PromptSession {
  readonly #init: PromptSessionInit;
  #state: QuestionState;
  #interruptPending = false;
  /** Whether the cursor stands behind something on its line. */
  #midLine = false;
  #drawn = false;

  /**
   * @param question The question.
   * @param init Terminal, clock, style, word and signal.
   */
  constructor(question: Question, init: PromptSessionInit) {
    this.#init = init;
    this.#state = startQuestion(question, init.word);
  }

  /**
   * Asks until there is an answer.
   *
   * @returns The answered question.
   */
  async run(): Promise<PromptSessionResult> {
    while (this.#state.phase !== "answered") {
      const event = await this.#step();
      this.#state = advanceQuestion(this.#state, event);
    }
    this.#echo();
    return { state: this.#state, interruptPending: this.#interruptPending };
  }

  #step(): Promise<PromptEvent> {
    switch (this.#state.phase) {
      case "arming":
        return this.#arm();
      case "paging":
        return this.#page();
      case "asking":
        return this.#read(drawAsk(this.#state, this.#canvas()));
      default:
        return this.#present();
    }
  }

  /** Waits for the foreground, throws away what was typed, and shows the question. */
  async #present(): Promise<PromptEvent> {
    const absence = await this.#foreground();
    if (absence !== null) return absence;
    const { event } = await this.#drain();
    if (event !== null) return event;
    this.#write(drawQuestion(this.#state, this.#canvas()));
    this.#drawn = true;
    return { kind: "drawn", atMs: this.#nowMs() };
  }

  /** Lets the question stand, then throws away what was typed meanwhile: it cannot have been meant as an answer. */
  async #arm(): Promise<PromptEvent> {
    await this.#sleep(Math.max(0, Math.min(ARM_DELAY_MS, this.#state.readyAtMs - this.#nowMs())));
    if (this.#init.signal.aborted) return { kind: "withdrawn" };
    const { event, discarded } = await this.#drain();
    if (event !== null) return event;
    // What was typed was echoed by the terminal.
    if (discarded) this.#midLine = true;
    return { kind: "armed", atMs: this.#nowMs(), discarded };
  }

  async #page(): Promise<PromptEvent> {
    const canvas = this.#canvas();
    const pages = drawPages(this.#state, canvas);
    const index = this.#state.page;
    this.#write(pages[index] ?? "");
    if (index + 1 >= pages.length) return { kind: "paged" };
    return await this.#read(drawPageAsk({ index, count: pages.length }, canvas));
  }

  async #read(ask: string): Promise<PromptEvent> {
    this.#write(ask);
    this.#midLine = true;
    const { terminal, signal } = this.#init;
    const line = await terminal.readLine({ maxBytes: MAX_LINE_BYTES, signal });
    if (typeof line === "object") {
      // Enter was echoed.
      this.#midLine = false;
      return { kind: "line", atMs: this.#nowMs(), text: line.text, cut: line.cut, more: line.more };
    }
    switch (line) {
      case "eof":
        return { kind: "end-of-input" };
      case "interrupt":
        return { kind: "interrupted" };
      case "background":
        return { kind: "background" };
      case "gone":
        return { kind: "hung-up" };
      case "aborted":
        return { kind: "withdrawn" };
    }
  }

  async #drain(): Promise<{ readonly event: PromptEvent | null; readonly discarded: boolean }> {
    const { terminal, signal } = this.#init;
    const result = await terminal.drain({ quietMs: QUIET_MS, limitMs: QUIET_LIMIT_MS, signal });
    if (result.outcome === "interrupt") this.#interruptPending = true;
    return { event: drainEvent(result.outcome), discarded: result.discardedBytes > 0 };
  }

  /** Waits while the process is a background job. Null once it is in the foreground. */
  async #foreground(): Promise<PromptEvent | null> {
    for (;;) {
      if (this.#init.signal.aborted) return { kind: "withdrawn" };
      const attendance = this.#init.terminal.attendance();
      if (attendance === "foreground") return null;
      if (attendance === "gone") return { kind: "hung-up" };
      await this.#sleep(FOREGROUND_POLL_MS);
    }
  }

  /** Repeats the decision, unless the operator never saw the question or looks at something else now. */
  #echo(): void {
    if (!this.#drawn || this.#init.terminal.attendance() !== "foreground") return;
    this.#write(drawEcho(this.#state, this.#canvas()));
  }

  #write(text: string): void {
    this.#init.terminal.write(this.#midLine ? `\n${text}` : text);
    this.#midLine = false;
  }

  #canvas(): Canvas {
    const { terminal, style } = this.#init;
    return { style, columns: terminal.columns(), rows: terminal.rows() };
  }

  #nowMs(): number {
    return this.#init.clock.monotonicMs();
  }

  #sleep(delayMs: number): Promise<void> {
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

function drainEvent(outcome: Awaited<ReturnType<Terminal["drain"]>>["outcome"]): PromptEvent | null {
  switch (outcome) {
    case "quiet":
      return null;
    case "busy":
      return { kind: "unsafe" };
    case "interrupt":
    case "signalled":
      return { kind: "interrupted" };
    case "background":
      return { kind: "background" };
    case "gone":
      return { kind: "hung-up" };
    case "aborted":
      return { kind: "withdrawn" };
  }
}
