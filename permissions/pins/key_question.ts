/** The question about a key that nobody vouches for. */
import { type Destination, makeDestination } from "../../core/destination.ts";
import type { Grant } from "../grant.ts";
import type { Lifetime, Question } from "../prompter.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";

/** How the question is put. */
export interface KeyQuestionOptions {
  /** Its number within the process. */
  readonly number: number;
  /** Whether the key can be pinned; `only` where that is all that is asked. */
  readonly remembers: boolean | "only";
  /** The flag or variable that approves a destination, ready to be copied, or null. */
  preapprove(destination: Destination): string | null;
}

/**
 * Makes the question. A plain key never answers it: the operator types the random word, or the fingerprint.
 *
 * @param asked Who connects, and where to: the approval of the connection.
 * @param facts What the far end showed.
 * @param options How it is put.
 */
export function keyQuestion(
  asked: Pick<Grant, "requester" | "descriptor" | "destination">,
  facts: PeerKeyFacts,
  options: KeyQuestionOptions,
): Question {
  const { requester, descriptor, destination } = asked;
  const { remembers } = options;
  const lifetimes: readonly Lifetime[] = remembers === "only" ? ["always"] : remembers ? ["once", "always"] : ["once"];
  return Object.freeze<Question>({
    number: options.number,
    requester,
    descriptor,
    lifetimes,
    risk: "new-key",
    claim: null,
    changed: null,
    pinsCode: false,
    runtimeAsksToo: false,
    preapprove: options.preapprove(makeDestination({ ...destination, spki: facts.spkiSha256 })),
    peerKey: facts,
  });
}
