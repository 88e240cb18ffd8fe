/** The broker's question about the key of a far end: like any other, under the policy, numbered and written down. */
import type { BrokerInit } from "../broker.ts";
import type { Grant } from "../grant.ts";
import type { Answer } from "../prompter.ts";
import { keyQuestion } from "./key_question.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";

/** What is asked, and how. */
export interface AskAboutKey {
  /** The approval of the connection; no byte of the program has passed. */
  readonly grant: Grant;
  /** What the far end showed. */
  readonly facts: PeerKeyFacts;
  /** The question's number within the process. */
  readonly number: number;
  /** Withdraws the question. */
  readonly signal: AbortSignal;
  /** Whether the key can be pinned. */
  readonly remembers: boolean;
}

/**
 * Has the operator decide about a key.
 *
 * @param broker What the broker is made of.
 * @param asked What is asked.
 */
export async function askAboutKey(
  { policy, prompter, preapprove, audit }: Pick<BrokerInit, "policy" | "prompter" | "preapprove" | "audit">,
  { grant, facts, number, signal, remembers }: AskAboutKey,
): Promise<Answer> {
  const { prompt, locked } = policy.current.settings;
  if (!prompt) return { kind: "deny", reason: "no-terminal" };
  const question = keyQuestion(grant, facts, { number, remembers: remembers && !locked, preapprove });
  const answer = await prompter.ask(question, signal);
  const { requester, descriptor } = grant;
  const said = answer.kind === "deny" ? answer.reason : answer.lifetime;
  audit.record({ event: "answer", requester, descriptor, answer: `key ${said}` });
  // A prompter cannot give more than was offered.
  if (answer.kind === "deny" || question.lifetimes.includes(answer.lifetime)) return answer;
  return { ...answer, lifetime: "once" };
}
