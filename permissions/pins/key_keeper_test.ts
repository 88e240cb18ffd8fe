import assert from "node:assert/strict";
import { parseDestination, parseDestinationPattern } from "../../core/destination.ts";
import { ManualClock } from "../../core/manual_clock.ts";
import { brokerFixture, REQUESTER } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { connectDescriptor, type TlsClaims } from "../descriptor.ts";
import type { Grant } from "../grant.ts";
import type { Answer, Question } from "../prompter.ts";
import { type Rule, ruleApplies } from "../rule.ts";
import { askAboutKey } from "./ask_about_key.ts";
import { KeyKeeper } from "./key_keeper.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";
import { PinStore } from "./pin_store.ts";
import { ruleKeyOf } from "./rule_key.ts";
import { NO_AUDIT } from "../audit/audit_port.ts";
import { DEFAULT_SETTINGS, fixedPolicy, Policy } from "../policy.ts";

const KEY = "ab".repeat(32);
const FACTS: PeerKeyFacts = {
  host: "iot.example",
  port: 8883,
  reason: "untrusted",
  chainError: "DEPTH_ZERO_SELF_SIGNED_CERT",
  subject: "CN=\u001b[31miot\u202e",
  issuer: "",
  subjectAltName: "",
  validFromMs: NaN,
  validToMs: Infinity,
  certSha256: "12".repeat(32),
  spkiSha256: KEY,
};
const ALWAYS: Answer = { kind: "allow", lifetime: "always", host: null };
const NEVER = new AbortController().signal;
const TLS: TlsClaims = {
  mode: "open",
  serverName: "iot.example",
  caSha256: null,
  clientCertSha256: null,
  required: true,
};

async function granted(allow: string): Promise<Grant> {
  const { broker } = brokerFixture([], { allow: [allow] });
  const destination = parseDestination("tls://iot.example:8883");
  const descriptor = connectDescriptor({ destination, port: 8883, tls: TLS });
  return await broker.request(REQUESTER, descriptor, { signal: NEVER, lifetimes: null, claim: null });
}

function keeper(
  answer: Answer,
): { keys: KeyKeeper; records: MemoryRecordDirectory; reports: string[]; asked: unknown[] } {
  const clock = new ManualClock();
  const records = new MemoryRecordDirectory(clock);
  const reports: string[] = [];
  const asked: unknown[] = [];
  const keys = new KeyKeeper({
    store: new PinStore(records, clock),
    report: (line) => void reports.push(line),
    ask: (_grant, facts, { remembers }) => {
      asked.push([facts.spkiSha256, remembers]);
      return Promise.resolve(answer);
    },
  });
  return { keys, records, reports, asked };
}

test("CON-05 what a far end says of itself cannot act on the operator's terminal", async () => {
  const { keys, reports } = keeper({ kind: "deny", reason: "no-terminal" });
  const grant = await granted("tls://iot.example:8883");
  assert.equal(await keys.approve(grant, FACTS, NEVER), false);
  keys.mismatch(grant, { source: "pin", expected: "cd".repeat(32), seen: FACTS });
  keys.mismatch(grant, { source: "pin", expected: null, seen: null });
  keys.mismatch(grant, { source: "program", expected: KEY, seen: null });
  assert.match(reports.join("\n"), /an unknown day/);
  for (const line of reports) assert.match(line, /^[\x20-\x7e]*$/u);
});

test("CON-05 a key that cannot be pinned holds for the connection, and nothing is written", async () => {
  const grant = await granted("tls://iot.example:8883");
  const { keys, records, asked } = keeper(ALWAYS);
  records.readOnly = "the disk is full";
  assert.equal(await keys.approve(grant, FACTS, NEVER), true);
  assert.deepEqual([asked, records.files.size], [[[KEY, false]], 0]);
});

test("CON-05 a rule for one host and port that names the key is the answer; one for many is not", async () => {
  const { keys, asked, records } = keeper({ kind: "deny", reason: "refused" });
  assert.equal(await keys.approve(await granted(`tls://iot.example:8883#spki=${KEY}`), FACTS, NEVER), true);
  assert.deepEqual([asked.length, records.files.size], [0, 0]);
  const other = { ...FACTS, spkiSha256: "cd".repeat(32) };
  assert.equal(await keys.approve(await granted(`tls://iot.example:8883#spki=${KEY}`), other, NEVER), false);
  const policy = new Policy({
    rules: [rule(`tls://*:8883#spki=${KEY}`)],
    settings: DEFAULT_SETTINGS,
    broken: [],
  });
  const destination = parseDestination("tls://iot.example:8883");
  const descriptor = connectDescriptor({ destination, port: 8883, tls: TLS });
  const terms = policy.terms({ requester: REQUESTER, descriptor, timeMs: 0 });
  assert.deepEqual(terms.key, { spkiSha256: KEY, exact: false });
  assert.equal(await keys.approve({ ...await granted("tls://iot.example:8883"), terms } as Grant, FACTS, NEVER), false);
});

test("CORE-01 what Object.prototype says is no rule's key", async () => {
  const grant = { terms: { addresses: [], skipCors: false } } as unknown as Grant;
  const polluted = Object.prototype as { key?: unknown };
  polluted.key = { spkiSha256: KEY, exact: true };
  try {
    assert.equal(ruleKeyOf(grant), null);
    const { keys } = keeper({ kind: "deny", reason: "refused" });
    assert.equal(await keys.approve(grant, FACTS, NEVER), false);
  } finally {
    delete polluted.key;
  }
});

test("CON-05 a rule with a key covers a request without one through TLS only, and none with another key", () => {
  const named = rule(`iot.example:8883#spki=${KEY}`);
  const asks = (text: string, tls: TlsClaims | null): boolean => {
    const descriptor = connectDescriptor({ destination: parseDestination(text), port: 8883, tls });
    return ruleApplies(named, { requester: REQUESTER, descriptor, timeMs: 0 });
  };
  assert.ok(asks("iot.example:8883", { ...TLS, mode: "upgrade" }));
  assert.ok(asks("tls://iot.example:8883", TLS));
  assert.ok(asks(`tls://iot.example:8883#spki=${KEY}`, TLS));
  assert.ok(!asks("iot.example:8883", null));
  assert.ok(!asks(`tls://iot.example:8883#spki=${"cd".repeat(32)}`, TLS));
  assert.ok(!asks("tls://other.example:8883", TLS));
});

test("CON-05 a question about a key is numbered, follows the policy, and gives no more than it offers", async () => {
  const grant = await granted("tls://iot.example:8883");
  const questions: Question[] = [];
  const ask = (settings: Partial<typeof DEFAULT_SETTINGS>, remembers: boolean): Promise<Answer> =>
    askAboutKey({
      policy: fixedPolicy(new Policy({ rules: [], settings: { ...DEFAULT_SETTINGS, ...settings }, broken: [] })),
      prompter: {
        ask: (question) => {
          questions.push(question);
          return Promise.resolve(ALWAYS);
        },
      },
      preapprove: (destination) => destination.spki,
      audit: NO_AUDIT,
    }, { grant, facts: FACTS, number: 7, signal: NEVER, remembers });
  assert.deepEqual(await ask({}, true), ALWAYS);
  assert.deepEqual(await ask({}, false), { ...ALWAYS, lifetime: "once" });
  assert.deepEqual(await ask({ locked: true }, true), { ...ALWAYS, lifetime: "once" });
  assert.deepEqual(questions.map(({ number, risk, lifetimes }) => [number, risk, lifetimes.length]), [
    [7, "new-key", 2],
    [7, "new-key", 1],
    [7, "new-key", 1],
  ]);
  assert.equal(questions[0]?.preapprove, KEY);
  assert.deepEqual(await ask({ prompt: false }, true), { kind: "deny", reason: "no-terminal" });
  assert.equal(questions.length, 3);
});

function rule(text: string): Rule {
  return {
    id: "policy.json#1",
    author: "operator",
    effect: "allow",
    feature: "direct-sockets",
    origins: null,
    to: parseDestinationPattern(text, { wildcards: true }),
    addresses: [],
    skipCors: false,
    untilMs: null,
  };
}
