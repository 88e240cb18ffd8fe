import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { listSpecifiers } from "./specifiers.ts";

for (
  const [text, specifier, stated] of [
    [`import "./a.ts";`, "./a.ts", true],
    [`import a from './a.ts'`, "./a.ts", true],
    [`import{a}from"./a.ts"`, "./a.ts", true],
    [`import type { A } from "./a.ts";`, "./a.ts", true],
    [`import {\n  a,\n} from "./a.ts";`, "./a.ts", true],
    [`import {\n  a, b } from "./a.ts";`, "./a.ts", true],
    [`import * as a from\n  "./a.ts";`, "./a.ts", true],
    [`import a from /* the first */ "./a.ts";`, "./a.ts", true],
    [`import a from // the first\n "./a.ts";`, "./a.ts", true],
    [`export * from "./a.ts";`, "./a.ts", true],
    [`import data from "./a.json" with { type: "json" };`, "./a.json", true],
    [`const a = await import("./a.ts");`, "./a.ts", true],
    [`const a = await import(\n  /* chunk */ \`./a.ts\`,\n);`, "./a.ts", true],
    [`const a = require("./a.cjs");`, "./a.cjs", true],
    [`import a = require("./a.cjs");`, "./a.cjs", true],
    [`new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });`, "./worker.ts", false],
    [`"use strict";import a from"./a.ts"`, "./a.ts", true],
    [`// import "./a.ts";`, "./a.ts", false],
    [` * import a from "./a.ts";`, "./a.ts", false],
    [`const text = 'import a from "./a.ts"';`, "./a.ts", false],
    [`import "http://cdn.example/a.ts";`, "http://cdn.example/a.ts", true],
  ] as const
) {
  test(`CON-18 ${JSON.stringify(text)} names ${specifier}, ${stated ? "as a statement or call" : "perhaps"}`, () => {
    assert.deepEqual(listSpecifiers(text), [{ text: specifier, stated }]);
  });
}

test("CON-18 a file that is no module, and data beside it, name nothing", () => {
  assert.deepEqual(listSpecifiers(`const from = 1; const url = new URL("./table.csv", import.meta.url);`), []);
});

test("CON-18 text made to be slow is read in time that grows with its length only", () => {
  for (const part of ["import/*", "from (", "import //\n", "import /**//*", "require(((", 'from "']) {
    const startedAt = performance.now();
    listSpecifiers(part.repeat(50_000));
    assert.ok(performance.now() - startedAt < 5_000, part);
  }
});
