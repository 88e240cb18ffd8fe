import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readProgramCode } from "../../permissions/trust/program_code.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { test } from "../../tests/support/harness.ts";
import { codeReader } from "./code_hashes.ts";

const reader = codeReader(() => true);

test("CON-18 a file is read whole up to the limit, and hashed", async () => {
  await using temp = await makeTempDirectory("code");
  const url = pathToFileURL(join(temp.path, "a b.ts")).href;
  await writeFile(new URL(url), "abc");
  const bytes = reader.read(url, 3);
  assert.ok(bytes instanceof Uint8Array);
  assert.equal(reader.sha256(bytes), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert.equal(reader.read(url, 2), "too-large");
});

test("CON-18 what is no file, no file URL, or hidden by the runtime reads as absent", async () => {
  await using temp = await makeTempDirectory("code");
  const url = (name: string): string => pathToFileURL(join(temp.path, name)).href;
  await mkdir(new URL(url("folder.ts")));
  await symlink("nowhere", new URL(url("dangling.ts")));
  await writeFile(new URL(url("real.ts")), "");
  for (
    const named of [url("none.ts"), url("folder.ts"), url("dangling.ts"), "file:///dev/zero", "https://a.example/"]
  ) {
    assert.equal(reader.read(named, 100), null);
  }
  assert.equal(codeReader((path) => !path.endsWith("real.ts")).read(url("real.ts"), 100), null);
  assert.ok(reader.read(url("real.ts"), 100) instanceof Uint8Array);
});

test("CON-18 two hundred modules are read well within the time of one question", async () => {
  await using temp = await makeTempDirectory("code");
  const url = (index: number): string => pathToFileURL(join(temp.path, `m${index}.ts`)).href;
  const body = "// a line of a module as they are\n".repeat(100);
  for (let index = 0; index < 200; index++) {
    await writeFile(
      new URL(url(index)),
      `import "./m${(index + 1) % 200}.ts";\nimport "./m${(index * 2) % 200}.ts";\n${body}`,
    );
  }
  const startedAt = performance.now();
  const code = readProgramCode([url(0)], reader);
  const elapsedMs = performance.now() - startedAt;
  console.log(`200 modules in ${elapsedMs.toFixed(1)} ms`);
  assert.equal(code.modules.length, 199);
  assert.ok(elapsedMs < 1_000, `it took ${elapsedMs} ms`);
});
