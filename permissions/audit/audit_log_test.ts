import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { type AuditFixture, auditFixture } from "../../tests/fuzz/audit_fixture.ts";
import { brokerFixture, NO, ONCE, REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { ChangingPolicy, HARMLESS_FACTS, policy, rule } from "../../tests/support/policy_fixture.ts";
import { fixedPolicy } from "../policy.ts";
import type { Descriptor } from "../descriptor.ts";
import type { AuditEvent } from "./audit_port.ts";

const MAIL = tcp("mail.example", 25);
const OTHER = tcp("other.example", 25);

function decision(descriptor: Descriptor, how: Partial<Extract<AuditEvent, { event: "decision" }>> = {}): AuditEvent {
  return {
    event: "decision",
    requester: REQUESTER,
    descriptor,
    facts: HARMLESS_FACTS,
    decision: "deny",
    by: "managed",
    rule: "m.json#1",
    unenforced: false,
    ...how,
  };
}

const OPENED: AuditEvent = {
  event: "opened",
  requester: REQUESTER,
  descriptor: OTHER,
  address: "192.0.2.1",
  detail: "NOT ENCRYPTED",
};

/** Event, and the count of a repeated refusal. */
function events({ log }: AuditFixture): string[] {
  return log.records.map((record) => record.event === "repeated" ? `repeated ${record.repeated}` : record.event);
}

test("CON-22 the same refusal within a minute is one line, and one with a count when the minute is over", async () => {
  const fixture = auditFixture();
  const { audit, clock, log } = fixture;
  for (let tries = 0; tries < 1000; tries++) assert.ok(audit.record(decision(MAIL)));
  assert.deepEqual(events(fixture), ["policy", "decision"]);
  await clock.advance(59_999);
  assert.deepEqual(events(fixture), ["policy", "decision"]);
  await clock.advance(1);
  assert.deepEqual(events(fixture), ["policy", "decision", "repeated 999"]);
  const last = log.records.at(-1);
  assert.ok(last?.event === "repeated");
  assert.equal(last.of, 2);
  assert.equal(last.by, "managed");
  assert.equal(last.what.to, "mail.example:25");
  assert.equal(clock.pendingTimers, 0);
  audit.record(decision(MAIL));
  assert.deepEqual(events(fixture).at(-1), "decision");
});

test("CON-22 another refusal, requester, rule or destination is a line of its own", () => {
  const fixture = auditFixture();
  const { audit } = fixture;
  audit.record(decision(MAIL));
  audit.record(decision(OTHER));
  audit.record(decision(MAIL, { by: "rate" }));
  audit.record(decision(MAIL, { rule: "m.json#2" }));
  audit.record(decision(MAIL, { requester: { ...REQUESTER, origin: "npm:other" } }));
  audit.record(decision(MAIL, { requester: { ...REQUESTER, role: "worker" } }));
  assert.deepEqual(events(fixture), ["policy", ...Array.from({ length: 6 }, () => "decision")]);
});

test("CON-22 what was counted stands before whatever else happens, and counting goes on", () => {
  const fixture = auditFixture();
  const { audit } = fixture;
  for (let tries = 0; tries < 3; tries++) audit.record(decision(MAIL));
  audit.record(OPENED);
  audit.record(OPENED);
  for (let tries = 0; tries < 2; tries++) audit.record(decision(MAIL));
  audit.end();
  assert.deepEqual(events(fixture), [
    "policy",
    "decision",
    "repeated 2",
    "opened",
    "opened",
    "repeated 2",
    "end",
  ]);
});

test("CON-22 approvals, questions and what is let through unenforced are written each time", () => {
  const fixture = auditFixture();
  const { audit } = fixture;
  for (let tries = 0; tries < 2; tries++) {
    audit.record(decision(MAIL, { decision: "allow", by: "flag" }));
    audit.record(decision(MAIL, { decision: "ask", by: null, rule: null }));
    audit.record(decision(MAIL, { unenforced: true }));
  }
  assert.equal(events(fixture).filter((event) => event === "decision").length, 6);
});

test("CON-22 a scan of a thousand destinations is a thousand lines, and holds a bounded number in mind", async () => {
  const fixture = auditFixture();
  const { audit, clock } = fixture;
  for (let index = 0; index < 1000; index++) {
    audit.record(decision(tcp(`h${index}.example`, 25)));
    audit.record(decision(tcp(`h${index}.example`, 25)));
  }
  // What had no room any more has its count written at once.
  assert.equal(events(fixture).filter((event) => event === "decision").length, 1000);
  assert.equal(events(fixture).filter((event) => event === "repeated 1").length, 1000 - 256);
  await clock.advance(60_000);
  assert.equal(events(fixture).filter((event) => event === "repeated 1").length, 1000);
});

test("CON-22 a decision names the policy that held, whose snapshot is kept once, and another is told of", () => {
  const source = new ChangingPolicy(policy([rule("managed", "deny", "mail.example:25")]));
  const fixture = auditFixture({ policy: source });
  const { audit, log } = fixture;
  assert.deepEqual(log.lines, []);
  audit.record(decision(MAIL));
  audit.record(decision(MAIL));
  source.change(policy([], {}, ["operator"]));
  audit.record(decision(MAIL));
  source.change(policy([rule("managed", "deny", "mail.example:25")]));
  audit.record(OPENED);
  assert.deepEqual(events(fixture), ["policy", "decision", "repeated 1", "policy", "decision", "policy", "opened"]);
  const [first, decided, , second, again, third] = log.records;
  assert.ok(first?.event === "policy" && second?.event === "policy" && third?.event === "policy");
  assert.ok(decided?.event === "decision" && again?.event === "decision");
  assert.equal(decided.policy, first.policy);
  assert.equal(again.policy, second.policy);
  assert.equal(third.policy, first.policy);
  assert.deepEqual([first.rules, first.broken, second.rules, second.broken], [1, [], 0, ["operator"]]);
  assert.deepEqual([...log.policies.keys()], [first.policy, second.policy]);
});

test("CON-22 a process that decides nothing writes nothing, not even that the policy changed or that it ended", () => {
  const source = new ChangingPolicy(policy([]));
  const { audit, log } = auditFixture({ policy: source });
  source.change(policy([rule("managed", "deny", "mail.example:25")]));
  audit.end();
  assert.deepEqual(log.lines, []);
});

test("CON-22 while the policy has the log switched off nothing is written, and the switching off is", () => {
  const source = new ChangingPolicy(policy([], { audit: "off" }));
  const fixture = auditFixture({ policy: source });
  assert.equal(fixture.audit.record(decision(MAIL)), true);
  assert.deepEqual(fixture.log.lines, []);
  source.change(policy([]));
  fixture.audit.record(decision(MAIL));
  source.change(policy([], { audit: "off" }));
  fixture.audit.record(decision(MAIL));
  assert.deepEqual(events(fixture), ["policy", "decision", "policy"]);
});

test("CON-22 what cannot be written is said so, the operator is told once, and the chain goes on unbroken after it", () => {
  const fixture = auditFixture();
  const { audit, log, reports } = fixture;
  audit.record(OPENED);
  log.full = new ParleyError("CONFIG_INVALID", "Cannot write to the audit log /s\u001b: it took a part only");
  assert.equal(audit.record(OPENED), false);
  assert.equal(audit.record(decision(MAIL)), false);
  assert.equal(audit.record(decision(MAIL)), false);
  log.full = new TypeError("anything else");
  assert.equal(audit.record(OPENED), false);
  log.full = null;
  assert.equal(audit.record(OPENED), true);
  assert.deepEqual(log.records.map(({ seq }) => seq), [1, 2, 3]);
  assert.deepEqual(reports, [
    "parley: decisions are not written down: Cannot write to the audit log /s\\u{1b}: it took a part only",
  ]);
});

test("CON-22 where the log is required and cannot be written, the broker approves nothing and asks nobody", async () => {
  const required = policy([rule("managed", "allow", "mail.example:25")], { audit: "required" });
  const source = new ChangingPolicy(required);
  const { audit, log } = auditFixture({ policy: source });
  const { broker, questions } = brokerFixture([ONCE], { audit, policy: source });
  const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
  await broker.request(REQUESTER, MAIL, options);
  log.full = new ParleyError("CONFIG_INVALID", "Cannot write to the audit log: ENOSPC");
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  await assert.rejects(broker.request(REQUESTER, OTHER, options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 0);
  source.change(policy([rule("managed", "allow", "mail.example:25")], { audit: "on" }));
  await broker.request(REQUESTER, MAIL, options);
});

test("NET-17 the log has the full reason of each refusal, whatever the program is told", async () => {
  const source = new ChangingPolicy(policy([rule("managed", "deny", "mail.example:25", { id: "10-mail.json#3" })]));
  const { audit, log } = auditFixture({ policy: source });
  const { broker } = brokerFixture([NO], { audit, policy: source });
  const options = { signal: new AbortController().signal, lifetimes: null, claim: "SECRET CLAIM" };
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  await assert.rejects(broker.request(REQUESTER, OTHER, options), { code: "PERM_DENIED" });
  const [, refused, asked, answered] = log.records;
  assert.ok(refused?.event === "decision" && asked?.event === "decision" && answered?.event === "answer");
  assert.deepEqual([refused.decision, refused.by, refused.rule], ["deny", "managed", "10-mail.json#3"]);
  assert.equal(asked.decision, "ask");
  assert.equal(answered.answer, "refused");
  assert.doesNotMatch(log.lines.join("\n"), /SECRET/);
});

test("P-09 with hashed destinations no line and no snapshot names one, and equal ones stay equal", () => {
  const { audit, log } = auditFixture({ policy: fixedPolicy(policy([], { auditDestinations: "hashed" })) });
  const tls = {
    mode: "open",
    serverName: "mail.example",
    caSha256: "ca".repeat(32),
    clientCertSha256: "cc".repeat(32),
    required: true,
  } as const;
  const via = { protocol: "socks5", destination: tcp("mail.example", 25).destination!, remoteDns: true } as const;
  const descriptor = { ...tcp("mail.example", 25, tls), via };
  const stored = { effect: "allow", lifetime: "always", id: "mail.example", changed: null } as const;
  audit.record(decision(descriptor, { facts: { ...(decision(MAIL) as { facts: object }).facts, stored } as never }));
  audit.record({
    event: "failed",
    requester: REQUESTER,
    descriptor,
    address: "198.51.100.7",
    detail: "Cannot connect to mail.example port 25 (198.51.100.7): refused [NET_REFUSED], TLSv1.3",
  });
  audit.record({ ...OPENED, descriptor: OTHER } as AuditEvent);
  const text = log.lines.join("\n");
  assert.doesNotMatch(text, /mail|other|198\.51|"port":25|:25|cacaca|cccccc/);
  assert.equal(log.policies.size, 0);
  const [, decided, failed, opened] = log.records;
  assert.ok(decided?.event === "decision" && failed?.event === "failed" && opened?.event === "opened");
  assert.ok(decided.hashed);
  assert.match(String(decided.what.to), /^tls:\/\/#[0-9a-f]{16}:#[0-9a-f]{16}$/);
  assert.equal(decided.what.to, failed.what.to);
  assert.equal(decided.what.port, opened.what.port);
  assert.notEqual(decided.what.to, opened.what.to);
  assert.match(String(failed.detail), /^NET_REFUSED TLSv1\.3 #[0-9a-f]{16}$/);
});
