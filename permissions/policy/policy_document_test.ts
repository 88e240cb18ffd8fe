import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { tcp } from "../../tests/support/broker_fixture.ts";
import { formatDestinationPattern } from "../../core/destination.ts";
import { type Rule, ruleApplies, type RuleAuthor } from "../rule.ts";
import { mainRequester } from "../main_requester.ts";
import { type PolicyDocument, readPolicy } from "./policy_document.ts";

function read(document: unknown, author: RuleAuthor = "operator"): PolicyDocument {
  const text = typeof document === "string" ? document : JSON.stringify(document);
  return readPolicy(text, { author, name: "policy.json" });
}

function problems(document: unknown, author?: RuleAuthor): string[] {
  const { problems, rules, settings } = read(document, author);
  if (problems.length > 0) assert.deepEqual([rules.length, Object.keys(settings).length], [0, 0]);
  return problems.map(({ line, column, reason }) => `${line}:${column}: ${reason}`);
}

function ofRule(rule: unknown, author?: RuleAuthor): string[] {
  return problems({ version: 1, rules: [rule] }, author).map((problem) => problem.replace(/^1:\d+: rule 1: /, ""));
}

function rulesOf(...rules: unknown[]): readonly Rule[] {
  const document = read({ version: 1, rules });
  assert.deepEqual(document.problems, []);
  return document.rules;
}

test("CON-15 a rule with several destinations becomes one each, named by file and number", () => {
  const rules = rulesOf(
    { effect: "deny", to: "*:25" },
    { effect: "allow", to: ["mail.example:587", "tls://mail.example:993", "listen://127.0.0.1:8080"] },
    { effect: "deny", feature: "hid" },
  );
  assert.deepEqual(
    rules.map((
      { id, effect, feature, to },
    ) => [id, effect, feature, to === null ? null : formatDestinationPattern(to)]),
    [
      ["policy.json#1", "deny", "direct-sockets", "*:25"],
      ["policy.json#2.1", "allow", "direct-sockets", "mail.example:587"],
      ["policy.json#2.2", "allow", "direct-sockets", "tls://mail.example:993"],
      ["policy.json#2.3", "allow", "listen", "listen://127.0.0.1:8080"],
      ["policy.json#3", "deny", "hid", null],
    ],
  );
  assert.deepEqual([...new Set(rules.map(({ author }) => author))], ["operator"]);
  assert.ok(rules.every((rule) => Object.isFrozen(rule) && Object.isFrozen(rule.addresses)));
});

test("NET-15 a rule holds for the origins that it names, exactly, and until its end", () => {
  const [rule] = rulesOf({ effect: "allow", to: "*.mail.example:25", origin: ["/srv/a b.ts"], until: "2026-01-31" });
  assert.ok(rule !== undefined);
  const descriptor = tcp("a.mail.example", 25);
  const applies = (module: string, timeMs: number): boolean =>
    ruleApplies(rule, { requester: mainRequester(module, 1), descriptor, timeMs });
  const end = Date.UTC(2026, 1, 1);
  assert.equal(applies("file:///srv/a%20b.ts", end - 1), true);
  assert.equal(applies("file:///srv/a%20b.ts", end), false);
  assert.equal(applies("file:///srv/a%20b.ts/x", 0), false);
  assert.equal(applies("file:///srv/other.ts", 0), false);
});

test("NET-14 addresses and blocks where names may lead are kept, single ones as blocks of one", () => {
  const addresses = ["192.168.1.0/24", "10.1.2.3", "fd00::/16", "::ffff:10.0.0.1", "169.254.169.254", "fd00::1"];
  const [rule] = rulesOf({ effect: "allow", to: "nas.example:445", addresses });
  assert.deepEqual(rule?.addresses.map(({ text }) => text), [
    "192.168.1.0/24",
    "10.1.2.3/32",
    "fd00::/16",
    "10.0.0.1/32",
    "169.254.169.254/32",
    "fd00::1/128",
  ]);
});

test("NET-12 only a rule that says so skips the check for fetch()", () => {
  const [skips, checks] = rulesOf(
    { effect: "allow", to: "a.example:443", fetchCheck: "skip" },
    { effect: "allow", to: "a.example:443" },
  );
  assert.equal(skips?.skipCors, true);
  assert.equal(checks?.skipCors, false);
});

test("CON-15 every setting is read, and what is left out stays unsaid", () => {
  const limits = { requester: { burst: 5, perSecond: 0.5 }, accountPerMinute: 7 };
  const { settings, problems } = read({
    version: 1,
    prompt: "disabled",
    locked: true,
    ambient: false,
    audit: "required",
    auditOnly: true,
    private: "refused",
    limits,
  }, "managed");
  assert.deepEqual(problems, []);
  assert.deepEqual(JSON.parse(JSON.stringify(settings)), {
    prompt: false,
    locked: true,
    ambient: false,
    audit: "required",
    auditOnly: true,
    privateMode: "refused",
    limits,
  });
  assert.deepEqual(Object.keys(read({ version: 1 }).settings), []);
  const allowed = read({ version: 1, prompt: "allowed", ambient: true, private: "allowed", audit: "off" }, "managed");
  assert.deepEqual({ ...allowed.settings }, { prompt: true, ambient: true, audit: "off", privateMode: "allowed" });
});

test("CON-23 what only the machine's administrator may settle is an error in any other file", () => {
  const foreign: readonly (readonly [string, unknown])[] = [
    ["prompt", "allowed"],
    ["prompt", "disabled"],
    ["locked", false],
    ["locked", true],
    ["ambient", false],
    ["auditOnly", true],
    ["private", "required"],
    ["private", "refused"],
    ["audit", "required"],
  ];
  for (const [key, value] of foreign) {
    for (const author of ["operator", "flag"] as const) {
      const [problem, ...others] = problems({ version: 1, [key]: value }, author);
      assert.match(problem ?? "", new RegExp(`"${key}": only a managed file may say so`), `${key} ${author}`);
      assert.deepEqual(others, []);
    }
    assert.deepEqual(problems({ version: 1, [key]: value }, "managed"), []);
  }
  assert.deepEqual(problems({ version: 1, private: "allowed", audit: "off" }, "operator"), []);
});

test("CON-21 a mistake is told with line, column and reason, all of a file and in its order", () => {
  const text = [
    "{",
    "  // what is wrong here:",
    '  "version": 1, "promt": 1,',
    '  "rules": [',
    '    { "effect": "alow", "to": "mail.example:25" },\r',
    '    { "effect": "allow", "to": ["ok.example:1", "mail:25"], },',
    "  ],",
    "}",
  ].join("\n");
  assert.deepEqual(problems(text), [
    '3:17: "promt": there is no such key; "prompt" may be meant',
    '5:17: rule 1: "effect": is to be "allow" or "deny"',
    '6:49: rule 2: "to", entry 2: cannot use host "mail": a single label is not a full name; write the whole domain name',
  ]);
});

test("CON-21 at most twenty mistakes are told one by one, the others counted", () => {
  const rules = Array.from({ length: 50 }, () => ({ effect: "allow" }));
  const document = read({ version: 1, rules });
  assert.equal(document.problems.length, 20);
  assert.equal(document.furtherProblems, 30);
});

test("CON-21 comments, trailing commas and one byte order mark are no mistakes", () => {
  const text = '\ufeff/* a */ { "version": 1, // b\n "rules": [ { "effect": "deny", "to": "*:25", }, ], }';
  assert.equal(read(text).rules.length, 1);
  assert.deepEqual(problems(text), []);
  assert.match(problems(`\ufeff\ufeff{"version":1}`)[0] ?? "", /^1:1: /);
});

const spoiled: readonly (readonly [title: string, text: string, problem: RegExp])[] = [
  ["nothing", "", /^1:1: a value is missing here$/],
  ["a text that ends early", '{"version": 1, "rules": [', /^1:26: a closing bracket is missing here$/],
  ["something behind the end", '{"version": 1} {}', /^1:16: the document has ended before this$/],
  ["single quotes", "{'version': 1}", /^1:2: /],
  ["a list instead of an object", "[]", /^1:1: the file: is to be an object$/],
  ["a number instead of an object", "1", /^1:1: the file: is to be an object$/],
  ["a list instead of limits", '{"version":1,"limits":[]}', /"limits": is to be an object/],
  ["a list instead of a rule", '{"version":1,"rules":[[]]}', /rule 1: is to be an object/],
  ["an object instead of rules", '{"version":1,"rules":{}}', /"rules": is to be a list of rules/],
  ["no version", '{"rules": []}', /^1:1: "version": is missing$/],
  ["version 0", '{"version": 0}', /^1:13: "version": is to be 1$/],
  ["a version as text", '{"version": "1"}', /^1:13: "version": is to be 1$/],
  [
    "a newer version, whatever else it says",
    '{"version": 2, "better": []}',
    /^1:13: "version": version 2 is newer than/,
  ],
  ["a key that stands twice", '{"version": 1,\n"version": 1}', /^2:1: the key "version" stands here twice$/],
  [
    "a key that stands twice in a rule",
    '{"version":1,"rules":[{"effect":"deny","effect":"allow"}]}',
    /stands here twice/,
  ],
  ["nesting without end", "[".repeat(100_000), /^1:17: this is nested more than 16 deep$/],
  ["__proto__", '{"version":1,"__proto__":{"rules":[]}}', /"__proto__": there is no such key/],
  ["constructor", '{"version":1,"constructor":1}', /"constructor": there is no such key/],
  ["prototypes in a rule", '{"version":1,"rules":[{"effect":"deny","to":"*:1","__proto__":1}]}', /no such key/],
  ["null", '{"version":1,"rules":null}', /"rules": is to be a list of rules/],
];
for (const [title, text, problem] of spoiled) {
  test(`CON-21 ${title} is refused`, () => assert.match(problems(text)[0] ?? "", problem));
}

test("CON-21 a file of more than 1 MiB or 10,000 rules is refused", () => {
  assert.deepEqual(problems(`{"version":1}${" ".repeat(1024 * 1024)}`), ["1:1: it has more than 1 MiB"]);
  const rule = (count: number): unknown => ({ effect: "deny", to: Array.from({ length: count }, () => "a.example:1") });
  assert.equal(read({ version: 1, rules: [rule(4_000), rule(6_000)] }).rules.length, 10_000);
  assert.match(
    problems({ version: 1, rules: [rule(4_000), rule(6_001)] })[0] ?? "",
    /rule 2: there are more than 10000/,
  );
  const many = Array.from({ length: 10_001 }, () => ({}));
  assert.match(problems({ version: 1, rules: many })[0] ?? "", /rule 10001: there are more than 10000/);
});

test("CORE-01 keys on Object.prototype neither make a rule nor settle anything", () => {
  const polluted = Object.prototype as unknown as Record<string, unknown>;
  const planted = { origin: ["/x"], addresses: ["10.0.0.0/8"], fetchCheck: "skip", locked: true, rules: [], to: "*:*" };
  for (const [key, value] of Object.entries(planted)) {
    Object.defineProperty(polluted, key, { value, configurable: true, writable: true, enumerable: false });
  }
  try {
    const document = read(
      '{"version":1,"rules":[{"effect":"allow","to":"a.example:1"},{"effect":"deny","feature":"hid"}]}',
    );
    assert.deepEqual(document.problems, []);
    assert.deepEqual(Object.keys(document.settings), []);
    const [allow, deny] = document.rules;
    assert.equal(allow?.origins, null);
    assert.equal(allow?.skipCors, false);
    assert.deepEqual(allow?.addresses, []);
    assert.equal(deny?.to, null);
  } finally {
    for (const key of Object.keys(planted)) delete polluted[key];
  }
});

const unfit: readonly (readonly [rule: Record<string, unknown>, problem: RegExp])[] = [
  [{ effect: "allow" }, /it needs to, or feature$/],
  [{ effect: "deny" }, /it needs to, or feature$/],
  [{ effect: "deny", to: "a.example:1", feature: "listen" }, /"feature": it follows from to; leave it out/],
  [{ effect: "allow", feature: "direct-sockets" }, /"feature": an allow for it says in to where it leads/],
  [{ effect: "allow", feature: "listen" }, /"feature": an allow for it says in to where/],
  [{ effect: "deny", feature: "sockets" }, /"feature": is to be the name of a feature/],
  [{ effect: "deny", to: [] }, /"to": needs at least one entry/],
  [{ effect: "deny", to: [1] }, /"to": is to be a destination, or a list of such/],
  [{ effect: "allow", to: "a.example:0" }, /"to": .*the port/],
  [{ effect: "allow", to: "127.1:25" }, /"to": cannot use host "127.1"/],
  [{ effect: "allow", to: "a.example:1", origin: "./main.ts" }, /"origin": it is no absolute path/],
  [{ effect: "allow", to: "a.example:1", origin: "http://x.example" }, /"origin": code that came over plain http/],
  [{ effect: "allow", to: "a.example:1", origin: ["*", "/a.ts"] }, /"origin", entry 1: \* stands alone/],
  [{ effect: "deny", to: "a.example:1", addresses: ["10.0.0.1"] }, /"addresses": only an allow/],
  [{ effect: "allow", to: "*:443", addresses: ["10.0.0.1"] }, /"to": addresses stands beside full names/],
  [{ effect: "allow", to: "10.0.0.1:443", addresses: ["10.0.0.1"] }, /"to": addresses stands beside full names/],
  [{ effect: "allow", to: "localhost:443", addresses: ["10.0.0.1"] }, /"to": addresses stands beside full names/],
  [{ effect: "allow", to: "listen://127.0.0.1:1", addresses: ["10.0.0.1"] }, /"to": addresses stands beside full/],
  [{ effect: "allow", to: "a.example:1", addresses: [] }, /"addresses": needs at least one entry/],
  [
    { effect: "allow", to: "a.example:1", addresses: ["10.0.0.0/7"] },
    /"addresses", entry 1: a block shares at least 8/,
  ],
  [{ effect: "allow", to: "a.example:1", addresses: ["2.0.0.0/7"] }, /entry 1: a block shares at least 8 bits/],
  [{ effect: "allow", to: "a.example:1", addresses: ["fc00::/15"] }, /entry 1: a block shares at least 16 bits/],
  [{ effect: "allow", to: "a.example:1", addresses: ["fe80::1%eth0"] }, /entry 1: .* without interface/],
  [{ effect: "allow", to: "a.example:1", addresses: ["nas"] }, /entry 1: it is no address/],
  [{ effect: "allow", to: "a.example:1", addresses: "10.0.0.1" }, /"addresses": is to be a list/],
  [{ effect: "deny", to: "a.example:443", fetchCheck: "skip" }, /"fetchCheck": only an allow/],
  [{ effect: "allow", to: "udp://a.example:443", fetchCheck: "skip" }, /"fetchCheck": it is for TCP only/],
  [{ effect: "allow", to: "a.example:443", fetchCheck: true }, /"fetchCheck": is to be "skip"/],
  [{ effect: "allow", to: "a.example:1", until: "2026-02-30" }, /"until": it is no date/],
  [{ effect: "allow", to: "a.example:1", until: "2026-01-31T10:00" }, /"until": it is no date/],
  [{ effect: "allow", to: "a.example:1", until: 5 }, /"until": is to be a date/],
  [{ effect: "allow", to: "a.example:1", note: "x".repeat(1001) }, /"note": has more than 1000/],
  [{ effect: "allow", too: "a.example:1" }, /"too": there is no such key; "to" may be meant/],
];
for (const [rule, problem] of unfit) {
  test(`CON-21 the rule ${JSON.stringify(rule).slice(0, 90)} is refused`, () => {
    assert.ok(ofRule(rule).some((told) => problem.test(told)), ofRule(rule).join("\n"));
  });
}

test("NET-10 limits are numbers within reason, named in full", () => {
  const limit = (requester: unknown): string[] => problems({ version: 1, limits: { requester } });
  assert.match(limit({ burst: 0, perSecond: 1 })[0] ?? "", /"requester", "burst": is to be at least 1/);
  assert.match(limit({ burst: 1.5, perSecond: 1 })[0] ?? "", /is to be a whole number/);
  assert.match(limit({ burst: 1, perSecond: -1 })[0] ?? "", /"perSecond": is to be at least 0/);
  assert.match(limit({ burst: 1 })[0] ?? "", /"perSecond": is missing/);
  assert.match(limit({ burst: 1, perSecond: 1, perMinute: 1 })[0] ?? "", /"perMinute": there is no such key/);
  assert.match(problems('{"version":1,"limits":{"accountPerMinute":1e999}}')[0] ?? "", /"accountPerMinute": is to be/);
  assert.deepEqual(limit({ burst: 1, perSecond: 0 }), []);
});
