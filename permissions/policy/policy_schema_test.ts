import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "../../tests/support/harness.ts";
import { formatPolicySchema } from "../../tools/policy_schema.ts";
import { KNOWN_KEYS } from "./policy_schema.ts";
import { readPolicy } from "./policy_document.ts";

const page = (name: string): Promise<string> => readFile(new URL(`../../docs/${name}`, import.meta.url), "utf8");

interface Schema {
  readonly properties?: Record<string, Schema>;
  readonly items?: Schema;
  readonly additionalProperties?: unknown;
  readonly description?: string;
}

test("NET-15 docs/policy.schema.json is what the schema says", async () => {
  assert.equal(await page("policy.schema.json"), formatPolicySchema());
});

test("NET-15 editors are shown what every key means, and that there are no others", () => {
  const undescribed: string[] = [];
  let keys = 0;
  const look = (schema: Schema, path: string): void => {
    if (schema.items !== undefined) look(schema.items, `${path}[]`);
    if (schema.properties === undefined) return;
    assert.equal(schema.additionalProperties, false, path);
    for (const [key, inner] of Object.entries(schema.properties)) {
      keys++;
      if (inner.description === undefined) undescribed.push(`${path}.${key}`);
      look(inner, `${path}.${key}`);
    }
  };
  look(JSON.parse(formatPolicySchema()) as Schema, "");
  assert.deepEqual(undescribed, []);
  const { file, rule, limits, limit } = KNOWN_KEYS;
  assert.equal(keys, file.length + rule.length + limits.length + 2 * limit.length);
});

test("NET-15 every example of docs/policy.md is a valid file, and together they show every key", async () => {
  const examples = [...(await page("policy.md")).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");
  assert.ok(examples.length >= 3);
  for (const text of examples) {
    const { problems, rules } = readPolicy(text, {
      author: text.includes('"locked"') ? "managed" : "operator",
      name: "x",
    });
    assert.deepEqual(problems, []);
    assert.ok(rules.length > 0);
  }
  const shown = examples.join("");
  const unshown = Object.values(KNOWN_KEYS).flat().filter((key) => !shown.includes(`"${key}":`));
  assert.deepEqual(unshown, []);
});

test("NET-15 the messages that docs/policy.md shows are those that are given", async () => {
  const text = await page("policy.md");
  const shown = (reason: string): void => assert.ok(text.includes(reason), reason);
  const reasons = (document: unknown): void => {
    const { problems } = readPolicy(JSON.stringify(document), { author: "operator", name: "x" });
    assert.ok(problems.length > 0);
    for (const { reason } of problems) shown(reason.replace(/^rule 1/, "rule 2"));
  };
  reasons({ version: 1, promt: 1 });
  reasons({ version: 1, rules: [{ effect: "allow", to: "a.example:1", addresses: ["2.0.0.0/7"] }] });
  shown("nothing is approved until every policy file is valid");
});
