import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "../../core/manual_clock.ts";
import { auditPlace } from "../../runtime/_node/append_log_place.ts";
import { brokerFixture, NO, REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { policy } from "../../tests/support/policy_fixture.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { fixedPolicy } from "../policy.ts";
import type { AuditPlace } from "./append_log_port.ts";
import type { AuditSink } from "./audit_port.ts";
import { openAudit } from "./open_audit.ts";

const REQUIRED = fixedPolicy(policy([], { audit: "required" }));

function opened(place: AuditPlace | undefined, isPrivate: boolean): AuditSink {
  const options = { clock: new ManualClock(), policy: REQUIRED, pid: 42 } as const;
  return openAudit(place, { ...options, report: () => {}, isPrivate });
}

/** How many questions a request came to. */
async function questionsOf(audit: AuditSink): Promise<number> {
  const { broker, questions } = brokerFixture([NO], { audit, policy: REQUIRED });
  const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  return questions.length;
}

test("CON-22 the log is opened with the first line, and ended with the process", async () => {
  await using temp = await makeTempDirectory("audit");
  const exits: (() => void)[] = [];
  const onExit = (callback: () => void): void => void exits.push(callback);
  const audit = opened(auditPlace({ variable: () => temp.path, obstacle: () => null, onExit }), false);
  assert.deepEqual(readdirSync(temp.path), []);
  assert.equal(await questionsOf(audit), 1);
  for (const exit of exits) exit();
  const lines = readFileSync(join(temp.path, "parley", "audit.jsonl"), "utf8").trimEnd().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line).event), ["policy", "decision", "answer", "end"]);
});

test("NET-20 in private mode nothing is written, and nobody asks for the end of the process", async () => {
  await using temp = await makeTempDirectory("audit");
  const onExit = (): void => assert.fail("asked for");
  const audit = opened(auditPlace({ variable: () => temp.path, obstacle: () => null, onExit }), true);
  await questionsOf(audit);
  assert.equal(existsSync(join(temp.path, "parley")), false);
});

test("CON-22 where the runtime cannot write and the policy requires the log, nobody is asked and nothing is approved", async () => {
  const place = auditPlace({ variable: () => "/nonexistent", obstacle: () => "Deno may not", onExit: () => {} });
  assert.equal(await questionsOf(opened(place, false)), 0);
  assert.equal(await questionsOf(opened(undefined, false)), 1);
});
