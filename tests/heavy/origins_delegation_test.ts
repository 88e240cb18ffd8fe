/** Libraries and second copies (NET-13, CON-19): real processes on the three runtimes. */
import assert from "node:assert/strict";
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { type OriginOutcome, runOrigin } from "./origins_run.ts";

const PATIENT = { timeoutMs: 120_000 };
const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PARLEY = pathToFileURL(join(ROOT, "mod.ts")).href;
const PERMISSIONS = pathToFileURL(join(ROOT, "permissions/mod.ts")).href;
const ASK = "openTCPSocket({ remoteAddress: '127.0.0.1', remotePort: 9 }).then(() => 'open', (error) => error.name)";

/** A package as it is installed, which asks by a navigator of its own. */
const LIBRARY = `
  import { createNavigator } from "${PARLEY}";
  import { delegate } from "${PERMISSIONS}";
  const navigator = createNavigator(import.meta);
  export const ask = () => navigator.${ASK};
  export const state = async () => (await navigator.permissions.query({ name: "direct-sockets" })).state;
  export const takeAll = () => delegate(import.meta, { "direct-sockets": ["npm:mqtt"] }).then(() => "taken", ({ code }) => code);
`;

/** Runs a main module beside that package on every runtime. */
async function runBeside(main: string, check: (outcome: OriginOutcome) => void): Promise<void> {
  await using temp = await makeTempDirectory("delegation");
  const folder = join(temp.path, "node_modules/mqtt");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), `{ "name": "mqtt", "version": "1.0.0", "type": "module" }`);
  await writeFile(join(folder, "index.js"), LIBRARY);
  const path = join(temp.path, "main.mjs");
  await writeFile(path, `import * as mqtt from "./node_modules/mqtt/index.js";\n${main}`);
  await eachRuntime(async (runtime) => {
    check(await runOrigin({ runtime, args: runtime === "deno" ? ["run", path] : [path] }));
  });
}

test(
  "NET-13 a library's own navigator is refused, even what the program may do, and the operator learns which library",
  async () => {
    await runBeside(`console.log("@@" + await mqtt.ask());`, ({ name, told }) => {
      assert.equal(name, "NotAllowedError");
      assert.match(told, /refused npm:mqtt a connection to 127\.0\.0\.1:9: .*nothing was delegated/);
    });
  },
  PATIENT,
);

test("NET-13 the main module delegates, and the library is served", async () => {
  const main = `import { delegate } from "${PERMISSIONS}";
    const before = await mqtt.state();
    await delegate(import.meta, { "direct-sockets": ["npm:mqtt"] });
    console.log("@@" + [before, await mqtt.state(), await mqtt.ask()].join("_"));`;
  await runBeside(main, ({ name }) => assert.equal(name, "denied_prompt_NetworkError"));
}, PATIENT);

test("NET-13 a library that says who it is cannot delegate to itself", async () => {
  const main = `console.log("@@" + [await mqtt.takeAll(), await mqtt.ask()].join("_"));`;
  await runBeside(main, ({ name }) => assert.equal(name, "PERM_CONTEXT_NotAllowedError"));
}, PATIENT);

test("NET-13 a navigator of the main module's own is the program's, narrowed as it says", async () => {
  const main = `import { createNavigator } from "${PARLEY}";
    const own = createNavigator(import.meta);
    const narrowed = createNavigator(import.meta, { permissionsPolicy: { "direct-sockets": [] } });
    console.log("@@" + [await own.${ASK}, await narrowed.${ASK}].join("_"));`;
  await runBeside(main, ({ name }) => assert.equal(name, "NetworkError_NotAllowedError"));
}, PATIENT);

test("CON-19 a second copy of the package in the process is refused everything; the first goes on", async () => {
  await using temp = await makeTempDirectory("copy");
  const copy = join(temp.path, "copy");
  await cp(ROOT, copy, { recursive: true, filter: (source) => isShipped(relative(ROOT, source)) });
  await symlink(join(ROOT, "node_modules"), join(copy, "node_modules"));
  const path = join(temp.path, "main.mjs");
  const second = pathToFileURL(join(copy, "mod.ts")).href;
  await writeFile(
    path,
    `const first = await import("${PARLEY}");
    const second = await import("${second}");
    console.log("@@" + [await second.${ASK}, await first.${ASK}].join("_"));`,
  );
  await eachRuntime(async (runtime) => {
    const { name, told } = await runOrigin({ runtime, args: runtime === "deno" ? ["run", path] : [path] });
    assert.equal(name, "NotAllowedError_NetworkError");
    assert.match(told, /second copy of Parley/);
  });
}, PATIENT);

/** Parley's own files, as a package has them. */
function isShipped(path: string): boolean {
  const [top = ""] = path.split("/");
  return path === "" || ["core", "permissions", "net", "runtime"].includes(top) ||
    (dirname(path) === "." && ["mod.ts", "deno.json", "package.json"].includes(path));
}
