/** Makes a logged decision again, from its line and the policy that held, and compares (CON-22). Pure. */
import { parseDestination } from "../../core/destination.ts";
import { ParleyError } from "../../core/errors.ts";
import { decide, type Decision, type DecisionFacts } from "../decision.ts";
import type { Descriptor, ProxyRoute, TlsClaims } from "../descriptor.ts";
import type { Policy } from "../policy.ts";
import { type Requester, REQUESTER_SCHEMA } from "../requester.ts";
import type { Digest } from "./append_log_port.ts";
import type {
  DecisionEntry,
  LoggedDescriptor,
  LoggedFacts,
  LoggedRequester,
  LoggedRoute,
  LoggedTls,
  RecordHead,
} from "./audit_record.ts";
import { isLoggedAs, type LoggedText, shownText } from "./audit_text.ts";

/** What came of making a decision again. */
export type Replay =
  | { readonly kind: "agrees" }
  /** Both as `deny by managed (policy.json#3)`; not escaped. */
  | { readonly kind: "differs"; readonly logged: string; readonly replayed: string }
  | { readonly kind: "not-replayable"; readonly reason: string };

/**
 * Makes a decision again.
 *
 * @param record The line.
 * @param policy The policy of the line's fingerprint, or null when its snapshot is not there.
 * @param digest For texts that were cut.
 */
export function replayDecision(record: DecisionEntry & RecordHead, policy: Policy | null, digest: Digest): Replay {
  if (record.hashed) return { kind: "not-replayable", reason: "its destinations are hashed" };
  if (policy === null) return { kind: "not-replayable", reason: "the snapshot of its policy is not there" };
  const descriptor = readDescriptor(record.what);
  if (descriptor === null) return { kind: "not-replayable", reason: "what was asked for cannot be read" };
  const requester = requesterOf(record, originOf(record.who.origin, policy, digest));
  const decision = decide({ requester, descriptor }, policy, factsOf(record.facts));
  if (isSame(decision, record, digest)) return { kind: "agrees" };
  const rule = decision.kind === "ask" ? null : decision.rule?.id ?? null;
  return {
    kind: "differs",
    logged: outcomeText(record.decision, record.by, record.rule === null ? null : shownText(record.rule)),
    replayed: outcomeText(decision.kind, byOf(decision), rule),
  };
}

/** What decided: a refusal or a source; null for a question. As the broker logs it. */
function byOf(decision: Decision): string | null {
  return decision.kind === "deny" ? decision.refusal : decision.kind === "allow" ? decision.source : null;
}

function isSame(decision: Decision, record: DecisionEntry, digest: Digest): boolean {
  if (decision.kind !== record.decision || byOf(decision) !== record.by) return false;
  const rule = decision.kind === "ask" ? null : decision.rule;
  if (rule === null || record.rule === null) return rule === null && record.rule === null;
  return isLoggedAs(rule.id, record.rule, digest);
}

/** An origin that was cut is one of the policy's by its hash; every origin that no rule names is decided alike. */
function originOf(origin: LoggedText, { rules }: Policy, digest: Digest): string {
  if (typeof origin === "string") return origin;
  for (const { origins } of rules) {
    const same = origins?.find((one) => isLoggedAs(one, origin, digest));
    if (same !== undefined) return same;
  }
  // No rule can name it, because it begins with what no origin does.
  return `cut:${origin.sha256}`;
}

function requesterOf({ who, pid }: { readonly who: LoggedRequester; readonly pid: number }, origin: string): Requester {
  const { kind, role, inside, evidence, rememberable, insecure, main } = who;
  return Object.freeze({
    schema: REQUESTER_SCHEMA,
    origin,
    kind,
    role,
    ...(inside === null ? {} : { inside: shownText(inside) }),
    evidence,
    insecure: textOrNull(insecure),
    rememberable,
    mainSha256: main,
    lockSha256: null,
    modules: [],
    pid,
  });
}

function factsOf(facts: LoggedFacts): DecisionFacts {
  const { insecure, context, restricted, runtime, stored, limited, blocked, timeMs } = facts;
  return Object.freeze({
    insecure: textOrNull(insecure),
    context,
    restricted,
    runtime,
    stored: stored === null ? null : {
      effect: stored.effect,
      lifetime: stored.lifetime,
      id: shownText(stored.id),
      changed: textOrNull(stored.changed),
    },
    limited,
    blocked,
    timeMs,
  });
}

function readDescriptor(what: LoggedDescriptor): Descriptor | null {
  try {
    return descriptorOf(what);
  } catch (error) {
    if (error instanceof ParleyError) return null;
    throw error;
  }
}

/** @throws {ParleyError} when a destination is none. */
function descriptorOf(
  { feature, transport, to, port, tls, via, broadcast, source }: LoggedDescriptor,
): Descriptor | null {
  if (typeof port !== "number" || (to !== null && typeof to !== "string")) return null;
  const destination = to === null ? null : parseDestination(to);
  if (feature === "direct-sockets") {
    const claims = tls === null ? null : claimsOf(tls);
    const route = via === null ? null : routeOf(via);
    if (claims === undefined || route === undefined) return null;
    return Object.freeze({ name: feature, transport, destination, port, tls: claims, via: route, broadcast });
  }
  if (destination === null || tls !== null || via !== null) return null;
  if (feature === "listen") return Object.freeze({ name: feature, transport, destination, port, tls });
  if (transport !== "udp") return null;
  if (feature === "udp-peers") return Object.freeze({ name: feature, transport, destination, port, tls });
  return Object.freeze({ name: feature, transport, destination, port, source, tls });
}

function claimsOf({ mode, name, ca, client, required }: LoggedTls): TlsClaims | undefined {
  if (typeof name !== "string") return undefined;
  return Object.freeze({ mode, serverName: name, caSha256: ca, clientCertSha256: client, required });
}

function routeOf({ protocol, to, remoteDns }: LoggedRoute): ProxyRoute | undefined {
  if (typeof to !== "string") return undefined;
  return Object.freeze({ protocol, destination: parseDestination(to), remoteDns });
}

function textOrNull(text: LoggedText | null): string | null {
  return text === null ? null : shownText(text);
}

function outcomeText(decision: string, by: string | null, rule: string | null): string {
  return `${decision}${by === null ? "" : ` by ${by}`}${rule === null ? "" : ` (${rule})`}`;
}
