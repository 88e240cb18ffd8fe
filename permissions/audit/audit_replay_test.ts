import assert from "node:assert/strict";
import { auditFixture } from "../../tests/fuzz/audit_fixture.ts";
import { REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { HARMLESS_FACTS, policy, rule } from "../../tests/support/policy_fixture.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";
import { fixedPolicy } from "../policy.ts";
import type { AuditEvent } from "./audit_port.ts";
import type { AuditRecord } from "./audit_record.ts";
import { parseAuditLine } from "./parse_audit_line.ts";
import { replayDecision } from "./audit_replay.ts";

const POLICY = policy([
  rule("managed", "deny", "mail.example:25", { id: "a.json#1" }),
  rule("operator", "allow", "*.lab.example:*", { id: "policy.json#1", origins: [REQUESTER.origin] }),
]);

function decisionLine(how: Partial<Extract<AuditEvent, { event: "decision" }>>): string {
  const { audit, log } = auditFixture({ policy: fixedPolicy(POLICY) });
  const facts = HARMLESS_FACTS;
  audit.record({
    event: "decision",
    requester: REQUESTER,
    descriptor: tcp("mail.example", 25),
    facts,
    decision: "deny",
    by: "managed",
    rule: "a.json#1",
    unenforced: false,
    ...how,
  });
  return log.lines[1] ?? "";
}

function replay(line: string, held: typeof POLICY | null = POLICY): ReturnType<typeof replayDecision> {
  const parsed = parseAuditLine(line);
  assert.ok(parsed.kind === "record" && parsed.record.event === "decision");
  return replayDecision(parsed.record as Extract<AuditRecord, { event: "decision" }>, held, nodeDigest);
}

test("CON-22 a decision made again from its line and its policy is the same", () => {
  assert.deepEqual(replay(decisionLine({})), { kind: "agrees" });
  const lab = {
    descriptor: tcp("a.lab.example", 22),
    decision: "allow",
    by: "operator",
    rule: "policy.json#1",
  } as const;
  assert.deepEqual(replay(decisionLine(lab)), { kind: "agrees" });
});

test("CON-22 a line that says something else than was decided differs, and both are told", () => {
  const differs = (logged: string, replayed: string): unknown => ({ kind: "differs", logged, replayed });
  assert.deepEqual(
    replay(decisionLine({ decision: "allow", by: "flag", rule: "--allow#1" })),
    differs("allow by flag (--allow#1)", "deny by managed (a.json#1)"),
  );
  assert.deepEqual(
    replay(decisionLine({ rule: "a.json#2" })),
    differs("deny by managed (a.json#2)", "deny by managed (a.json#1)"),
  );
  assert.deepEqual(replay(decisionLine({ rule: null })), differs("deny by managed", "deny by managed (a.json#1)"));
  assert.deepEqual(
    replay(decisionLine({}).replace("mail.example:25", "mail.example:26")),
    differs("deny by managed (a.json#1)", "ask"),
  );
  assert.deepEqual(replay(decisionLine({}), policy([])), differs("deny by managed (a.json#1)", "ask"));
});

test("CON-22 an origin too long for a line is found by its hash among those of the policy", () => {
  const origin = `file:///${"d/".repeat(3000)}main.ts`;
  const requester = { ...REQUESTER, origin };
  const descriptor = tcp("a.lab.example", 22);
  const held = policy([rule("operator", "allow", "*.lab.example:*", { origins: ["npm:x", origin], id: "p#1" })]);
  const line = decisionLine({ requester, descriptor, decision: "allow", by: "operator", rule: "p#1" });
  assert.deepEqual(replay(line, held), { kind: "agrees" });
  assert.equal(replay(line).kind, "differs");
});

test("CON-22 what cannot be made again is said to be so", () => {
  assert.deepEqual(replay(decisionLine({}), null), {
    kind: "not-replayable",
    reason: "the snapshot of its policy is not there",
  });
  assert.deepEqual(replay(decisionLine({}).replace('"hashed":false', '"hashed":true')), {
    kind: "not-replayable",
    reason: "its destinations are hashed",
  });
  assert.deepEqual(replay(decisionLine({}).replace('"to":"mail.example:25"', '"to":"127.1:25"')), {
    kind: "not-replayable",
    reason: "what was asked for cannot be read",
  });
});
