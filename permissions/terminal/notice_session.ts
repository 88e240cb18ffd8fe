/**
 * The line before a question that no act of the operator preceded (NET-11): one line says that a program wants to ask,
 * and Enter shows the question. What was typed before the line, or within 500 ms of it, is no act.
 */
import { onAbort } from "../../core/abort.ts";
import type { Question } from "../prompter.ts";
import { ARM_DELAY_MS } from "./model.ts";
import { type Interruption, Stage, type StageInit } from "./stage.ts";
import { drawNotice } from "./view.ts";

/** How long the line stands, in milliseconds. */
export const NOTICE_MS = 30_000;

/** How it ended: `shown` by Enter alone, `ignored` by time, another text or Ctrl-D; else why it could not go on. */
export interface NoticeResult {
  /** What happened. */
  readonly outcome: "shown" | "ignored" | Exclude<Interruption, "background">;
  /** Whether a Ctrl-C was swallowed that the process should receive after the terminal is closed. */
  readonly interruptPending: boolean;
}

/** One such line. Made for one use. */
export class NoticeSession {
  readonly #question: Question;
  readonly #init: StageInit;
  readonly #stage: Stage;

  /**
   * @param question What the program wants to ask.
   * @param init Terminal, clock, style and signal.
   */
  constructor(question: Question, init: StageInit) {
    this.#question = question;
    this.#init = init;
    this.#stage = new Stage(init);
  }

  /** Shows the line, anew when the process was in the background meanwhile, and waits for Enter. */
  async run(): Promise<NoticeResult> {
    for (;;) {
      const outcome = await this.#once();
      if (outcome !== "background") return { outcome, interruptPending: this.#stage.interruptPending };
    }
  }

  async #once(): Promise<NoticeResult["outcome"] | "background"> {
    const absence = await this.#stage.enter();
    if (absence !== null) return absence;
    const before = await this.#stage.empty();
    if (before.interruption !== null) return before.interruption;
    this.#stage.write(drawNotice(this.#question, this.#stage.canvas()));
    await this.#stage.sleep(ARM_DELAY_MS);
    const armed = await this.#stage.empty();
    return armed.interruption ?? await this.#enter();
  }

  async #enter(): Promise<NoticeResult["outcome"] | "background"> {
    const { clock, signal } = this.#init;
    const over = new AbortController();
    const timer = clock.after(NOTICE_MS, () => over.abort());
    const forget = onAbort(signal, () => over.abort());
    try {
      const line = await this.#stage.readLine(over.signal);
      if (line === "withdrawn") return signal.aborted ? "withdrawn" : "ignored";
      if (line === "eof") return "ignored";
      if (typeof line === "string") return line;
      return line.text === "" && !line.more ? "shown" : "ignored";
    } finally {
      timer.cancel();
      forget();
    }
  }
}
