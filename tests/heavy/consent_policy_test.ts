/**
 * Policy files from every place that an operator can put one, on every runtime: each approves what it says and no more; and one
 * that cannot be relied on approves nothing, holds nothing up, and is told of with the place of the mistake.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, chown, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { startConsentPeer } from "./programs/consent_peer.ts";
import type { ConsentProgram } from "./programs/consent_program.ts";
import { ConsentStage, stageMissing } from "./programs/consent_stage.ts";

const LONG = { skip: stageMissing(), timeoutMs: 120_000 };

function allowing(port: number): Readonly<Record<string, unknown>> {
  return { rules: [{ effect: "allow", to: `127.0.0.1:${port}` }] };
}

async function assertRefused(program: ConsentProgram, port: number): Promise<void> {
  const { name, message, cause } = await program.open("127.0.0.1", port);
  assert.deepEqual({ name, message, cause }, {
    name: "NotAllowedError",
    message: `Not allowed to connect to 127.0.0.1:${port}`,
    cause: null,
  });
}

/** A place for a policy: where the file is put, and the variables that have it found. */
interface Source {
  readonly what: string;
  readonly file: (stage: ConsentStage) => string;
  readonly env: (stage: ConsentStage) => Readonly<Record<string, string>>;
}

const SOURCES: readonly Source[] = [
  {
    what: "named by PARLEY_POLICY",
    file: (stage) => stage.path("given/by-variable.json"),
    env: (stage) => ({ PARLEY_POLICY: stage.path("given/by-variable.json") }),
  },
  {
    what: "handed over as a credential",
    file: (stage) => stage.path("credentials/parley-policy"),
    env: (stage) => ({ CREDENTIALS_DIRECTORY: stage.path("credentials") }),
  },
  { what: "in XDG_CONFIG_HOME", file: (stage) => stage.policyFile, env: () => ({}) },
  {
    what: "below HOME where XDG_CONFIG_HOME is not set",
    file: (stage) => join(stage.folders.home, ".config", "parley", "policy.json"),
    env: () => ({ XDG_CONFIG_HOME: "" }),
  },
];

for (const { what, file, env } of SOURCES) {
  test(`CON-15 a policy file ${what} approves what it says, and nothing else`, async () => {
    await using peer = await startConsentPeer();
    await using other = await startConsentPeer();
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      await stage.write(file(stage), allowing(peer.port));
      const program = await stage.start({ env: env(stage) });
      assert.equal((await program.open("127.0.0.1", peer.port))["event"], "opened", program.errors);
      await assertRefused(program, other.port);
    });
    assert.equal(other.taken, 0);
  }, LONG);
}

test("CON-15 a policy file of parley connect --policy approves what it says, and nothing else", async () => {
  await using peer = await startConsentPeer();
  await using other = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    const file = await stage.write(stage.path("given.json"), allowing(peer.port));
    const connect = (port: number) => stage.command(["connect", `127.0.0.1:${port}`, "--policy", file]);
    const allowed = await connect(peer.port);
    assert.equal(allowed.status, 0, allowed.stderr);
    assert.equal((await connect(other.port)).status, 77);
  });
  assert.equal(other.taken, 0);
}, LONG);

test("CON-15 PARLEY_POLICY counts as an absolute path only, and what it names has to be there", async () => {
  await using peer = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    await stage.write(stage.path("here/policy.json"), allowing(peer.port));
    for (
      const [value, problem] of [
        ["policy.json", /parley: policy\.json: it is not an absolute path/],
        [stage.path("nowhere.json"), /parley: \S*\/nowhere\.json: it is not there/],
      ] as const
    ) {
      const env = { PARLEY_POLICY: value, PARLEY_ALLOW: `127.0.0.1:${peer.port}` };
      const program = await stage.start({ env, cwd: stage.path("here") });
      await assertRefused(program, peer.port);
      await program.error(problem);
    }
  });
  assert.equal(peer.taken, 0);
}, LONG);

/** A file that is not to be relied on, and what is said of it after its path. */
interface Broken {
  readonly what: string;
  /** Spoils what stands at the path, which approves the destination. */
  readonly spoil: (path: string, text: string) => Promise<unknown> | unknown;
  readonly said: RegExp;
  readonly root?: boolean;
}

const BROKEN: readonly Broken[] = [
  {
    what: "that is a link",
    spoil: async (path) => {
      await rename(path, `${path}.real`);
      await symlink(`${path}.real`, path);
    },
    said: /^: it is a link$/m,
  },
  { what: "that others may write to", spoil: (path) => chmod(path, 0o666), said: /^: others may write to it$/m },
  {
    what: "in a directory that others may write to",
    spoil: (path) => chmod(dirname(path), 0o777),
    said: /^: others may write to \S+\/parley$/m,
  },
  {
    what: "of somebody else",
    spoil: (path) => chown(path, 1, 1),
    said: /^: it belongs to somebody else$/m,
    root: true,
  },
  {
    what: "that is a pipe",
    spoil: async (path) => {
      await rename(path, `${path}.real`);
      execFileSync("/usr/bin/mkfifo", ["-m", "600", path]);
    },
    said: /^: it is not a regular file$/m,
  },
  {
    what: "that is a directory",
    spoil: async (path) => {
      await rename(path, `${path}.real`);
      await mkdir(path, { mode: 0o700 });
    },
    said: /^: it is not a regular file$/m,
  },
  {
    what: "of more than 1 MiB",
    spoil: (path, text) => writeFile(path, `${text}${" ".repeat(1024 * 1024)}`),
    said: /^: it has more than 1 MiB$/m,
  },
  {
    what: "of a newer version",
    spoil: (path, text) => writeFile(path, text.replace('"version":1', '\n  "version": 2')),
    said: /^:2:14: "version": version 2 is newer than this Parley/m,
  },
  {
    what: "with an unknown key",
    spoil: (path, text) => writeFile(path, text.replace('"version":1', '"version": 1,\n  "promt": "disabled"')),
    said: /^:2:3: "promt": there is no such key; "prompt" may be meant$/m,
  },
  {
    what: "that breaks off",
    spoil: (path, text) => writeFile(path, text.slice(0, -2)),
    said: /^:1:\d+: /m,
  },
  {
    what: "that is not UTF-8",
    spoil: (path, text) => writeFile(path, new Uint8Array([...new TextEncoder().encode(text), 0x20, 0xff])),
    said: /^: it is not UTF-8 text$/m,
  },
  {
    what: "that says what only a managed one may",
    spoil: (path, text) => writeFile(path, text.replace('"version":1', '"version": 1,\n  "locked": true')),
    said: /^:2:3: .*only a managed file may say so/m,
  },
];

for (const { what, spoil, said, root = false } of BROKEN) {
  const skip = root && process.getuid?.() !== 0 ? "only root can give files away" : LONG.skip;
  test(`CON-21 with a policy file ${what} nothing is approved, and standard error names the file`, async () => {
    await using peer = await startConsentPeer();
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      const path = await stage.write(stage.policyFile, allowing(peer.port));
      await spoil(path, JSON.stringify({ version: 1, ...allowing(peer.port) }));
      // Not what was given at launch, either.
      const program = await stage.start({ env: { PARLEY_ALLOW: `127.0.0.1:${peer.port}` } });
      await assertRefused(program, peer.port);
      await program.error(/nothing is approved until every policy file is valid/);
      const lines = program.errors.split("\n").filter((line) => line.startsWith(`parley: ${path}`));
      const told = lines.map((line) => line.slice(`parley: ${path}`.length)).join("\n");
      assert.match(told, said, program.errors);
    });
    assert.equal(peer.taken, 0);
  }, { ...LONG, skip });
}
