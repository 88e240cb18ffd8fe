import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { parseDestinationPattern } from "../../core/destination.ts";
import { test } from "../../tests/support/harness.ts";
import { parseAddressBlock } from "../../core/ip_address.ts";
import { featureOfScheme, FEATURES } from "../feature.ts";
import { DEFAULT_SETTINGS, EMPTY_POLICY, Policy, type PolicySettings } from "../policy.ts";
import type { Rule } from "../rule.ts";
import { policyFromSnapshot, policySnapshot } from "./policy_snapshot.ts";

const digest = { sha256: (text: string): string => createHash("sha256").update(text, "utf8").digest("hex") };

const PATTERNS = [
  "a.example:25",
  "tls://*.example.com:993",
  "*:*",
  "10.0.0.0/8:1-1023",
  "[2001:db8::/32]:80",
  "[fe80::1%eth0]:80",
  "udp://9.9.9.9:53",
  "listen://0.0.0.0:0",
  "listen+unix:///run/x y.sock",
  "unix:///run/x.sock",
  "udp-peers://0.0.0.0:6881",
  "multicast://239.1.2.3:5000",
  `a.example:1#spki=${"0f".repeat(32)}`,
];
const author = fc.constantFrom("managed", "flag", "operator");
const limit = fc.record({ burst: fc.integer({ min: 1 }), perSecond: fc.double({ min: 0, max: 1e6, noNaN: true }) });
const block = fc.constantFrom("10.0.0.0/8", "192.168.1.7/32", "fd00::/16", "::1/128").map((text) => {
  const parsed = parseAddressBlock(text);
  assert.ok(parsed !== null);
  return parsed;
});
const target = fc.oneof(
  fc.constantFrom(...PATTERNS).map((text) => {
    const to = parseDestinationPattern(text, { wildcards: true });
    return { to, feature: featureOfScheme(to.scheme) };
  }),
  fc.constantFrom(...FEATURES.keys()).map((feature) => ({ to: null, feature })),
);
const rule: fc.Arbitrary<Rule> = fc.record({
  id: fc.string({ unit: "binary" }),
  author,
  effect: fc.constantFrom("allow", "deny"),
  origins: fc.option(fc.array(fc.string({ unit: "binary" }), { maxLength: 3 }), { nil: null }),
  target,
  addresses: fc.array(block, { maxLength: 3 }),
  skipCors: fc.boolean(),
  untilMs: fc.option(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), { nil: null }),
}).map(({ target, ...rest }): Rule => ({ ...rest, ...target } as Rule));
const settings: fc.Arbitrary<PolicySettings> = fc.record({
  prompt: fc.boolean(),
  locked: fc.boolean(),
  ambient: fc.boolean(),
  audit: fc.constantFrom("off", "on", "required"),
  auditDestinations: fc.constantFrom("plain", "hashed"),
  auditOnly: fc.boolean(),
  privateMode: fc.constantFrom("allowed", "required", "refused"),
  limits: fc.record({ requester: limit, destination: limit, accountPerMinute: fc.integer({ min: 1 }) }),
});
const policy = fc.record({
  rules: fc.array(rule, { maxLength: 8 }),
  settings,
  broken: fc.uniqueArray(author),
}).map((init) => new Policy(init as ConstructorParameters<typeof Policy>[0]));

test("CON-22 a policy read back from its snapshot is the same policy", () => {
  fc.assert(
    fc.property(policy, (original) => {
      const { text, sha256 } = policySnapshot(original, digest);
      const copy = policyFromSnapshot(text);
      const plain = ({ rules, settings, broken }: Policy): unknown =>
        JSON.parse(JSON.stringify({ rules, settings, broken: [...broken].sort() }));
      assert.deepEqual(plain(copy), plain(original));
      assert.deepEqual(policySnapshot(copy, digest), { text, sha256 });
    }),
    { numRuns: 300 },
  );
});

test("CON-22 the snapshot is canonical: neither the order of keys nor of broken authors changes it", () => {
  const { limits } = DEFAULT_SETTINGS;
  const reversed = Object.fromEntries(Object.entries({ ...DEFAULT_SETTINGS, limits }).reverse()) as unknown;
  const policies = [
    new Policy({ rules: [], settings: DEFAULT_SETTINGS, broken: ["managed", "flag"] }),
    new Policy({ rules: [], settings: reversed as PolicySettings, broken: ["flag", "managed"] }),
  ];
  const [first, second] = policies.map((one) => policySnapshot(one, digest));
  assert.deepEqual(first, second);
  assert.equal(first?.sha256, digest.sha256(first?.text ?? ""));
  assert.notEqual(first?.sha256, policySnapshot(EMPTY_POLICY, digest).sha256);
});

test("CON-22 what is not a snapshot is refused", () => {
  const { text } = policySnapshot(EMPTY_POLICY, digest);
  const good = {
    id: "x",
    author: "flag",
    effect: "allow",
    feature: "hid",
    origins: null,
    to: null,
    addresses: [],
    skipCors: false,
    untilMs: null,
  };
  const withRule = (rule: unknown): string => JSON.stringify({ ...JSON.parse(text), rules: [rule] });
  assert.equal(policyFromSnapshot(withRule(good)).rules.length, 1);
  const texts = [
    "",
    "null",
    "{",
    "[".repeat(100_000),
    text.replace('"version":1', '"version":2'),
    text.replace('"locked":false', '"locked":0'),
    text.replace('"locked":false,', ""),
    text.replace("{", '{"more":1,'),
    text.replace("{", '{"__proto__":1,'),
    withRule({ ...good, to: "mail:25" }),
    withRule({ ...good, addresses: ["10.0.0.1/8"] }),
    withRule({ ...good, author: "root" }),
    withRule({ ...good, feature: "flying" }),
    withRule(null),
  ];
  for (const one of texts) assert.throws(() => policyFromSnapshot(one), { code: "CONFIG_INVALID" }, one.slice(0, 80));
});
