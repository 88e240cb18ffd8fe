/** An answered request as a rule of a policy file, for review. What a rule would widen is not made into one. */
import { formatDestination } from "../../core/destination.ts";
import type { Descriptor } from "../descriptor.ts";
import { insideOf, type Requester } from "../requester.ts";

/** An answer. */
export interface AnsweredRequest {
  /** Who asked. */
  readonly requester: Pick<Requester, "origin" | "kind" | "inside">;
  /** For what. */
  readonly descriptor: Descriptor;
  /** What was answered. */
  readonly effect: "allow" | "deny";
}

/** A rule as it stands in a file. */
export interface RuleText {
  /** What it says. */
  readonly effect: "allow" | "deny";
  /** For which program. */
  readonly origin: string;
  /** Where to. */
  readonly to: string;
  /** What a reader has to know. */
  readonly note?: string;
}

/**
 * Makes the rule.
 *
 * @param answered The request and its answer.
 * @returns The rule, or why no rule says the same, in words that follow a colon.
 */
export function ruleForRequest(answered: AnsweredRequest): RuleText | { readonly reason: string } {
  const reason = whyNotExact(answered);
  const { requester, descriptor, effect } = answered;
  const { destination, tls } = descriptor;
  if (reason !== null || destination === null) return { reason: reason ?? "it has no destination" };
  const rule = { effect, origin: requester.origin, to: formatDestination(destination) };
  const upgrade = tls?.mode === "upgrade" && effect === "allow";
  return upgrade ? { ...rule, note: "was answered for STARTTLS; this rule allows plaintext, too" } : rule;
}

/**
 * A policy file of rules: ASCII JSON, so that nothing in it can act on a terminal.
 *
 * @param rules The rules.
 */
export function formatPolicyFile(rules: readonly RuleText[]): string {
  const escaped = JSON.stringify({ version: 1, rules }, null, 2).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `${escaped}\n`;
}

/** A refusal that says more than was refused would be no harm, and yet not what was answered. */
function whyNotExact({ descriptor, requester }: AnsweredRequest): string | null {
  if (descriptor.destination === null) return "it has no destination";
  if (requester.kind === "opaque") return "code without a name cannot be named in a rule";
  if (insideOf(requester) !== null) return "a rule does not tell in which program a library is used";
  if (descriptor.name === "direct-sockets-multicast") {
    return descriptor.source === null ? null : "a rule does not name the sender";
  }
  if (descriptor.name !== "direct-sockets") return null;
  const { tls, via, destination } = descriptor;
  if (via !== null) return "a rule does not name the proxy";
  if (tls === null) return null;
  if (tls.clientCertSha256 !== null) return "a rule does not name the client certificate";
  if (tls.caSha256 !== null) return "a rule does not name the program's own CA";
  return tls.serverName === destination.host.text ? null : "a rule does not name another certificate";
}
