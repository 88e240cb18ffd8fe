/** The sentence that repeats what was decided, and why, after a question. */
import { type Destination, formatDestination, makeDestination } from "../../core/destination.ts";
import { escapeText, shellQuote } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { Lifetime } from "../prompter.ts";
import type { Cause, QuestionState } from "./model.ts";

const CAUSES: ReadonlyMap<Cause, string> = new Map<Cause, string>([
  ["enter", "you pressed Enter alone"],
  ["no-key", "you said no"],
  ["end-of-input", "Ctrl-D"],
  ["pasted", "more than one line came at once, which counts as no"],
  ["too-long", "the line was too long"],
  ["too-early", "the line came before the question was ready"],
  ["key-for-word", "this answer takes the word, not a single key"],
  ["not-offered", "that duration is not offered here"],
  ["wrong-word", "that was not the word"],
  ["wrong-fingerprint", "that is the fingerprint of another key"],
  ["other-text", "that was none of the answers"],
  ["bad-host", "no host was given that can be used"],
  ["interrupted", "interrupted"],
  ["hung-up", "the terminal is gone"],
  ["withdrawn", "the program withdrew the question"],
  ["unsafe", "keys kept coming, so no answer could be trusted"],
]);

const DURATIONS: Readonly<Record<Lifetime, string>> = Object.freeze({
  __proto__: null as never,
  once: "Allowed once",
  run: "Allowed until the program ends",
  always: "Allowed always",
});

/**
 * What was decided, in one sentence without line ends.
 *
 * @param state An answered question.
 */
export function echoSentence(state: QuestionState): string {
  const { question, answer, host, cause } = state;
  const where = host === null
    ? `port ${question.descriptor.port}`
    : formatHostPort(host.text, question.descriptor.port);
  const shown = escapeText(where, { maxLength: Infinity });
  if (answer?.kind === "allow") {
    return `${DURATIONS[answer.lifetime]}: ${shown} (question ${question.number})`;
  }
  const why = cause === null ? undefined : CAUSES.get(cause);
  return `Not allowed: ${shown} (question ${question.number})${why === undefined ? "" : `: ${why}`}`;
}

/**
 * The command that takes a remembered answer back, of canonical values only; null for an answer that is not remembered.
 *
 * @param state An answered question.
 */
export function revokeCommand(state: QuestionState): string | null {
  if (state.answer?.kind !== "allow" || state.answer.lifetime !== "always") return null;
  const { peerKey } = state.question;
  if (peerKey !== null) return `parley pins remove ${shellQuote(formatHostPort(peerKey.host, peerKey.port))}`;
  const destination = chosenDestination(state);
  if (destination === null) return "parley permissions list";
  return `parley permissions revoke ${shellQuote(formatDestination(destination))}`;
}

/** The destination, with the host that the operator typed. */
function chosenDestination({ question: { descriptor }, host }: QuestionState): Destination | null {
  if (descriptor.destination !== null || host === null) return descriptor.destination;
  const scheme = descriptor.tls?.mode === "open" ? "tls" : descriptor.transport;
  return makeDestination({ scheme, host, port: descriptor.port });
}
