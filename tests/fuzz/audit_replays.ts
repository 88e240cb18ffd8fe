/** Decides cases by chance, writes the decisions down, reads them again and makes them again. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decide } from "../../permissions/decision.ts";
import { MAX_LINE_BYTES } from "../../permissions/audit/audit_record.ts";
import { replayDecision } from "../../permissions/audit/audit_replay.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";
import { fixedPolicy } from "../../permissions/policy.ts";
import { type AuditCase, auditCases, type AuditRequest } from "./audit_cases.ts";
import { auditFixture } from "./audit_fixture.ts";

/** Outcomes, each with how often it came about. */
export type Outcomes = ReadonlyMap<string, number>;

const REQUESTS = 10;

/**
 * Makes decisions again.
 *
 * @param decisions How many, by tens.
 * @param seed Repeats a run; by chance when omitted.
 * @throws what `fast-check` throws for a decision that is not the same again.
 */
export function replayByChance(decisions: number, seed?: number): Outcomes {
  const outcomes = new Map<string, number>();
  const parameters = { numRuns: Math.ceil(decisions / REQUESTS), ...(seed === undefined ? {} : { seed }) };
  fc.assert(fc.property(auditCases(REQUESTS), (given) => replayAll(given, outcomes)), parameters);
  return outcomes;
}

function replayAll({ policy, requests }: AuditCase, outcomes: Map<string, number>): void {
  const { audit, log } = auditFixture({ policy: fixedPolicy(policy) });
  for (const request of requests) {
    const { decision, by, rule } = decided(request, { policy });
    // Refusals that come again are counted, not repeated: here each is to stand for itself.
    const unenforced = decision === "deny";
    assert.ok(audit.record({ event: "decision", ...request, decision, by, rule, unenforced }));
    const outcome = `${decision} ${by}`;
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  for (const line of log.lines) assert.ok(line.length < MAX_LINE_BYTES, `${line.length}`);
  const records = log.records.filter((record) => record.event === "decision");
  assert.equal(records.length, requests.length);
  for (const record of records) {
    assert.deepEqual(replayDecision(record, log.policy(record.policy), nodeDigest), { kind: "agrees" });
  }
}

function decided(
  { requester, descriptor, facts }: AuditRequest,
  { policy }: Pick<AuditCase, "policy">,
): { readonly decision: "allow" | "deny" | "ask"; readonly by: string | null; readonly rule: string | null } {
  const decision = decide({ requester, descriptor }, policy, facts);
  return {
    decision: decision.kind,
    by: decision.kind === "deny" ? decision.refusal : decision.kind === "allow" ? decision.source : null,
    rule: decision.kind === "ask" ? null : decision.rule?.id ?? null,
  };
}
