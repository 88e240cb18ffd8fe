/**
 * Puts one question at an open terminal: drives the model with what it sees, and draws what the model says. Timers and
 * sockets go on meanwhile; nothing here blocks.
 */
import type { Question } from "../prompter.ts";
import { advanceQuestion, ARM_DELAY_MS, type PromptEvent, type QuestionState, startQuestion } from "./model.ts";
import { Stage, type StageInit } from "./stage.ts";
import { drawAsk, drawEcho, drawPageAsk, drawPages, drawQuestion } from "./view.ts";

/** What a session works with. */
export interface PromptSessionInit extends StageInit {
  /** The random word for risky questions and answers that are remembered. */
  readonly word: string;
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
  readonly #stage: Stage;
  #state: QuestionState;
  #drawn = false;

  /**
   * @param question The question.
   * @param init Terminal, clock, style, word and signal.
   */
  constructor(question: Question, init: PromptSessionInit) {
    this.#init = init;
    this.#stage = new Stage(init);
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
    return { state: this.#state, interruptPending: this.#stage.interruptPending };
  }

  #step(): Promise<PromptEvent> {
    switch (this.#state.phase) {
      case "arming":
        return this.#arm();
      case "paging":
        return this.#page();
      case "asking":
        return this.#read(drawAsk(this.#state, this.#stage.canvas()));
      default:
        return this.#present();
    }
  }

  /** Waits for its turn, throws away what was typed, and shows the question. */
  async #present(): Promise<PromptEvent> {
    const absence = await this.#stage.enter();
    if (absence !== null) return { kind: absence };
    const { interruption } = await this.#stage.empty();
    if (interruption !== null) return { kind: interruption };
    this.#stage.write(drawQuestion(this.#state, this.#stage.canvas()));
    this.#drawn = true;
    return { kind: "drawn", atMs: this.#stage.nowMs() };
  }

  /** Lets the question stand, then throws away what was typed meanwhile: it cannot have been meant as an answer. */
  async #arm(): Promise<PromptEvent> {
    await this.#stage.sleep(Math.max(0, Math.min(ARM_DELAY_MS, this.#state.readyAtMs - this.#stage.nowMs())));
    if (this.#init.signal.aborted) return { kind: "withdrawn" };
    const { interruption, discarded } = await this.#stage.empty();
    if (interruption !== null) return { kind: interruption };
    return { kind: "armed", atMs: this.#stage.nowMs(), discarded };
  }

  async #page(): Promise<PromptEvent> {
    const canvas = this.#stage.canvas();
    const pages = drawPages(this.#state, canvas);
    const index = this.#state.page;
    this.#stage.write(pages[index] ?? "");
    if (index + 1 >= pages.length) return { kind: "paged" };
    return await this.#read(drawPageAsk({ index, count: pages.length }, canvas));
  }

  async #read(ask: string): Promise<PromptEvent> {
    this.#stage.write(ask);
    const line = await this.#stage.readLine();
    if (line === "eof") return { kind: "end-of-input" };
    if (typeof line === "string") return { kind: line };
    return { kind: "line", atMs: this.#stage.nowMs(), text: line.text, cut: line.cut, more: line.more };
  }

  /** Repeats the decision, unless the operator never saw the question or looks at something else now. */
  #echo(): void {
    if (!this.#drawn || !this.#stage.inForeground) return;
    this.#stage.write(drawEcho(this.#state, this.#stage.canvas()));
  }
}
