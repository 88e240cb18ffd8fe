import assert from "node:assert/strict";
import { REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import type { Descriptor } from "./descriptor.ts";
import { parseLaunchRules } from "./launch_rules.ts";
import { ruleApplies } from "./rule.ts";

interface Given {
  readonly rules: { allows(descriptor: Descriptor): boolean };
  readonly messages: string[];
}

function rules(flags: readonly string[], variable?: string): Given {
  const messages: string[] = [];
  const parsed = parseLaunchRules({ flags, variable }, (message) => messages.push(message));
  const allows = (descriptor: Descriptor): boolean =>
    parsed.some((rule) => ruleApplies(rule, { requester: REQUESTER, descriptor, timeMs: 0 }));
  return { rules: { allows }, messages };
}

test("CON-12 PARLEY_ALLOW holds destinations separated by commas or blanks", () => {
  const given = rules([], "mail.example:25, tls://mail.example:993\n192.168.1.9:80");
  assert.deepEqual(given.messages, []);
  assert.equal(given.rules.allows(tcp("mail.example", 25)), true);
  assert.equal(given.rules.allows(tcp("192.168.1.9", 80)), true);
  assert.equal(given.rules.allows(tcp("mail.example", 993)), false);
});

test("CON-21 one invalid destination spoils the variable it stands in, not the flags", () => {
  const given = rules(["ok.example:1"], "mail.example:25,mail.example");
  assert.equal(given.messages.length, 1);
  assert.match(given.messages[0] ?? "", /^PARLEY_ALLOW is not valid and approves nothing/);
  assert.equal(given.rules.allows(tcp("mail.example", 25)), false);
  assert.equal(given.rules.allows(tcp("ok.example", 1)), true);
});

for (
  const text of [
    "*:25",
    "*.example:25",
    "10.0.0.0/8:25",
    "mail.example:*",
    "mail.example:1-9",
    "127.1:25",
    "mail:25",
    "",
  ]
) {
  test(`CON-23 "${text}" in a flag approves nothing`, () => {
    const given = rules([text]);
    assert.equal(given.messages.length, 1);
    assert.equal(given.rules.allows(tcp("mail.example", 25)), false);
    assert.equal(given.rules.allows(tcp("10.0.0.1", 25)), false);
  });
}

test("CON-11 what is wrong with a flag is told escaped", () => {
  assert.doesNotMatch(rules(["\u001b[2J\u202e:25"]).messages.join(), /[\p{Cc}\p{Cf}]/u);
});
