/**
 * Whether an act of the operator precedes a question (NET-11). Starting the program in the foreground of its terminal
 * counts for its first three questions. After that a key given to Parley's own reader counts for one question within
 * 5 s: Enter at the line that announces it, or the yes to another question, for whoever has just said yes is there and
 * attends to it. A no is not an act: it ends the matter. The answer itself settles the request it was given for and no
 * other; all this decides only whether the next question may be drawn. What the program reads never counts.
 */
import type { Clock } from "../../core/clock.ts";
import type { Requester } from "../requester.ts";

/** Questions that the start of the program counts for. */
export const FREE_QUESTIONS = 3;
/** How long a key counts, in milliseconds. */
export const ACT_MS = 5_000;
/** How long nothing is announced for whoever was not looked at, in milliseconds. */
export const IGNORED_MS = 60_000;
/** Origins with free questions of their own; a process that names more is not a program and its libraries. */
const MAX_ORIGINS = 16;

/** How a question may be put. */
export type ActivationState =
  /** At once. */
  | "act"
  /** After Enter. */
  | "announce"
  /** Not now: the last line of this origin was not answered, and that was less than a minute ago. */
  | "ignored";

/** What is known of an origin. */
interface OriginRecord {
  asked: number;
  ignoredAtMs: number;
}

/** Counts questions and remembers acts. */
export class Activation {
  readonly #clock: Clock;
  readonly #startedInForeground: boolean;
  readonly #origins = new Map<string, OriginRecord>();
  #actAtMs = -Infinity;

  /**
   * @param clock Time.
   * @param startedInForeground Whether the program was started in the foreground of its terminal.
   */
  constructor(clock: Clock, startedInForeground: boolean) {
    this.#clock = clock;
    this.#startedInForeground = startedInForeground;
  }

  /**
   * Whether a question may be put. Uses the act up.
   *
   * @param requester Who asks. A command of Parley's own was given by the operator, who types at it.
   */
  take(requester: Requester): ActivationState {
    if (requester.role === "command") return "act";
    const record = this.#record(requester);
    if (this.#startedInForeground && ++record.asked <= FREE_QUESTIONS) return "act";
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#actAtMs <= ACT_MS) {
      this.#actAtMs = -Infinity;
      return "act";
    }
    return nowMs - record.ignoredAtMs >= IGNORED_MS ? "announce" : "ignored";
  }

  /** Notes that the operator said yes, or no, to a question. */
  answered({ yes }: { readonly yes: boolean }): void {
    this.#actAtMs = yes ? this.#clock.monotonicMs() : -Infinity;
  }

  /** Notes that nobody pressed Enter for a requester. */
  ignored(requester: Requester): void {
    this.#record(requester).ignoredAtMs = this.#clock.monotonicMs();
  }

  /** Code without a name has a number instead, and could have any; and so could one with very many names. */
  #record({ kind, origin }: Requester): OriginRecord {
    const own = kind === "opaque" ? "opaque" : origin;
    const key = this.#origins.has(own) || this.#origins.size < MAX_ORIGINS ? own : "others";
    const record = this.#origins.get(key) ?? { asked: 0, ignoredAtMs: -Infinity };
    this.#origins.set(key, record);
    return record;
  }
}
