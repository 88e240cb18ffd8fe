/**
 * What happens to one question, without a terminal: a pure state machine. The session feeds it with what it saw and
 * when; it says what counts. Nothing counts that came before the question was ready, and everything unclear is a no.
 *
 *     draining ─ drawn → arming ─ armed → asking ─ line, Ctrl-D → answered
 *        ↑  └──── `?` shows all values (paging), then the question again ┘
 *        └── the host was typed (NET-02): the question about it begins anew
 */
import { type CanonicalHost, canonicalHost } from "../../core/host.ts";
import { isParleyError } from "../../core/errors.ts";
import type { Answer, DenyReason, Lifetime, Question, Risk } from "../prompter.ts";
import { riskOfHost } from "../risk.ts";
import { isLookAlike } from "../look_alike.ts";
import { typedLifetime } from "./typed_lifetime.ts";

/** How long a question stands before anything that is typed counts, in milliseconds (CON-10). */
export const ARM_DELAY_MS = 500;
/** How often an unknown single key is asked about again before it is a no. */
export const MAX_REASKS = 2;
/** How often a host may be typed that is none. */
export const MAX_HOST_TRIES = 3;

/** Where a question stands. */
export type Phase = "draining" | "arming" | "asking" | "paging" | "answered";

/** What the operator has to be told before typing again. */
export type Notice =
  /** What was typed before the question was ready was thrown away. */
  | { readonly kind: "early" }
  /** The key has no meaning here. */
  | { readonly kind: "unknown-key" }
  /** The key for an answer that is remembered was typed without the word. */
  | { readonly kind: "word-for-always" }
  /** The typed text is no host; the reason comes from `canonicalHost`, unescaped. */
  | { readonly kind: "bad-host"; readonly message: string };

/** What brought the answer about; the echo says it in words. */
export type Cause =
  | "key"
  | "word"
  | "enter"
  | "no-key"
  | "end-of-input"
  | "pasted"
  | "too-long"
  | "too-early"
  | "key-for-word"
  | "not-offered"
  | "wrong-word"
  | "wrong-fingerprint"
  | "other-text"
  | "bad-host"
  | "interrupted"
  | "hung-up"
  | "withdrawn"
  | "unsafe";

/** A question on its way to an answer. Frozen. */
export interface QuestionState {
  /** The question. */
  readonly question: Question;
  /** Where it stands. */
  readonly phase: Phase;
  /** What is asked now: for the host (NET-02), or for consent. */
  readonly step: "host" | "consent";
  /** The destination's host as far as it is known: the program's, or the one the operator typed. */
  readonly host: CanonicalHost | null;
  /** Whether `host` was typed by the operator. */
  readonly hostTyped: boolean;
  /** Why a key is not enough, or null. */
  readonly risk: Risk | null;
  /** The word to type instead of a key, or before the key of an answer that is remembered. */
  readonly word: string;
  /** Whether the operator was told that a remembered answer takes the word. */
  readonly wordTold: boolean;
  /** Monotonic time in milliseconds from which on input counts; Infinity before the question was drawn. */
  readonly readyAtMs: number;
  /** How many unknown keys may follow. */
  readonly reasksLeft: number;
  /** How often a host may be typed. */
  readonly hostTriesLeft: number;
  /** The page of values shown in phase `paging`, from 0. */
  readonly page: number;
  /** What to tell before the next line is read, or null. */
  readonly notice: Notice | null;
  /** The answer, in phase `answered` only. */
  readonly answer: Answer | null;
  /** What brought it about, in phase `answered` only. */
  readonly cause: Cause | null;
}

/** What the session saw. Times are monotonic milliseconds. */
export type PromptEvent =
  /** The question is on the screen, and everything typed before was thrown away. */
  | { readonly kind: "drawn"; readonly atMs: number }
  /** The delay is over and what was typed meanwhile was thrown away: `discarded` says whether there was any. */
  | { readonly kind: "armed"; readonly atMs: number; readonly discarded: boolean }
  /** A line was completed. */
  | {
    readonly kind: "line";
    readonly atMs: number;
    readonly text: string;
    readonly cut: boolean;
    readonly more: boolean;
  }
  /** The last page of values was shown, or the operator has seen enough. */
  | { readonly kind: "paged" }
  /** The process left the foreground: the question must be put anew. */
  | { readonly kind: "background" }
  /** It ended without an answer. */
  | { readonly kind: "end-of-input" | "interrupted" | "hung-up" | "withdrawn" | "unsafe" };

const { freeze } = Object;

/**
 * Begins a question.
 *
 * @param question The question.
 * @param word The random word that stands in for a key if the question is, or turns out, risky.
 */
export function startQuestion(question: Question, word: string): QuestionState {
  const { destination } = question.descriptor;
  return freeze({
    question,
    phase: "draining",
    step: destination === null ? "host" : "consent",
    host: destination?.host ?? null,
    hostTyped: false,
    risk: question.peerKey !== null ? "new-key" : question.risk ?? lookAlike(destination?.host ?? null),
    word,
    wordTold: false,
    readyAtMs: Infinity,
    reasksLeft: MAX_REASKS,
    hostTriesLeft: MAX_HOST_TRIES,
    page: 0,
    notice: null,
    answer: null,
    cause: null,
  });
}

/**
 * Takes one event into account. An answered question stays answered.
 *
 * @param state Where the question stands.
 * @param event What was seen.
 * @returns Where it stands now.
 */
export function advanceQuestion(state: QuestionState, event: PromptEvent): QuestionState {
  if (state.phase === "answered") return state;
  switch (event.kind) {
    case "drawn":
      return changed(state, { phase: "arming", readyAtMs: event.atMs + ARM_DELAY_MS, notice: null });
    case "armed":
      if (state.phase !== "arming" || event.atMs < state.readyAtMs) return state;
      return changed(state, { phase: "asking", notice: event.discarded ? { kind: "early" } : null });
    case "line":
      return onLine(state, event);
    case "paged":
    case "background":
      return redraw(state);
    case "end-of-input":
      return deny(state, { reason: "refused", cause: event.kind });
    default:
      return deny(state, { reason: "aborted", cause: event.kind });
  }
}

function onLine(state: QuestionState, line: Extract<PromptEvent, { kind: "line" }>): QuestionState {
  if (line.more) return refuse(state, "pasted");
  if (line.cut) return refuse(state, "too-long");
  if (state.phase === "paging") return onPagingLine(state, line.text);
  if (state.phase !== "asking" || line.atMs < state.readyAtMs) return refuse(state, "too-early");
  const text = trimBlanks(line.text);
  if (text === "") return refuse(state, "enter");
  if (text === "?") return changed(state, { phase: "paging", page: 0, notice: null });
  if (state.step === "host") return onHost(state, text);
  return state.risk === null ? onKey(state, text) : onWord(state, text);
}

function onPagingLine(state: QuestionState, text: string): QuestionState {
  return trimBlanks(text) === "" ? changed(state, { page: state.page + 1 }) : redraw(state);
}

/** The host is looked at like any other; the question about it is then a new one, with its own delay. */
function onHost(state: QuestionState, text: string): QuestionState {
  let host: CanonicalHost;
  try {
    host = canonicalHost(text);
  } catch (error) {
    const hostTriesLeft = state.hostTriesLeft - 1;
    if (hostTriesLeft <= 0 || !isParleyError(error)) return refuse(state, "bad-host");
    return changed(state, { hostTriesLeft, notice: { kind: "bad-host", message: error.message } });
  }
  const risk = riskOfHost(host) ?? state.question.risk ?? lookAlike(host);
  return redraw(changed(state, { step: "consent", host, hostTyped: true, risk }));
}

function onKey(state: QuestionState, text: string): QuestionState {
  const key = asciiLower(text).replace(/ +/g, " ");
  if (key === "n" || key === "no") return refuse(state, "no-key");
  if (key === "y" && offers(state, "once")) return allow(state, { lifetime: "once", cause: "key" });
  if (key === "r" && offers(state, "run")) return allow(state, { lifetime: "run", cause: "key" });
  if (!offers(state, "always")) return onUnknown(state, text);
  // What is remembered is never a matter of keys alone (CON-10).
  if (key === "a") return onPlainAlways(state);
  return key === `${state.word} a` ? allow(state, { lifetime: "always", cause: "word" }) : onUnknown(state, text);
}

function onWord(state: QuestionState, text: string): QuestionState {
  const typed = asciiLower(text).replace(/ +/g, " ");
  if (typed === "n" || typed === "no") return refuse(state, "no-key");
  if (typed === "y" || typed === "r" || typed === "yes") return refuse(state, "key-for-word");
  if (typed === "a" && offers(state, "always")) return onPlainAlways(state);
  const fingerprint = state.question.peerKey?.spkiSha256 ?? null;
  const lifetime = typedLifetime(typed, { word: state.word, fingerprint });
  if (lifetime === "wrong-fingerprint") return refuse(state, lifetime);
  if (lifetime !== null) {
    return offers(state, lifetime) ? allow(state, { lifetime, cause: "word" }) : refuse(state, "not-offered");
  }
  return [...text].length === 1 ? onUnknown(state, text) : refuse(state, "wrong-word");
}

function onPlainAlways(state: QuestionState): QuestionState {
  if (state.wordTold) return refuse(state, "key-for-word");
  return changed(state, { wordTold: true, notice: { kind: "word-for-always" } });
}

function onUnknown(state: QuestionState, text: string): QuestionState {
  if ([...text].length !== 1) return refuse(state, "other-text");
  if (state.reasksLeft === 0) return refuse(state, "other-text");
  return changed(state, { reasksLeft: state.reasksLeft - 1, notice: { kind: "unknown-key" } });
}

function lookAlike(host: CanonicalHost | null): Risk | null {
  return host?.kind === "name" && isLookAlike(host.text) ? "look-alike" : null;
}

/** Lower case for ASCII alone: other letters whose lower case is ASCII (the Kelvin sign) stay what they are. */
function asciiLower(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : text;
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, "");
}

function offers(state: QuestionState, lifetime: Lifetime): boolean {
  return state.question.lifetimes.includes(lifetime);
}

function redraw(state: QuestionState): QuestionState {
  return changed(state, { phase: "draining", readyAtMs: Infinity, page: 0, notice: null });
}

function allow(state: QuestionState, how: { readonly lifetime: Lifetime; readonly cause: Cause }): QuestionState {
  const host = state.hostTyped && state.host !== null ? state.host.text : null;
  const answer: Answer = freeze({ kind: "allow", lifetime: how.lifetime, host });
  return changed(state, { phase: "answered", notice: null, answer, cause: how.cause });
}

function refuse(state: QuestionState, cause: Cause): QuestionState {
  return deny(state, { reason: "refused", cause });
}

function deny(state: QuestionState, why: { readonly reason: DenyReason; readonly cause: Cause }): QuestionState {
  const answer: Answer = freeze({ kind: "deny", reason: why.reason });
  return changed(state, { phase: "answered", notice: null, answer, cause: why.cause });
}

function changed(state: QuestionState, change: Partial<QuestionState>): QuestionState {
  return freeze({ ...state, ...change });
}
