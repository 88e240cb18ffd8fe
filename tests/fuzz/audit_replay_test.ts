import assert from "node:assert/strict";
import { test } from "../support/harness.ts";
import { replayByChance } from "./audit_replays.ts";

test("CON-22 500 decisions by chance are the same again, made from their lines and the snapshot of their policy", () => {
  const outcomes = replayByChance(500);
  assert.equal([...outcomes.values()].reduce((sum, count) => sum + count, 0), 500);
});
