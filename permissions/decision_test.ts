import assert from "node:assert/strict";
import { REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { HARMLESS_FACTS, policy, rule } from "../tests/support/policy_fixture.ts";
import { decide, type Decision, type DecisionFacts } from "./decision.ts";
import { connectDescriptor, type Descriptor } from "./descriptor.ts";
import { mainRequester } from "./main_requester.ts";
import type { PolicySettings } from "./policy.ts";
import type { Rule, RuleAuthor } from "./rule.ts";
import type { StoredDecision } from "./store.ts";

const FACTS: DecisionFacts = { ...HARMLESS_FACTS, timeMs: 1_000 };
const MAIL = tcp("mail.example", 25);

function stored(effect: "allow" | "deny", lifetime: "run" | "always", changed: string | null = null): StoredDecision {
  return { effect, lifetime, id: `${effect}-${lifetime}`, changed };
}

interface Case {
  readonly rules?: readonly Rule[];
  readonly settings?: Partial<PolicySettings>;
  readonly broken?: RuleAuthor[];
  readonly facts?: Partial<DecisionFacts>;
  readonly descriptor?: Descriptor;
}

function decided({ rules = [], settings = {}, broken = [], facts = {}, descriptor = MAIL }: Case): string {
  const decision = decide({ requester: REQUESTER, descriptor }, policy(rules, settings, broken), {
    ...FACTS,
    ...facts,
  });
  return textOf(decision);
}

function textOf(decision: Decision): string {
  switch (decision.kind) {
    case "deny":
      return `deny ${decision.refusal}`;
    case "allow":
      return `allow ${decision.source}`;
    case "ask":
      return "ask";
  }
}

/** Every step of the order, each with what decides at it. What stands higher must win over everything below. */
const ORDER: readonly (readonly [result: string, makes: Case])[] = [
  ["deny insecure", { facts: { insecure: "it came over plain http" } }],
  ["deny broken-policy", { broken: ["operator"] }],
  ["deny managed", { rules: [rule("managed", "deny", "mail.example:25")] }],
  ["deny context", { facts: { context: "worker" } }],
  ["deny restricted", { facts: { restricted: true } }],
  ["deny runtime", { facts: { runtime: "denied" } }],
  ["deny flag", { rules: [rule("flag", "deny", "mail.example:25")] }],
  ["deny operator", { rules: [rule("operator", "deny", "*:25")] }],
  ["deny stored", { facts: { stored: stored("deny", "always") } }],
  ["deny rate", { facts: { limited: true } }],
  ["allow managed", { rules: [rule("managed", "allow", "*:25")] }],
  ["allow flag", { rules: [rule("flag", "allow", "mail.example:25")] }],
  ["allow run", { facts: { stored: stored("allow", "run") } }],
  ["allow operator", { rules: [rule("operator", "allow", "mail.example:25")] }],
  ["allow stored", { facts: { stored: stored("allow", "always") } }],
  ["deny prompt-disabled", { settings: { prompt: false } }],
  ["deny blocked", { facts: { blocked: true } }],
];

test("CON-12 CON-17 where nothing decides, the operator is asked", () => {
  assert.equal(decided({}), "ask");
});

for (const [result, makes] of ORDER) {
  test(`CON-17 ${result}`, () => assert.equal(decided(makes), result));
}

for (let high = 0; high < ORDER.length; high++) {
  const [winner, first] = ORDER[high] as (typeof ORDER)[number];
  test(`CON-17 "${winner}" is decided before everything that follows it`, () => {
    for (const [loser, second] of ORDER.slice(high + 1)) {
      // One request has one stored decision.
      if (first.facts?.stored !== undefined && second.facts?.stored !== undefined) continue;
      const both: Case = {
        rules: [...(second.rules ?? []), ...(first.rules ?? [])],
        settings: { ...second.settings, ...first.settings },
        broken: [...(second.broken ?? []), ...(first.broken ?? [])],
        facts: { ...second.facts, ...first.facts },
      };
      assert.equal(decided(both), winner, `with ${loser}`);
    }
  });
}

test("CON-17 no approval beats a refusal of the same author, however specific", () => {
  const rules = [rule("operator", "allow", "mail.example:25"), rule("operator", "deny", "*:25")];
  assert.equal(decided({ rules }), "deny operator");
});

test("NET-15 a locked policy: only managed rules and what is answered in this run approve", () => {
  const settings = { locked: true };
  for (const author of ["flag", "operator"] as const) {
    assert.equal(decided({ settings, rules: [rule(author, "allow", "mail.example:25")] }), "ask");
  }
  assert.equal(decided({ settings, facts: { stored: stored("allow", "always") } }), "ask");
  assert.equal(decided({ settings, facts: { stored: stored("allow", "run") } }), "allow run");
  assert.equal(decided({ settings, rules: [rule("managed", "allow", "mail.example:25")] }), "allow managed");
});

test("CON-18 what was remembered for code that changed since is asked about anew", () => {
  assert.equal(decided({ facts: { stored: stored("allow", "always", "file:///home/me/main.ts") } }), "ask");
  assert.equal(decided({ facts: { stored: stored("deny", "always", "file:///home/me/main.ts") } }), "deny stored");
});

test("CON-23 a rule ends at its time, not before", () => {
  const rules = [rule("operator", "allow", "mail.example:25", { untilMs: 1_000 })];
  assert.equal(decided({ rules, facts: { timeMs: 999 } }), "allow operator");
  assert.equal(decided({ rules, facts: { timeMs: 1_000 } }), "ask");
});

test("CON-01 a rule for an origin is for no other", () => {
  const other = "https://lib.example";
  const rules = [rule("operator", "allow", "mail.example:25", { origins: [other] })];
  assert.equal(decided({ rules }), "ask");
  const requester = mainRequester(`${other}/x.ts`, 1);
  assert.equal(textOf(decide({ requester, descriptor: MAIL }, policy(rules), FACTS)), "allow operator");
});

test("CON-17 a refusal without destination refuses the whole feature, a host to be chosen included", () => {
  const rules = [rule("managed", "deny", "*:1", { to: null })];
  assert.equal(decided({ rules }), "deny managed");
  assert.equal(decided({ rules, descriptor: connectDescriptor({ destination: null, port: 25 }) }), "deny managed");
});

test("CON-17 a refusal of 127.0.0.1 refuses localhost, too", () => {
  const rules = [rule("operator", "deny", "127.0.0.1:25"), rule("operator", "allow", "localhost:25")];
  assert.equal(decided({ rules, descriptor: tcp("localhost", 25) }), "deny operator");
});

test("CON-17 among many rules the one for the host is found, and wildcards still count", () => {
  const many = Array.from({ length: 2_000 }, (_, n) => rule("operator", "allow", `host${n}.example:25`));
  const rules = [...many, rule("operator", "allow", "*.wild.example:25")];
  assert.equal(decided({ rules, descriptor: tcp("host1999.example", 25) }), "allow operator");
  assert.equal(decided({ rules, descriptor: tcp("a.wild.example", 25) }), "allow operator");
  assert.equal(decided({ rules, descriptor: tcp("host1999.example", 26) }), "ask");
});
