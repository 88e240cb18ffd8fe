import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { nearestKey } from "./nearest_key.ts";

const KEYS = ["version", "prompt", "locked", "audit", "auditOnly", "rules", "to"];

test("CON-21 the key that was meant is the nearest by edits, case aside", () => {
  assert.equal(nearestKey("promt", KEYS), "prompt");
  assert.equal(nearestKey("Rules", KEYS), "rules");
  assert.equal(nearestKey("auditonly", KEYS), "auditOnly");
  assert.equal(nearestKey("adit", KEYS), "audit");
  assert.equal(nearestKey("lokced", KEYS), "locked");
  assert.equal(nearestKey("too", KEYS), "to");
});

test("CON-21 where nothing is near, no key is suggested", () => {
  for (const key of ["", "x", "host", "destination", "__proto__", "x".repeat(1_000_000)]) {
    assert.equal(nearestKey(key, KEYS), null, key.slice(0, 20));
  }
});
