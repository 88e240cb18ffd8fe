import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { readProgramCode } from "./program_code.ts";
import type { CodeReader } from "./program_port.ts";

const MAIN = "file:///app/main.ts";

/** Files in memory, hashed by their own text. */
function readerOf(files: Readonly<Record<string, string>>): CodeReader {
  return {
    read(url, maxBytes) {
      if (!Object.hasOwn(files, url)) return null;
      const bytes = new TextEncoder().encode(files[url]);
      return bytes.byteLength > maxBytes ? "too-large" : bytes;
    },
    sha256: (bytes) => `sha256 of ${new TextDecoder().decode(bytes)}`,
  };
}

function modulesOf(files: Readonly<Record<string, string>>): readonly string[] {
  return readProgramCode([MAIN], readerOf(files)).modules.map(({ url }) => url.replace("file:///", ""));
}

test("CON-18 main module, lockfile and every local module that is reached are hashed", () => {
  const code = readProgramCode(
    [MAIN],
    readerOf({
      [MAIN]: `import "./a.ts";`,
      "file:///app/a.ts": `export * from "./deep/b.ts"; import "./a.ts";`,
      "file:///app/deep/b.ts": `import "../main.ts";`,
      "file:///app/other.ts": "",
      "file:///app/deno.lock": "locked",
      "file:///package-lock.json": "further up",
    }),
  );
  assert.equal(code.mainSha256, `sha256 of import "./a.ts";`);
  assert.equal(code.lockSha256, "sha256 of locked");
  assert.deepEqual(code.modules, [
    { url: "file:///app/a.ts", sha256: `sha256 of export * from "./deep/b.ts"; import "./a.ts";` },
    { url: "file:///app/deep/b.ts", sha256: `sha256 of import "../main.ts";` },
  ]);
  assert.equal(code.complete, true);
});

test("CON-18 of several lockfiles in one directory each change counts", () => {
  const files = { [MAIN]: "", "file:///app/deno.lock": "one", "file:///app/package-lock.json": "two" };
  const hash = (changed: object): string | null =>
    readProgramCode([MAIN], readerOf({ ...files, ...changed })).lockSha256;
  const changes = [{}, { "file:///app/deno.lock": "1" }, { "file:///app/package-lock.json": "2" }].map(hash);
  assert.equal(new Set(changes).size, 3);
});

for (
  const [specifier, file] of [
    ["./a", "app/a.ts"],
    ["./a", "app/a.cjs"],
    ["./lib", "app/lib/index.js"],
    ["./lib/", "app/lib/index.ts"],
    ["./a.js", "app/a.ts"],
    ["./a.mjs", "app/a.mts"],
    ["./a.ts?version=2#x", "app/a.ts"],
    ["/srv/a.ts", "srv/a.ts"],
    ["file:///srv/a.ts", "srv/a.ts"],
    ["./d.json", "app/d.json"],
  ] as const
) {
  test(`CON-18 ${specifier} is followed to ${file}`, () => {
    assert.deepEqual(modulesOf({ [MAIN]: `import "${specifier}";`, [`file:///${file}`]: "" }), [file]);
  });
}

for (
  const [name, config, specifier] of [
    ["deno.json", `{ "imports": { "@/": "./src/" } }`, "@/a.ts"],
    ["deno.jsonc", `{ // names\n "imports": { "tools": "./src/a.ts", }, }`, "tools"],
    ["deno.json", `{ "scopes": { "./x/": { "tools": "./src/a.ts" } } }`, "tools"],
    ["deno.json", `{ "importMap": "./map.json" }`, "mapped"],
    ["package.json", `{ "imports": { "#a": "./src/a.ts" } }`, "#a"],
    ["package.json", `{ "imports": { "#*": { "bun": "./none.ts", "default": { "x": "./src/*.ts" } } } }`, "#a"],
  ] as const
) {
  test(`CON-18 ${specifier} is followed by ${name}: ${config}`, () => {
    const files = {
      [MAIN]: `import "${specifier}";`,
      [`file:///app/${name}`]: config,
      "file:///app/map.json": `{ "imports": { "mapped": "./src/a.ts" } }`,
      "file:///app/src/a.ts": "",
    };
    assert.deepEqual(modulesOf(files), ["app/src/a.ts"]);
  });
}

test("NET-16 what comes from elsewhere is listed where it is imported, not where it is spoken of", () => {
  const { remote, packages } = readProgramCode(
    [MAIN],
    readerOf({
      [MAIN]: `import "http://cdn.example/a.ts"; // import "http://not.example/a.ts"
        import "npm:ms@2"; import "mqtt/dist/x.js"; import "@scope/name"; import "alias"; import "node:fs";
        // import "http://comment.example/a.ts"
        const text = 'import "http://text.example/a.ts"';`,
      "file:///app/deno.json": `{ "imports": { "alias": "jsr:@scope/alias@1" } }`,
    }),
  );
  assert.deepEqual(remote, ["http://cdn.example/a.ts", "npm:ms@2", "jsr:@scope/alias@1"]);
  assert.deepEqual(packages, ["mqtt", "@scope/name", "alias"]);
});

test("CON-18 a program beyond the limits is read up to them, and says so", () => {
  const files = { [MAIN]: `import "./a.ts"; import "./b.ts";`, "file:///app/a.ts": "aaaa", "file:///app/b.ts": "b" };
  const read = (limits: { files: number; bytes: number }): [number, boolean] => {
    const { modules, complete } = readProgramCode([MAIN], readerOf(files), limits);
    return [modules.length, complete];
  };
  assert.deepEqual(read({ files: 3, bytes: 1000 }), [2, true]);
  assert.deepEqual(read({ files: 2, bytes: 1000 }), [1, false]);
  assert.deepEqual(read({ files: 3, bytes: 36 }), [1, false]);
});

test("CON-18 modules that flags load before the program belong to it", () => {
  const files = { [MAIN]: "", "file:///app/before.ts": `import "./a.ts";`, "file:///app/a.ts": "" };
  const { modules } = readProgramCode([MAIN, "file:///app/before.ts", "data:text/javascript,1"], readerOf(files));
  assert.deepEqual(modules.map(({ url }) => url), ["file:///app/a.ts", "file:///app/before.ts"]);
});

for (const main of ["https://cdn.example/main.ts", "npm:cowsay"]) {
  test(`CON-18 of ${main} no local file is read`, () => {
    const code = readProgramCode([main], { ...readerOf({}), read: () => assert.fail("something was read") });
    assert.deepEqual([code.mainSha256, code.lockSha256, code.modules], [null, null, []]);
  });
}

test("CON-18 configuration that is none, or sets prototypes, changes nothing", () => {
  for (const config of ["", "[", "null", `{"imports":7}`, `{"imports":{"__proto__":{"a":"b"},"x":[]}}`]) {
    const files = { [MAIN]: `import "x";`, "file:///app/deno.json": config, "file:///app/package.json": config };
    assert.deepEqual(modulesOf(files), []);
  }
  assert.equal(Object.hasOwn(Object.prototype, "a"), false);
});
