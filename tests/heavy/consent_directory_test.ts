/**
 * A working directory that somebody else prepared: files that runtimes read there by themselves name policies, approvals, and
 * places where an account keeps them. None of it counts; the same variables in the environment of the start do. What
 * `tests/peers/hostile_directory_test.ts` shows of TLS and PARLEY_ALLOW is not shown again.
 */
import assert from "node:assert/strict";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import { type ConsentPeer, startConsentPeer } from "./programs/consent_peer.ts";
import { ConsentStage } from "./programs/consent_stage.ts";

const LONG = { skip: ptyMissing(), timeoutMs: 120_000 };
/** The account without variables that name its places: a file could name others. */
const BARE = { XDG_CONFIG_HOME: "", XDG_STATE_HOME: "" };

/** Every name under which a runtime looks for variables. */
const DOT_ENV = [".env", ".env.local", ".env.development", ".env.production", ".env.test", ".env.development.local"];
/** Where a policy could be taken from by mistake. */
const LYING_ABOUT = [
  "policy.json",
  "parley.json",
  "parley-policy",
  "parley/policy.json",
  ".config/parley/policy.json",
  "config/parley/policy.json",
  "credentials/parley-policy",
  "etc/parley/policies/managed/10.json",
];

/** Prepares a directory that approves the destination in every way, and returns its path. */
async function prepare(stage: ConsentStage, { port }: ConsentPeer): Promise<string> {
  const hostile = stage.path("hostile");
  const policy = JSON.stringify({ version: 1, rules: [{ effect: "allow", to: `127.0.0.1:${port}` }] });
  for (const name of LYING_ABOUT) await put(join(hostile, name), policy);
  // A real remembered answer, in a place that a variable may name.
  await stage.grant(port);
  await cp(stage.folders.state, join(hostile, "state"), { recursive: true });
  await stage.command(["permissions", "clear", "--force"]);
  return hostile;
}

/** Variables of which each approves the destination, if it counts. */
function approving(hostile: string, { port }: ConsentPeer): Readonly<Record<string, string>> {
  return {
    PARLEY_ALLOW: `127.0.0.1:${port}`,
    PARLEY_POLICY: join(hostile, "policy.json"),
    CREDENTIALS_DIRECTORY: join(hostile, "credentials"),
    XDG_CONFIG_HOME: join(hostile, "config"),
    XDG_STATE_HOME: join(hostile, "state"),
  };
}

async function put(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeFile(path, text, { mode: 0o600 });
}

/** That neither a program nor the command opens anything there, or finds any rule or remembered answer. */
async function nothingCounts(stage: ConsentStage, cwd: string, peer: ConsentPeer): Promise<void> {
  // The one finds settings by itself, the other is the one that an answer was remembered for.
  for (const inProject of [true, false]) {
    const program = await stage.start({ env: BARE, cwd, inProject });
    const { name, message, cause } = await program.open("127.0.0.1", peer.port);
    assert.deepEqual({ name, message, cause }, {
      name: "NotAllowedError",
      message: `Not allowed to connect to 127.0.0.1:${peer.port}`,
      cause: null,
    });
    await program.error(/there is no terminal to ask at/);
  }
  const run = (args: readonly string[]) => stage.command(args, { env: BARE, cwd });
  assert.equal((await run(["connect", `127.0.0.1:${peer.port}`])).status, 77);
  assert.deepEqual(JSON.parse((await run(["policy", "show", "--json"])).stdout).rules, []);
  assert.deepEqual(JSON.parse((await run(["permissions", "list", "--json"])).stdout).records, []);
}

test(
  "CON-15 what .env files of the working directory name approves nothing, and in the environment it would",
  async () => {
    await eachRuntime(async (runtime) => {
      await using peer = await startConsentPeer();
      await using stage = await ConsentStage.open(runtime);
      const cwd = await prepare(stage, peer);
      const variables = approving(cwd, peer);
      const recorded = join(cwd, "recorded.json");
      const more = {
        PARLEY_RECORD: recorded,
        NODE_OPTIONS: "--require=./evil.cjs",
        BUN_OPTIONS: "--preload ./evil.cjs",
      };
      const lines = Object.entries({ ...variables, ...more }).map(([name, value]) => `${name}=${value}\n`).join("");
      for (const name of DOT_ENV) await put(join(cwd, name), lines);
      await put(join(cwd, "evil.cjs"), 'require("node:fs").writeFileSync("ran", "");\n');
      const before = await readdir(cwd, { recursive: true });
      await nothingCounts(stage, cwd, peer);
      assert.equal(peer.taken, 0);
      assert.deepEqual(await readdir(cwd, { recursive: true }), before, "something was written there");
      for (const [name, value] of Object.entries(variables)) {
        // The remembered answer is for the program of the stage.
        const program = await stage.start({ env: { ...BARE, [name]: value } });
        assert.equal((await program.open("127.0.0.1", peer.port))["event"], "opened", `${name}: ${program.errors}`);
      }
    });
  },
  LONG,
);

test("CON-15 settings of runtimes in the working directory approve nothing", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    const cwd = await prepare(stage, peer);
    const variables = approving(cwd, peer);
    const defined = Object.entries(variables).map(([name, value]) => `"process.env.${name}" = "'${value}'"`);
    const named = Object.entries(variables).map(([name, value]) => `${name} = "${value}"`);
    await put(join(cwd, "bunfig.toml"), ["env = true", ...named, "[define]", ...defined, ""].join("\n"));
    const settings = {
      env: variables,
      config: variables,
      parley: { allow: [variables["PARLEY_ALLOW"]], ...variables },
    };
    await put(join(cwd, "package.json"), JSON.stringify({ name: "hostile", ...settings }));
    await put(join(cwd, "deno.json"), JSON.stringify({ permissions: { default: { net: true } }, ...settings }));
    await put(join(cwd, "tsconfig.json"), JSON.stringify({ compilerOptions: { types: ["./evil.ts"] }, ...settings }));
    await put(join(cwd, ".npmrc"), "node-options=--require=./evil.cjs\n");
    await put(join(cwd, "node.config.json"), JSON.stringify({ nodeOptions: { import: ["./evil.cjs"] } }));
    await put(join(cwd, "evil.cjs"), 'require("node:fs").writeFileSync("ran", "");\n');
    const before = await readdir(cwd, { recursive: true });
    await nothingCounts(stage, cwd, peer);
    assert.equal(peer.taken, 0);
    assert.deepEqual(await readdir(cwd, { recursive: true }), before, "something was written there");
  });
}, LONG);
