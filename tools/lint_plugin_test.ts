/** `Deno.lint.runPlugin` exists in `deno test` only, which is where the tests of tools run. */
import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import plugin from "./lint_plugin.ts";

const root = new URL("..", import.meta.url).pathname;

function lint(file: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, `${root}${file}`, source).map(({ id }) => id.replace("parley/", ""));
}

test("names of runtimes are refused outside runtime/", () => {
  const refused = [
    "Deno.pid;",
    "const { argv } = process;",
    "globalThis.Bun;",
    'if ("Deno" in globalThis) f();',
    "let link: Deno.Conn;",
    "use({ Deno });",
  ];
  for (const source of refused) assert.deepEqual(lint("net/engine/x.ts", source), ["runtime-globals"], source);
  for (const file of ["runtime/deno/x.ts", "cli/main.ts", "tools/x.ts", "net/x_test.ts", "tests/peers/x.ts"]) {
    for (const source of refused) assert.deepEqual(lint(file, source), [], `${file}: ${source}`);
  }
});

test("a property or a type's member may be called like a runtime", () => {
  for (
    const source of [
      "x.process;",
      "use({ process: 1 });",
      "interface X { process: string }",
      "class Y { process() {} }",
    ]
  ) {
    assert.deepEqual(lint("core/x.ts", source), [], source);
  }
});

test("a library prints nothing by itself", () => {
  assert.deepEqual(lint("net/x.ts", "console.log(1);"), ["no-output"]);
  for (const file of ["runtime/x.ts", "cli/x.ts", "net/x_test.ts"]) assert.deepEqual(lint(file, "console.log(1);"), []);
});

test("syntax that type stripping cannot remove is refused", () => {
  const refused = [
    "enum Colour { Red }",
    "namespace N { export const x = 1; }",
    "class A { private x = 1; }",
    "class A { public f() {} }",
    "export default 1;",
    "interface IThing { x: number }",
  ];
  for (const source of refused) assert.deepEqual(lint("core/x.ts", source), ["strippable-syntax"], source);
  assert.ok(lint("core/x.ts", "class A { constructor(readonly x: number) {} }").includes("strippable-syntax"));
  for (
    const source of [
      "class A { #x = 1; }",
      "interface IP { x: 1 }",
      "interface Index { x: 1 }",
      "declare global { var x: 1 }",
    ]
  ) {
    assert.deepEqual(lint("core/x.ts", source), [], source);
  }
});

test("a plain Error is refused, and messages are sentences without a full stop", () => {
  assert.deepEqual(lint("core/x.ts", 'throw new Error("No");'), ["error-prose"]);
  assert.deepEqual(lint("core/x.ts", 'throw new TypeError("Cannot do it.");'), ["error-prose"]);
  assert.deepEqual(lint("core/x.ts", 'throw new ParleyError("NET_DNS", `cannot find ${host}`);'), ["error-prose"]);
  assert.deepEqual(lint("core/x.ts", 'throw new ParleyError("NET_DNS", `Cannot find ${host}: unknown`);'), []);
  assert.deepEqual(lint("core/x.ts", "throw error;"), []);
});

test("only the broker reaches the mint of grants", () => {
  const refused = [
    'import { mintGrant } from "../permissions/grant.ts";',
    'import { mintGrant as make } from "../permissions/grant.ts";',
    'import * as all from "../permissions/grant.ts";',
    'export * from "../permissions/grant.ts";',
    'export { mintGrant } from "../permissions/grant.ts";',
    'await import("../permissions/grant.ts");',
  ];
  for (const source of refused) {
    assert.deepEqual(lint("net/x.ts", source), ["grant-mint"], source);
    assert.deepEqual(lint("permissions/approvals.ts", source), [], source);
  }
  assert.deepEqual(lint("net/x.ts", 'import type { Grant } from "../permissions/grant.ts";'), []);
});

test("an exported function or member that throws says so", () => {
  const bare = [
    "/** Does. */\nexport function f() { throw e; }",
    "/** Does. */\nexport class A {\n  /** Does. */\n  m() { if (x) { throw e; } }\n}",
    "/** Does. */\nexport function f() { try { g(); } catch (e) { throw e; } }",
  ];
  for (const source of bare) assert.deepEqual(lint("core/x.ts", source), ["documented-throws"], source);
  const fine = [
    "/** Does.\n * @throws {E} When. */\nexport function f() { throw e; }",
    "/** Does. */\nexport class A {\n  /** Does.\n   * @throws {E} */\n  m() { throw e; }\n  #n() { throw e; }\n}",
    "/** Does. */\nexport function f() { try { throw e; } catch { /* none */ } }",
    "/** Does. */\nexport function f() { return () => { throw e; }; }",
    "function f() { throw e; }",
    "class A { m() { throw e; } }",
  ];
  for (const source of fine) assert.deepEqual(lint("core/x.ts", source), [], source);
});
