import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "../tests/support/harness.ts";
import { checkLayers, type LayerReport } from "./check_layers.ts";

/** Makes a small project that keeps every rule, with some files added or replaced, and checks it. */
async function check(files: Readonly<Record<string, string>>): Promise<LayerReport> {
  const root = await mkdtemp(join(tmpdir(), "parley-layers-"));
  const clean: Record<string, string> = {
    "deno.json": '{ "imports": { "@std/net": "jsr:@std/net@1" } }',
    "package.json": '{ "dependencies": { "kept": "1.0.0" } }',
    "core/bytes.ts": "export const bytes = 1;\n",
    "permissions/grant.ts": 'export { bytes } from "../core/bytes.ts";\n',
    "net/port.ts": 'import type { bytes } from "../permissions/grant.ts";\nexport type Port = typeof bytes;\n',
    "net/engine/engine.ts": 'import type { Port } from "../port.ts";\nexport type Engine = Port;\n',
    "net/faces/a/mod.ts": 'import type { Engine } from "../../engine/engine.ts";\nexport type A = Engine;\n',
    "net/mod.ts": 'export type { A } from "./faces/a/mod.ts";\nexport { host } from "../runtime/auto.ts";\n',
    "runtime/auto.ts": 'export { host } from "./deno/mod.ts";\n',
    "runtime/deno/mod.ts":
      'import "node:net";\nimport type { Port } from "../../net/port.ts";\nexport const host: Port = 1;\n',
    "runtime/bun/mod.ts": "export const host = 2;\n",
    "mod.ts": 'export * from "./net/mod.ts";\n',
    "core/bytes_test.ts": 'import "node:assert";\nimport "./bytes.ts";\nimport "../tests/support/harness.ts";\n',
    "tests/support/harness.ts": "export const test = 1;\n",
  };
  try {
    for (const [path, text] of Object.entries({ ...clean, ...files })) {
      await mkdir(dirname(join(root, path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return await checkLayers(root);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function refuses(path: string, text: string, expected: RegExp): Promise<void> {
  const { findings } = await check({ [path]: text });
  assert.ok(findings.length > 0, `${path} was let through`);
  const said = findings.map(({ where, message }) => `${where}: ${message}`).join("\n");
  assert.match(said, expected, `${path} is refused for another reason:\n${said}`);
}

test("a tree that keeps the rules has no findings", async () => {
  assert.deepEqual(await check({}), { findings: [], warnings: [] });
});

test("layers are imported downwards only, types included", async () => {
  await refuses(
    "core/x.ts",
    'import type { Port } from "../net/port.ts";\nexport type X = Port;\n',
    /core\/x\.ts:1: .*core does not/,
  );
  await refuses(
    "permissions/x.ts",
    '\nimport "../net/port.ts";\n',
    /permissions\/x\.ts:2: .*permissions does not import net/,
  );
  await refuses("net/engine/x.ts", 'import "../../runtime/auto.ts";\n', /net does not import runtime/);
  await refuses("net/x.ts", 'import "../mod.ts";\n', /net does not import mod\.ts/);
  await refuses("net/above/node.ts", 'import "../../runtime/auto.ts";\n', /net does not import runtime/);
  assert.deepEqual((await check({ "net/node.ts": 'import "../runtime/auto.ts";\n' })).findings, []);
});

test("faces stand apart and the engine knows none", async () => {
  await refuses(
    "net/faces/b/mod.ts",
    'import type { A } from "../a/mod.ts";\nexport type B = A;\n',
    /never imports another face/,
  );
  await refuses(
    "net/engine/x.ts",
    'import type { A } from "../faces/a/mod.ts";\nexport type B = A;\n',
    /engine imports neither/,
  );
});

test("fusion, privacy and drivers see only what they need", async () => {
  await refuses("xr/fusion/x.ts", 'import "../../permissions/grant.ts";\n', /imports only core/);
  await refuses("xr/drivers/one/x.ts", 'import "../two/y.ts";\n', /imports its own folder/);
  const { findings } = await check({
    "xr/drivers/one/x.ts": 'import "../driver.ts";\n',
    "xr/drivers/driver.ts": "export {};\n",
  });
  assert.deepEqual(findings, []);
});

test("a runtime sees ports as types, and no other runtime", async () => {
  await refuses("runtime/deno/x.ts", 'import "../../net/port.ts";\n', /`import type` only/);
  await refuses("runtime/deno/x.ts", 'import "../bun/mod.ts";\n', /never imports another/);
  await refuses(
    "runtime/deno/x.ts",
    'import type { A } from "../../net/faces/a/mod.ts";\nexport type X = A;\n',
    /ports/,
  );
});

test("node: modules, foreign packages and tests stay where they belong", async () => {
  await refuses("core/x.ts", 'import "node:fs";\n', /core\/x\.ts:1: .*only runtime\//);
  await refuses("core/x.ts", 'import "@std/net";\n', /JSR/);
  await refuses("core/x.ts", 'import "../tests/support/harness.ts";\n', /only tests, tools and bench import tests/);
  await refuses("net/x.ts", 'import "./absent.ts";\n', /no such file/);
});

test("a ring of value imports is refused, a ring of types is not", async () => {
  const ring = (kind: string): Record<string, string> => ({
    "core/a.ts": `import ${kind}{ b } from "./b.ts";\nexport const a = () => 1 as unknown as typeof b;\n`,
    "core/b.ts": 'import { a } from "./a.ts";\nexport const b = () => a;\n',
  });
  assert.match((await check(ring(""))).findings[0]?.message ?? "", /core\/a\.ts > core\/b\.ts > core\/a\.ts/);
  assert.deepEqual((await check(ring("type "))).findings, []);
});

test("names, sizes and silenced rules are watched", async () => {
  for (const name of ["utils.ts", "string_helpers.ts", "manager.ts", "socket_manager.ts", "common.ts"]) {
    await refuses(`core/${name}`, "export {};\n", /named for its main symbol/);
  }
  await refuses("core/camelCase.ts", "export {};\n", /snake_case/);
  await refuses("core/x.ts", "\n".repeat(501), /501 lines/);
  await refuses("core/x.ts", "export {};\n// deno-lint-ignore parley/grant-mint\n", /core\/x\.ts:2: .*reason/);
  await refuses("core/x.ts", "// deno-lint-ignore-file\nexport {};\n", /names its rules/);
  const { findings, warnings } = await check({ "core/x.ts": "\n".repeat(500), "core/y.ts": "\n".repeat(300) });
  assert.deepEqual([findings, warnings.map(({ where }) => where)], [[], ["core/x.ts"]]);
});
