/** What the operator is told of a refusal. The program is told none of it (NET-17). */
import { formatDestination } from "../core/destination.ts";
import { escapeText } from "../core/escape.ts";
import type { Decision, Refusal } from "./decision.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Requester } from "./requester.ts";

const TEXTS: ReadonlyMap<Refusal, string> = new Map<Refusal, string>([
  ["insecure", "the program's code is not to be trusted"],
  ["broken-policy", "a policy file is not valid, and nothing is allowed until it is"],
  ["managed", "the managed policy of this machine refuses it"],
  ["context", "it was asked from a Worker, a library or a second copy of Parley, and nothing was delegated there"],
  ["restricted", "the program gave this up earlier"],
  ["runtime", "the runtime's own permissions refuse it"],
  ["flag", "it was refused at launch"],
  ["operator", "your policy file refuses it"],
  ["stored", "it was refused earlier"],
  ["address", "no connection can be made to this address"],
  ["rate", "there were too many attempts in a short time"],
  ["unwritten", "the audit log cannot be written, and the policy requires it"],
  ["prompt-disabled", "the policy approves nothing of the kind and lets nobody be asked"],
  ["blocked", "it was refused too often; start the program again to be asked again"],
]);

/** Why a request was refused, with the rule that says so. Escaped. */
export function denialText({ insecure }: Requester, { refusal, rule }: Extract<Decision, { kind: "deny" }>): string {
  const text = TEXTS.get(refusal) ?? refusal;
  if (refusal === "insecure" && insecure !== null) return `${text}: ${escapeText(insecure)}`;
  return rule === null ? text : `${text} (${escapeText(rule.id)})`;
}

/** Who asked for what, to stand after "refused". Escaped. */
export function requestText(requester: Requester, descriptor: Descriptor): string {
  const { destination, port } = descriptor;
  const where = destination === null ? `port ${port} of a host to be chosen` : formatDestination(destination);
  const what = descriptor.name !== "direct-sockets"
    ? "the use of"
    : descriptor.transport === "udp"
    ? "datagrams to"
    : "a connection to";
  return `${escapeText(requester.origin)} ${what} ${escapeText(where)}`;
}
