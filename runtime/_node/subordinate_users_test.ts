import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { isSubordinateOfOthers } from "./subordinate_users.ts";

const FILES = {
  subuid: [["me", "100000", "65536"], ["bob", "165536", "65536"], ["1002", "300000", "10"], [""], ["bad", "x", "y"]],
  passwd: [["root", "x", "0"], ["me", "x", "1000"], ["bob", "x", "1001"], ["eve", "x", "1002"]],
};

for (
  const [id, others] of [
    [100_000, false],
    [165_535, false],
    [165_536, true],
    [231_071, true],
    [231_072, false],
    [300_009, true],
    [300_010, false],
    [5, false],
  ] as const
) {
  test(`NET-16 user ${id} is ${others ? "in the hands of another account" : "nobody else's"}`, () => {
    assert.equal(isSubordinateOfOthers(id, 1000, FILES), others);
  });
}

test("NET-16 ranges may be written by name or by number", () => {
  assert.equal(isSubordinateOfOthers(300_001, 1002, FILES), false);
  assert.equal(isSubordinateOfOthers(100_001, 1002, FILES), true);
});
