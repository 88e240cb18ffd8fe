/**
 * The prompter at the controlling terminal (CON-10): one question at a time, default no, nothing counts that was typed
 * before the question was ready. In-process it is honest, not a wall: see SECURITY.md.
 */
import type { Clock } from "../../core/clock.ts";
import type { Answer, Prompter, Question } from "../prompter.ts";
import { pickWord } from "./confirmation_words.ts";
import type { Terminal, TerminalBackend } from "./port.ts";
import { PromptQueue, type QueueResult } from "./prompt_queue.ts";
import { PromptSession } from "./prompt_session.ts";
import { type PromptStyle, styleFor, type TerminalFacts } from "./style.ts";

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

/** Puts questions at the controlling terminal. One for a process: two of them would talk over each other. */
export class TerminalPrompter implements Prompter {
  readonly #terminal: TerminalBackend;
  readonly #clock: Clock;
  readonly #random: (length: number) => Uint8Array;
  readonly #style: PromptStyle;
  readonly #unattended: boolean;
  readonly #queue: PromptQueue = new PromptQueue((question, signal) => this.#put(question, signal));

  /** @param init Terminal, clock, randomness and environment. */
  constructor(init: TerminalPrompterInit) {
    this.#terminal = init.terminal;
    this.#clock = init.clock;
    this.#random = init.random;
    this.#style = styleFor(init.facts);
    this.#unattended = isSet(init.facts.ci) || isSet(init.facts.invocationId);
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

  async #put(question: Question, signal: AbortSignal): Promise<QueueResult> {
    let terminal: Terminal | null = null;
    try {
      terminal = await this.#terminal.open();
      if (terminal === null) return { answer: NO_TERMINAL, endsAll: false };
      return await this.#converse(question, { terminal, signal });
    } catch {
      // Whatever went wrong, nobody has said yes.
      return { answer: ABORTED, endsAll: false };
    } finally {
      terminal?.close();
    }
  }

  async #converse(
    question: Question,
    { terminal, signal }: { readonly terminal: Terminal; readonly signal: AbortSignal },
  ): Promise<QueueResult> {
    const word = pickWord(this.#random);
    const session = new PromptSession(question, { terminal, clock: this.#clock, style: this.#style, word, signal });
    const { state, interruptPending } = await session.run();
    terminal.close();
    if (interruptPending) terminal.interrupt();
    return { answer: state.answer ?? ABORTED, endsAll: state.cause === "interrupted" || state.cause === "hung-up" };
  }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "";
}
