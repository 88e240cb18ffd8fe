/** Whose code is trusted (NET-16): real processes on the three runtimes, to which the same program comes in every way there is. */
import assert from "node:assert/strict";
import { chmod, chown, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { PKI_MISSING, testPki } from "../support/test_pki.ts";
import { startModuleServer } from "./module_server.ts";
import { programText, runOrigin } from "./origins_run.ts";

const PATIENT = { timeoutMs: 120_000 };
const PROGRAM = programText();

/** Arguments for a file. */
const FILE: Readonly<Record<TestRuntime, (path: string) => readonly string[]>> = {
  deno: (path) => ["run", path],
  bun: (path) => [path],
  node: (path) => [path],
};

/** Puts the program into a file of its own project, changes something, and runs it on every runtime. */
async function runChanged(
  change: (paths: { readonly project: string; readonly main: string; readonly lib: string }) => Promise<unknown>,
  check: (outcome: { readonly name: string; readonly told: string }) => void,
): Promise<void> {
  await using temp = await makeTempDirectory("origins");
  const project = join(temp.path, "project");
  const main = join(project, "main.mjs");
  const lib = join(project, "lib.mjs");
  await mkdir(project, { mode: 0o755 });
  await writeFile(main, `await import("./lib.mjs").catch(() => {});\n${PROGRAM}`, { mode: 0o644 });
  await writeFile(lib, "export {};", { mode: 0o644 });
  const changed = await change({ project, main, lib });
  const named = typeof changed === "string" ? changed : main;
  await eachRuntime(async (runtime) => check(await runOrigin({ runtime, args: FILE[runtime](named) })));
}

test("NET-16 a program in a file that only its owner can change is served", async () => {
  await runChanged(() => Promise.resolve(), ({ name }) => assert.equal(name, "NetworkError"));
}, PATIENT);

for (
  const [what, change] of [
    ["a main module with mode 0666", ({ main }) => chmod(main, 0o666)],
    ["a local module with mode 0666", ({ lib }) => chmod(lib, 0o666)],
    ["a directory with mode 0777", ({ project }) => chmod(project, 0o777)],
    ["a link to a file with mode 0666", async ({ project, main }) => {
      await chmod(main, 0o666);
      await symlink(main, join(project, "..", "link.mjs"));
      return join(project, "..", "link.mjs");
    }],
    ["a main module of another user", ({ main }) => chown(main, 60_123, 0)],
    ["a module whose group has other members", async ({ lib }) => {
      await chown(lib, 0, 60_123);
      await chmod(lib, 0o664);
    }],
  ] as readonly (readonly [string, Parameters<typeof runChanged>[0]])[]
) {
  const asRoot = /user|group/.test(what) && process.getuid?.() !== 0 ? "only root can give files away" : false;
  test(`NET-16 ${what} makes every request a SecurityError, and the operator learns why`, async () => {
    await runChanged(change, ({ name, told }) => {
      assert.equal(name, "SecurityError", told);
      assert.match(told, /not to be trusted: .*(?:main|lib|project)/);
    });
  }, { ...PATIENT, skip: asRoot });
}

test("NET-16 a program that is piped into the runtime is not trusted", async () => {
  const args = { deno: ["run", "-"], bun: ["run", "-"], node: ["--input-type=module", "-"] };
  await eachRuntime(async (runtime) => {
    const { name, told } = await runOrigin({ runtime, args: args[runtime], input: PROGRAM });
    assert.equal(name, "SecurityError");
    assert.match(told, /piped into the runtime; put it into a file/);
  });
}, PATIENT);

test("NET-16 the text of -e has no name, and is served what the operator approved", async () => {
  const args = {
    deno: ["eval", PROGRAM],
    bun: ["-e", PROGRAM],
    // The argument after the text is no program, whatever it looks like.
    node: ["--input-type=module", "-e", PROGRAM, "/etc/hostname"],
  };
  await eachRuntime(async (runtime) => {
    const { name } = await runOrigin({ runtime, args: args[runtime] });
    assert.equal(name, "NetworkError");
    const { name: undecided, told } = await runOrigin({ runtime, args: args[runtime], env: { PARLEY_ALLOW: "" } });
    assert.equal(undecided, "NotAllowedError");
    assert.match(told, /refused opaque:main a connection/);
  });
}, PATIENT);

test("NET-16 a data: URL as main module is not trusted", async () => {
  const url = `data:text/javascript,${encodeURIComponent(programText())}`;
  for (const [runtime, args] of [["bun", ["run", url]], ["node", ["--entry-url", url]]] as const) {
    const { name, told } = await runOrigin({ runtime, args });
    assert.equal(name, "SecurityError");
    assert.match(told, /data: or blob: URL/);
  }
}, PATIENT);

test("NET-16 a data: URL that is loaded before the program spoils it", async () => {
  await using temp = await makeTempDirectory("origins");
  const main = join(temp.path, "main.mjs");
  await writeFile(main, PROGRAM, { mode: 0o644 });
  const { name, told } = await runOrigin({ runtime: "node", args: ["--import", "data:text/javascript,1", main] });
  assert.equal(name, "SecurityError");
  assert.match(told, /imports code from a data: URL/);
}, PATIENT);

test("NET-16 a main module over plain http is not trusted, but from this machine by the operator's word", async () => {
  await using server = await startModuleServer(programText("./parley/mod.ts"));
  const args = ["run", `--reload=${server.origin}`, `${server.origin}/main.js`];
  const refused = await runOrigin({ runtime: "deno", args });
  assert.equal(refused.name, "SecurityError");
  assert.match(refused.told, new RegExp(`plain http from .*PARLEY_ALLOW_INSECURE=${server.origin}`));
  const env = { PARLEY_ALLOW_INSECURE: server.origin };
  assert.equal((await runOrigin({ runtime: "deno", args, env })).name, "NetworkError");
}, PATIENT);

test("NET-16 one module over plain http spoils a local program", async () => {
  await using server = await startModuleServer("export {};");
  await using temp = await makeTempDirectory("origins");
  const main = join(temp.path, "main.js");
  await writeFile(main, `import "./lib.js";\n${PROGRAM}`, { mode: 0o644 });
  await writeFile(join(temp.path, "lib.js"), `import "${server.origin}/x.js";`, { mode: 0o644 });
  const { name, told } = await runOrigin({ runtime: "deno", args: ["run", main] });
  assert.equal(name, "SecurityError");
  assert.match(told, /imports code over plain http/);
}, PATIENT);

test("NET-16 code over https with certificate checks off is not trusted", async () => {
  await using server = await startModuleServer(programText("./parley/mod.ts"), testPki().server);
  const unchecked = "--unsafely-ignore-certificate-errors";
  const { name, told } = await runOrigin({ runtime: "deno", args: ["run", unchecked, `${server.origin}/main.js`] });
  assert.equal(name, "SecurityError");
  assert.match(told, /with certificate checks off/);
}, { ...PATIENT, skip: PKI_MISSING });

test("NET-16 what Deno hides is not held against a program, and Deno is never made to ask", async () => {
  await using temp = await makeTempDirectory("origins");
  const main = join(temp.path, "main.js");
  await writeFile(main, PROGRAM, { mode: 0o644 });
  await chmod(main, 0o666);
  const run = { runtime: "deno", args: ["run", main] } as const;
  const hidden = await runOrigin({ ...run, denoFlags: ["--no-prompt", "--allow-net"] });
  // Without all permissions no variable approves anything.
  assert.equal(hidden.name, "NotAllowedError");
  const shown = await runOrigin({ ...run, denoFlags: ["--no-prompt", "--allow-net", `--allow-read=${temp.path}`] });
  assert.equal(shown.name, "SecurityError");
}, PATIENT);
