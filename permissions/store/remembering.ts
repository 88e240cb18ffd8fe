/** What is never remembered, whoever asks for it: the last look before an answer is written, and the first after it is read. */
import type { Descriptor } from "../descriptor.ts";
import { lifetimesOffered } from "../lifetimes.ts";
import type { Requester } from "../requester.ts";
import { riskOf } from "../risk.ts";
import type { GrantRecord } from "./grant_record.ts";

/** An answer that is to be remembered. */
export interface Rememberable extends Pick<GrantRecord, "effect" | "by"> {
  /** Who asks. */
  readonly requester: Pick<Requester, "origin" | "kind" | "evidence">;
  /** For what. */
  readonly descriptor: Descriptor;
}

/**
 * Why an answer cannot be remembered.
 *
 * A refusal can be, of anything. An approval can be of what a question would offer it for; the operator's own command may
 * approve what is risky for code that nobody vouched for, because no program had the question put (CON-18).
 *
 * @param answer The answer.
 * @returns The reason, in words for the operator; null when it can.
 */
export function whyNotRemembered({ effect, by, requester, descriptor }: Rememberable): string | null {
  const { origin, kind } = requester;
  if (kind === "opaque") return "code without a name is never remembered";
  if (origin.startsWith("http:")) return "an origin that came over plain http is never remembered";
  if (descriptor.destination === null) return "no host was chosen";
  if (effect === "deny") return null;
  const risk = riskOf(descriptor);
  if (risk === "metadata") return "what hands out the credentials of a cloud machine is never approved for good";
  const asked = { ...requester, rememberable: true, evidence: by === "command" ? "launcher" : requester.evidence };
  const terms = { requester: asked as Requester, descriptor, risk, remembers: true, wanted: null };
  return lifetimesOffered(terms).includes("always") ? null : "a request of this kind is never approved for good";
}
