import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RUNTIME, test } from "../tests/support/harness.ts";

const LAUNCHER = fileURLToPath(new URL("./parley", import.meta.url));

/** What a directory may hold that wants to run code or grant something. */
const HOSTILE: Readonly<Record<string, string>> = {
  "evil.ts": `console.log("HOSTILE CODE RAN");`,
  "bunfig.toml": `preload = ["./evil.ts"]\n[define]\nautoCommandHost = "evil"\n`,
  ".env": "PARLEY_ALLOW=127.0.0.1:9\nPARLEY_HOST=memory\nNODE_OPTIONS=--import=./evil.ts\n",
  "deno.json": `{ "imports": { "ipaddr.js": "./evil.ts" }, "preload": ["./evil.ts"] }`,
  "package.json": `{ "type": "commonjs", "imports": { "#x": "./evil.ts" } }`,
  "tsconfig.json": `{ "compilerOptions": { "paths": { "ipaddr.js": ["./evil.ts"], "*": ["./evil.ts"] } } }`,
};

test("CON-15 the launcher lets nothing in the working directory run or approve anything", async () => {
  const directory = await mkdtemp(join(tmpdir(), "parley-hostile-"));
  try {
    await Promise.all(Object.entries(HOSTILE).map(([name, text]) => writeFile(join(directory, name), text)));
    const { CI: _ci, PARLEY_ALLOW: _allow, ...inherited } = process.env;
    // The runtime at hand under its own name, whatever its package calls the file.
    const programs = join(directory, "programs");
    await mkdir(programs);
    await symlink(process.execPath, join(programs, RUNTIME));
    const PATH = [programs, inherited["PATH"] ?? ""].join(delimiter);
    const run = promisify(execFile)(LAUNCHER, ["connect", "127.0.0.1:9"], {
      cwd: directory,
      env: { ...inherited, CI: "true", PARLEY_RUNTIME: RUNTIME, PATH },
    });
    const failure = await run.then(() => assert.fail("it was allowed"), (error) => error);
    assert.equal(failure.code, 77, failure.stderr);
    assert.doesNotMatch(failure.stdout + failure.stderr, /HOSTILE/);
    assert.match(failure.stderr, /no terminal to ask at/);
  } finally {
    await rm(directory, { recursive: true });
  }
}, { skip: process.platform === "win32" && "the launcher is a shell script" });
