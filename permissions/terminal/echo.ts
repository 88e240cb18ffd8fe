/** The sentence that repeats what was decided, and why, after a question. */
import { escapeText } from "../../core/escape.ts";
import { formatHostPort } from "../../core/ip_address.ts";
import type { Cause, QuestionState } from "./model.ts";

const CAUSES: ReadonlyMap<Cause, string> = new Map<Cause, string>([
  ["enter", "you pressed Enter alone"],
  ["no-key", "you said no"],
  ["end-of-input", "Ctrl-D"],
  ["pasted", "more than one line came at once, which counts as no"],
  ["too-long", "the line was too long"],
  ["too-early", "the line came before the question was ready"],
  ["key-for-word", "this question takes the word, not a single key"],
  ["not-offered", "that duration is not offered here"],
  ["wrong-word", "that was not the word"],
  ["other-text", "that was none of the answers"],
  ["bad-host", "no host was given that can be used"],
  ["interrupted", "interrupted"],
  ["hung-up", "the terminal is gone"],
  ["withdrawn", "the program withdrew the question"],
  ["unsafe", "keys kept coming, so no answer could be trusted"],
]);

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
    const duration = answer.lifetime === "once" ? "Allowed once" : "Allowed until the program ends";
    return `${duration}: ${shown} (question ${question.number})`;
  }
  const why = cause === null ? undefined : CAUSES.get(cause);
  return `Not allowed: ${shown} (question ${question.number})${why === undefined ? "" : `: ${why}`}`;
}
