import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { chooseSuites, groupSuites } from "./test_suites.ts";
import { formatVerdict, isSuccess, type SuiteTotals } from "./test_totals.ts";

const suites = groupSuites([
  "core/a.ts",
  "core/a_test.ts",
  "net/engine/b_test.ts",
  "tests/contract/net_contract.ts",
  "tests/contract/net_test.ts",
  "tests/peers/tls_test.ts",
  "tests/terminal/prompt_test.ts",
  "tests/brand_new/x_test.ts",
  "tools/y_test.ts",
]);

test("every test file belongs to one suite, found by its place", () => {
  assert.deepEqual(Object.fromEntries(suites.map(({ name, files }) => [name, files])), {
    unit: ["core/a_test.ts", "net/engine/b_test.ts"],
    tools: ["tools/y_test.ts"],
    contract: ["tests/contract/net_test.ts"],
    peers: ["tests/peers/tls_test.ts"],
    terminal: ["tests/terminal/prompt_test.ts"],
    brand_new: ["tests/brand_new/x_test.ts"],
  });
  assert.deepEqual(suites.find(({ name }) => name === "brand_new")?.runtimes, ["deno", "bun", "node"]);
  assert.deepEqual(suites.find(({ name }) => name === "terminal")?.runtimes, ["deno"]);
});

test("fast and rest share nothing and leave nothing out", () => {
  const names = (...words: string[]): string[] => chooseSuites(suites, words).map(({ name }) => name);
  assert.deepEqual(names(), ["unit", "tools", "contract"]);
  assert.deepEqual(names("rest"), ["peers", "terminal", "brand_new"]);
  assert.deepEqual(names("fast", "rest"), names("all"));
  assert.throws(() => names("absent"), RangeError);
});

test("a run succeeds only if something passed and nothing failed", () => {
  const totals = (passed: number, failed: number): SuiteTotals => ({
    suite: "s",
    runtime: "r",
    skipped: 0,
    elapsedMs: 1,
    passed,
    failed,
  });
  assert.equal(isSuccess([]), false);
  assert.equal(isSuccess([totals(0, 0)]), false);
  assert.equal(isSuccess([totals(9, 0), totals(0, 1)]), false);
  assert.equal(isSuccess([totals(9, 0), totals(0, 0)]), true);
  assert.equal(formatVerdict([totals(9, 0), totals(2, 1)]), "11 passed, 1 failed");
});
