import assert from "node:assert/strict";
import { replayByChance } from "../fuzz/audit_replays.ts";
import { test } from "../support/harness.ts";

const DECISIONS = 100_000;

/** Every way in which a decision comes about, but for those that the broker alone decides. */
const OUTCOMES = [
  ...["managed", "flag", "run", "operator", "stored"].map((by) => `allow ${by}`),
  ...["insecure", "broken-policy", "managed", "context", "restricted", "runtime"].map((by) => `deny ${by}`),
  ...["flag", "operator", "stored", "address", "rate", "prompt-disabled", "blocked"].map((by) => `deny ${by}`),
  "ask null",
];

test("CON-22 100,000 decisions by chance are the same again, made from their lines and snapshots", () => {
  const outcomes = replayByChance(DECISIONS);
  assert.equal([...outcomes.values()].reduce((sum, count) => sum + count, 0), DECISIONS);
  assert.deepEqual([...outcomes.keys()].sort(), OUTCOMES.sort());
  for (const [outcome, count] of outcomes) console.log(`${count} ${outcome}`);
}, { timeoutMs: 600_000 });
