/**
 * The prompter at the controlling terminal (CON-10): one question at a time, default no, nothing counts that was typed
 * before the question was ready. In-process it is honest, not a wall: see SECURITY.md.
 */
import type { Clock } from "../../core/clock.ts";
import type { Answer, Prompter, Question } from "../prompter.ts";
import { Activation } from "./activation.ts";
import { pickWord } from "./confirmation_words.ts";
import { NoticeSession } from "./notice_session.ts";
import type { Terminal, TerminalBackend } from "./port.ts";
import { watchPresence } from "./presence_watch.ts";
import { PromptQueue, type QueueResult } from "./prompt_queue.ts";
import { PromptSession } from "./prompt_session.ts";
import type { StageInit } from "./stage.ts";
import { type PromptStyle, styleFor, type TerminalFacts } from "./style.ts";
import { drawSummary } from "./view.ts";

/** What the environment says that bears on asking. Undefined where a variable is not set or not visible. */
export interface PromptFacts extends TerminalFacts {
  /** `CI`: anything but the empty string means that nobody sits at the terminal. */
  readonly ci: string | undefined;
  /** `INVOCATION_ID`: set by systemd for services. */
  readonly invocationId: string | undefined;
}

/** What a {@linkcode TerminalPrompter} works with. */
export interface TerminalPrompterInit {
  /** Opens the terminal. */
  readonly terminal: TerminalBackend;
  /** Time. */
  readonly clock: Clock;
  /** Cryptographically strong random bytes, for the words. */
  readonly random: (length: number) => Uint8Array;
  /** The environment. */
  readonly facts: PromptFacts;
}

const NO_TERMINAL: Answer = Object.freeze({ kind: "deny", reason: "no-terminal" });
const ABORTED: Answer = Object.freeze({ kind: "deny", reason: "aborted" });
const NO_ACT: Answer = Object.freeze({ kind: "deny", reason: "no-act" });

/** What stands at the terminal, and what withdraws it. */
interface Asking extends StageInit {
  readonly question: Question;
}

/** What came of it. */
interface Dialogue extends QueueResult {
  /** Whether the process should receive a SIGINT once the terminal is closed. */
  readonly interruptPending: boolean;
}

/** Puts questions at the controlling terminal. One for a process: two of them would talk over each other. */
export class TerminalPrompter implements Prompter {
  readonly #terminal: TerminalBackend;
  readonly #clock: Clock;
  readonly #random: (length: number) => Uint8Array;
  readonly #style: PromptStyle;
  readonly #unattended: boolean;
  readonly #activation: Activation;
  readonly #queue: PromptQueue = new PromptQueue((question, signal) => this.#put(question, signal));

  /** @param init Terminal, clock, randomness and environment. Make it early: how the program was started is looked at now. */
  constructor(init: TerminalPrompterInit) {
    this.#terminal = init.terminal;
    this.#clock = init.clock;
    this.#random = init.random;
    this.#style = styleFor(init.facts);
    this.#unattended = isSet(init.facts.ci) || isSet(init.facts.invocationId);
    const presence = init.terminal.presence?.() ?? "foreground";
    this.#activation = new Activation(init.clock, presence === "foreground");
  }

  /**
   * Puts one question, or shares the one that stands if it is the same.
   *
   * @param question The question.
   * @param signal Withdraws it: the answer is then a denial with reason `aborted`.
   * @returns The answer; a denial at once where nobody can be asked. Never rejects.
   */
  ask(question: Question, signal: AbortSignal): Promise<Answer> {
    if (this.#unattended) return Promise.resolve(NO_TERMINAL);
    return this.#queue.ask(question, signal);
  }

  /**
   * Tells when the terminal hung up or was detached.
   *
   * @param callback Is told what happened, in words for the log.
   * @returns The way to stop watching.
   */
  onGone(callback: (reason: string) => void): () => void {
    const terminal = this.#terminal;
    if (terminal.presence === undefined) return () => {};
    return watchPresence({ clock: this.#clock, presence: () => terminal.presence?.() ?? "foreground", callback });
  }

  async #put(question: Question, signal: AbortSignal): Promise<QueueResult> {
    let terminal: Terminal | null = null;
    try {
      terminal = await this.#terminal.open();
      if (terminal === null) return { answer: NO_TERMINAL, endsAll: false };
      const asking = { question, terminal, signal, clock: this.#clock, style: this.#style };
      const { interruptPending, ...result } = await this.#announce(asking) ?? await this.#converse(asking);
      this.#summarise(terminal);
      terminal.close();
      if (interruptPending) terminal.interrupt();
      return result;
    } catch {
      // Whatever went wrong, nobody has said yes.
      return { answer: ABORTED, endsAll: false };
    } finally {
      terminal?.close();
    }
  }

  /** Sees to it that an act of the operator precedes the question. Null when the question may be put. */
  async #announce(asking: Asking): Promise<Dialogue | null> {
    const { requester } = asking.question;
    const activation = this.#activation.take(requester);
    if (activation === "act") return null;
    if (activation === "ignored") return { answer: NO_ACT, endsAll: false, interruptPending: false };
    const { outcome, interruptPending } = await new NoticeSession(asking.question, asking).run();
    if (outcome === "shown") return null;
    if (outcome === "ignored") this.#activation.ignored(requester);
    return {
      answer: outcome === "ignored" ? NO_ACT : ABORTED,
      endsAll: outcome === "interrupted" || outcome === "hung-up",
      interruptPending,
    };
  }

  async #converse(asking: Asking): Promise<Dialogue> {
    const word = pickWord(this.#random);
    const { state, interruptPending } = await new PromptSession(asking.question, { ...asking, word }).run();
    const answer = state.answer ?? ABORTED;
    this.#activation.answered({ yes: answer.kind === "allow" });
    return { answer, endsAll: state.cause === "interrupted" || state.cause === "hung-up", interruptPending };
  }

  /** Says how many requests were refused meanwhile. */
  #summarise(terminal: Terminal): void {
    if (terminal.attendance() !== "foreground") return;
    const refused = this.#queue.takeRefused();
    const canvas = { style: this.#style, columns: terminal.columns(), rows: terminal.rows() };
    if (refused > 0) terminal.write(drawSummary(refused, canvas));
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
