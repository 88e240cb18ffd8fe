import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { brokerFixture, NO, ONCE, REQUESTER, RUN, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { NO_AUDIT } from "../audit/audit_port.ts";
import { mainRequester } from "../main_requester.ts";
import { readPolicy } from "./policy_document.ts";
import { RuleRecorder } from "./rule_recorder.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };

interface Recording {
  readonly recorder: RuleRecorder;
  readonly texts: string[];
  readonly reports: string[];
}

function recording(write?: () => void): Recording {
  const texts: string[] = [];
  const reports: string[] = [];
  const file = { write: write ?? ((text: string): void => void texts.push(text)) };
  return {
    recorder: new RuleRecorder({ audit: NO_AUDIT, file, report: (line) => reports.push(line) }),
    texts,
    reports,
  };
}

test("CON-23 learn mode asks as usual, and writes what was approved as rules that say the same", async () => {
  const { recorder, texts } = recording();
  const { broker, questions } = brokerFixture([ONCE, NO, RUN], { audit: recorder });
  await broker.request(REQUESTER, tcp("mail.example", 25), options);
  await broker.request(REQUESTER, tcp("evil.example", 25), options).catch(() => {});
  await broker.request(REQUESTER, tcp("web.example", 80), options);
  assert.equal(questions.length, 3);
  const { rules, problems } = readPolicy(texts.at(-1) ?? "", { author: "operator", name: "policy.json" });
  assert.deepEqual(problems, []);
  assert.deepEqual(rules.map(({ effect, to, origins }) => [effect, to?.port.from, origins]), [
    ["allow", 25, [REQUESTER.origin]],
    ["allow", 80, [REQUESTER.origin]],
  ]);
});

test("CON-23 learn mode approves nothing: the same request is asked about again", async () => {
  const { recorder, texts } = recording();
  const { broker, questions } = brokerFixture([ONCE, ONCE], { audit: recorder });
  for (let n = 0; n < 2; n++) await broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.deepEqual([questions.length, texts.length], [2, 1]);
});

test("CON-23 what no rule says exactly is not recorded, and that is told", async () => {
  const { recorder, texts, reports } = recording();
  const { broker } = brokerFixture([ONCE, ONCE], { audit: recorder });
  const tls = {
    mode: "open",
    serverName: "mail.example",
    caSha256: "00".repeat(32),
    clientCertSha256: null,
    required: true,
  } as const;
  await broker.request(REQUESTER, tcp("mail.example", 993, tls), options);
  await broker.request(mainRequester(null, 1), tcp("mail.example", 25), options);
  assert.deepEqual(texts, []);
  assert.deepEqual(reports, [
    "parley: not recorded: a rule does not name the program's own CA",
    "parley: not recorded: code without a name cannot be named in a rule",
  ]);
});

test("CON-23 a file that cannot be written is told once, and the program goes on", async () => {
  const { recorder, reports } = recording(() => {
    throw new ParleyError("CONFIG_INVALID", "Cannot write rules.json: it is there already");
  });
  const { broker } = brokerFixture([ONCE, ONCE], { audit: recorder });
  for (const port of [1, 2]) await broker.request(REQUESTER, tcp("mail.example", port), options);
  assert.deepEqual(reports, ["parley: nothing is recorded: Cannot write rules.json: it is there already"]);
});
