import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { RUNTIME_VERSIONS } from "../tests/support/runtimes.ts";
import { compareManifests, compareMentions, type Manifest } from "./check_twins.ts";

const deno: Manifest = {
  name: "@a/b",
  version: "1.0.0",
  license: "MIT",
  exports: { ".": "./mod.ts" },
  imports: {
    "@std/net": "jsr:@std/net@^1",
    one: "npm:one@1.0.0",
    "@s/two": "npm:@s/two@2.0.0",
    native: "npm:native@3.0.0",
  },
};
const node: Manifest = {
  name: "@a/b",
  version: "1.0.0",
  license: "MIT",
  exports: { ".": "./mod.ts" },
  dependencies: { one: "1.0.0" },
  optionalDependencies: { native: "3.0.0" },
  devDependencies: { "@s/two": "2.0.0" },
};

test("twins that say the same have no findings", () => {
  assert.deepEqual(compareManifests(deno, node), []);
});

test("each difference is named", () => {
  const differs = (changed: Partial<Manifest>, expected: RegExp): void => {
    const found = compareManifests(deno, { ...node, ...changed });
    assert.match(found.map(({ message }) => message).join("\n"), expected);
  };
  differs({ version: "1.0.1" }, /version: deno.json says 1\.0\.0, package.json says 1\.0\.1/);
  differs({ license: "ISC" }, /license/);
  differs({ exports: { ".": "./mod.ts", "./net": "./net.ts" } }, /exports \.\/net: deno.json lacks it/);
  differs({ dependencies: {} }, /package one: .*package.json lacks it/);
  differs({ dependencies: { one: "1.0.1" } }, /package one: /);
  differs({ dependencies: { one: "^1.0.0" } }, /not one exact version/);
  differs({ devDependencies: { "@s/two": "2.0.0", one: "1.0.0" } }, /listed twice/);
  assert.match(
    compareManifests({ ...deno, imports: { ...deno.imports, uno: "npm:one@1.0.0" } }, node)[0]?.message ?? "",
    /uno/,
  );
});

test("documents mention the runtimes that are tested", () => {
  assert.deepEqual(compareMentions("README.md", `npx -y deno@${RUNTIME_VERSIONS.deno} task test`), []);
  const [finding] = compareMentions("README.md", "one\nnpx -y deno@1.2.3 task demo.");
  assert.equal(finding?.where, "README.md:2");
  assert.match(finding?.message ?? "", /deno@1\.2\.3/);
});
