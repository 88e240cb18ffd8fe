/**
 * One question at a time. Questions that look the same to the operator are put once; a few wait; the rest is refused.
 *
 * What a shared question may settle: a no, or a yes for the run, which says itself that it covers the next request of
 * the same kind. A yes for once is for one connection, so it goes to the request that came first, and the others are
 * asked again. Two requests are the same only if every field that is shown or decided on is the same.
 */
import { onAbort } from "../../core/abort.ts";
import { decisionKey } from "../decision_key.ts";
import type { Answer, Question } from "../prompter.ts";
import { keyValues } from "./key_wording.ts";

/** How many different questions may wait behind the one that stands. */
export const MAX_WAITING = 3;
/** How many equal requests share a question; the next is refused. */
export const MAX_SHARING = 32;

/** What came of a question. */
export interface QueueResult {
  /** The answer. */
  readonly answer: Answer;
  /** Whether what waits must not be asked any more: an interrupt or a hang-up ends it all. */
  readonly endsAll: boolean;
}

/** Puts one question; must not reject. */
export type PutQuestion = (question: Question, signal: AbortSignal) => Promise<QueueResult>;

interface Waiter {
  readonly question: Question;
  readonly settle: (answer: Answer) => void;
}

interface Job {
  readonly key: string;
  readonly waiters: Waiter[];
  readonly withdrawal: AbortController;
}

const { freeze } = Object;
const ABORTED: Answer = freeze({ kind: "deny", reason: "aborted" });
const FULL: Answer = freeze({ kind: "deny", reason: "queue-full" });

/** The queue of a prompter. */
export class PromptQueue {
  readonly #put: PutQuestion;
  readonly #waiting: Job[] = [];
  #active: Job | null = null;
  #refused = 0;

  /** @param put Puts one question at the terminal. */
  constructor(put: PutQuestion) {
    this.#put = put;
  }

  /**
   * Has a question asked in its turn.
   *
   * @param question The question.
   * @param signal Withdraws this request; the question goes away when nobody else waits for it.
   * @returns The answer. Never rejects.
   */
  ask(question: Question, signal: AbortSignal): Promise<Answer> {
    if (signal.aborted) return Promise.resolve(ABORTED);
    const key = sameQuestionKey(question);
    const job = this.#find(key);
    const full = job === null
      ? this.#active !== null && this.#waiting.length >= MAX_WAITING
      : job.waiters.length >= MAX_SHARING;
    if (full) {
      this.#refused++;
      return Promise.resolve(FULL);
    }
    return new Promise((resolve) => {
      const target = job ?? this.#enqueue(key);
      const withdraw = (): void => this.#withdraw(target.key, waiter);
      const waiter: Waiter = {
        question,
        settle: (answer) => {
          forget();
          resolve(answer);
        },
      };
      const forget = onAbort(signal, withdraw);
      target.waiters.push(waiter);
      this.#next();
    });
  }

  /** How many requests were refused for want of room since this was last called. */
  takeRefused(): number {
    const refused = this.#refused;
    this.#refused = 0;
    return refused;
  }

  #find(key: string): Job | null {
    if (this.#active?.key === key && !this.#active.withdrawal.signal.aborted) return this.#active;
    return this.#waiting.find((job) => job.key === key) ?? null;
  }

  #enqueue(key: string): Job {
    const job: Job = { key, waiters: [], withdrawal: new AbortController() };
    this.#waiting.push(job);
    return job;
  }

  /** By key and waiter, not by job: what shared a question that was answered once has moved to a new job. */
  #withdraw(key: string, waiter: Waiter): void {
    for (const job of this.#active === null ? this.#waiting : [this.#active, ...this.#waiting]) {
      const index = job.key === key ? job.waiters.indexOf(waiter) : -1;
      if (index < 0) continue;
      job.waiters.splice(index, 1);
      if (job.waiters.length > 0) continue;
      job.withdrawal.abort();
      const place = this.#waiting.indexOf(job);
      if (place >= 0) this.#waiting.splice(place, 1);
    }
    waiter.settle(ABORTED);
  }

  #next(): void {
    if (this.#active !== null) return;
    const job = this.#waiting.shift();
    const first = job?.waiters[0];
    if (job === undefined || first === undefined) return;
    this.#active = job;
    void this.#put(first.question, job.withdrawal.signal).then((result) => this.#finish(job, result));
  }

  #finish(job: Job, { answer, endsAll }: QueueResult): void {
    this.#active = null;
    const once = answer.kind === "allow" && answer.lifetime === "once";
    const served = once ? job.waiters.splice(0, 1) : job.waiters.splice(0);
    if (job.waiters.length > 0) this.#waiting.unshift({ ...job, withdrawal: new AbortController() });
    const ended = endsAll ? this.#waiting.splice(0).flatMap((waiting) => waiting.waiters) : [];
    for (const waiter of served) waiter.settle(answer);
    for (const waiter of ended) waiter.settle(ABORTED);
    this.#next();
  }
}

/**
 * A text that is equal for two questions exactly when the operator would be shown the same, number apart.
 *
 * @param question The question.
 */
export function sameQuestionKey(question: Question): string {
  const { requester, descriptor, peerKey } = question;
  return JSON.stringify([
    decisionKey(requester, descriptor),
    requester.kind,
    requester.role,
    requester.insecure,
    requester.mainSha256,
    requester.lockSha256,
    requester.pid,
    question.lifetimes,
    question.risk,
    question.claim,
    question.changed,
    question.pinsCode,
    question.runtimeAsksToo,
    question.preapprove,
    peerKey === null ? null : keyValues(peerKey),
  ]);
}
