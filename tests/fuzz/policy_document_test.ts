/** Properties of the reader of policy files, over text near its grammar and any text. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { FEATURES } from "../../permissions/feature.ts";
import { MAX_PROBLEMS, readPolicy } from "../../permissions/policy/policy_document.ts";
import { KNOWN_KEYS } from "../../permissions/policy/policy_schema.ts";
import { policyFromSnapshot, policySnapshot } from "../../permissions/policy/policy_snapshot.ts";
import { DEFAULT_SETTINGS, Policy } from "../../permissions/policy.ts";
import type { RuleAuthor } from "../../permissions/rule.ts";
import { test } from "../support/harness.ts";

const RUNS = { numRuns: 500 };
const AUTHORS: readonly RuleAuthor[] = ["managed", "flag", "operator"];
const NO_DIGEST = { sha256: (): string => "" };

const key = fc.oneof(
  fc.constantFrom(...Object.values(KNOWN_KEYS).flat()),
  fc.constantFrom("__proto__", "constructor", "prototype", "toString", "rule", "Version", ""),
);
const word = fc.oneof(
  fc.constantFrom("allow", "deny", "skip", "disabled", "required", "refused", "off", "*", ...FEATURES.keys()),
  fc.constantFrom("a.example:25", "*:*", "10.0.0.0/8:1-9", "tls://*.b.example:*", "udp://x:1", "unix:///run/x.sock"),
  fc.constantFrom(
    "10.0.0.1",
    "fd00::/16",
    "0.0.0.0/0",
    "2026-02-29",
    "2027-01-31",
    "/srv/main.ts",
    "npm:x",
    "http://x",
  ),
  fc.string({ unit: "binary" }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    word,
    fc.boolean(),
    fc.constant(null),
    fc.constantFrom(0, 1, 2, -1, 1.5, 1e308),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 5 }).map((entries) => Object.fromEntries(entries)),
  ),
}));

const validRule = fc.record(
  {
    effect: fc.constantFrom("allow", "deny"),
    to: fc.constantFrom("a.example:25", "*:*", "10.0.0.0/8:1-9", "tls://*.b.example:*"),
    origin: fc.constantFrom("*", "/srv/main.ts", ["npm:x", "https://x.example"]),
    until: fc.constantFrom("2027-01-31", "2027-01-31T00:00Z"),
    note: fc.string({ unit: "binary" }),
  },
  { requiredKeys: ["effect", "to"] },
);
/** A valid document with some part of it exchanged for anything. */
const nearlyValid = fc.record({
  rules: fc.array(fc.oneof({ weight: 4, arbitrary: validRule }, { weight: 1, arbitrary: value }), { maxLength: 5 }),
  more: fc.array(fc.tuple(key, value), { maxLength: 2 }),
}).map(({ rules, more }) => ({ version: 1, rules, ...Object.fromEntries(more) }));

/** JSON with a character struck out, doubled or exchanged somewhere. */
const damaged = fc.tuple(
  nearlyValid,
  fc.nat(),
  fc.constantFrom("", '"', "{", "]", ",", "/*", "\\", "\u0000", "\ufeff", "9"),
)
  .map(([document, at, put]) => {
    const text = JSON.stringify(document);
    return `${text.slice(0, at % text.length)}${put}${text.slice((at % text.length) + 1)}`;
  });

/** Reads for every author. A document with a problem must not leave anything that decides. */
function readAll(text: string, authors: readonly RuleAuthor[] = AUTHORS): void {
  const lines = text.split(/\r\n|\r|\n/).length;
  for (const author of authors) {
    const { rules, settings, problems, furtherProblems } = readPolicy(text, { author, name: "fuzz.json" });
    assert.ok(problems.length <= MAX_PROBLEMS && (furtherProblems === 0 || problems.length === MAX_PROBLEMS));
    for (const { line, column, reason } of problems) {
      assert.ok(line >= 1 && line <= lines && column >= 1 && reason !== "");
    }
    if (problems.length > 0) {
      assert.deepEqual([rules.length, Object.keys(settings).length], [0, 0]);
      continue;
    }
    assert.ok(rules.every((rule) => rule.author === author && (rule.effect === "deny" || rule.effect === "allow")));
    assert.ok(
      rules.every(({ effect, to, feature }) =>
        effect === "deny" || to !== null || FEATURES.get(feature)?.network === false
      ),
    );
    const { text: snapshot } = policySnapshot(new Policy({ rules, settings: DEFAULT_SETTINGS, broken: [] }), NO_DIGEST);
    assert.equal(policyFromSnapshot(snapshot).rules.length, rules.length);
  }
}

test("CON-21 any text is read or refused with places, and never allows anything by halves", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" })), (text) => readAll(text)),
    RUNS,
  );
});

test("CON-21 any JSON is read or refused, and never allows anything by halves", () => {
  fc.assert(
    fc.property(fc.oneof(fc.json({ maxDepth: 6 }), value.map((any) => JSON.stringify(any))), (text) => readAll(text)),
    RUNS,
  );
});

test("CON-21 documents that are nearly valid are read or refused whole", () => {
  let valid = 0;
  fc.assert(
    fc.property(fc.oneof(nearlyValid.map((document) => JSON.stringify(document)), damaged), (text) => {
      readAll(text);
      if (readPolicy(text, { author: "operator", name: "x" }).rules.length > 0) valid++;
    }),
    RUNS,
  );
  assert.ok(valid > 20, `only ${valid} of them were valid`);
});

test("CON-21 long and deep documents end soon", () => {
  const size = 1024 * 1024;
  const readOne = (text: string): void => readAll(text, ["operator"]);
  const started = performance.now();
  for (
    const piece of [
      "[",
      "{",
      '{"a":',
      '"',
      "/*",
      "//\n",
      ",",
      "@ ",
      "1,",
      '{"version":1,',
      "\\u",
      "\ud800",
      "[],",
      "null ",
    ]
  ) {
    readOne(piece.repeat(size / piece.length));
    readOne(`{"version":1,"rules":[${piece.repeat(size / piece.length - 40)}`);
  }
  readOne(`{"version":1,"rules":[${Array.from({ length: 300_000 }, () => "{}").join()}]}`);
  readOne(`{"version":1${Array.from({ length: 60_000 }, (_, index) => `,"k${index}":1`).join("")}}`);
  readOne(`{"version":1,"rules":[{"effect":"allow","to":[${'"x",'.repeat(250_000)}"y"]}]}`);
  // Linear work takes a fraction of this; the square of a million would take an hour.
  assert.ok(performance.now() - started < 60_000);
}, { timeoutMs: 90_000 });
