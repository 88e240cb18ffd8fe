import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME, test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";

const PROGRAM = fileURLToPath(new URL("../../tests/contract/programs/deno_listen_permissions.ts", import.meta.url));

/** What each call came to: a code, or the empty string where it was allowed. */
interface Outcome {
  readonly tcp: string;
  readonly path: string;
  readonly toPath: string;
}

function underPermissions(flags: readonly string[], path: string): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const args = ["run", "--no-prompt", ...flags, PROGRAM, path];
    execFile(
      process.execPath,
      args,
      { timeout: 25_000 },
      (error, stdout) => error ? reject(error) : resolve(JSON.parse(stdout)),
    );
  });
}

const DENIED = "NET_OS_DENIED";

const cases: [title: string, flags: (directory: string) => string[], expected: Outcome][] = [
  [
    "with the whole network: TCP, and no path",
    () => ["--allow-net"],
    { tcp: "", path: DENIED, toPath: DENIED },
  ],
  [
    "with the address only: TCP, and no path",
    () => ["--allow-net=127.0.0.1"],
    { tcp: "", path: DENIED, toPath: DENIED },
  ],
  [
    "with the network and the directory: everything",
    (directory) => ["--allow-net", `--allow-read=${directory}`, `--allow-write=${directory}`],
    { tcp: "", path: "", toPath: "NET_REFUSED" },
  ],
  [
    "with the network and the path alone: no listening there, for it is made beside it",
    (directory) => [
      "--allow-net",
      `--allow-read=${join(directory, "test.sock")}`,
      `--allow-write=${join(directory, "test.sock")}`,
    ],
    { tcp: "", path: DENIED, toPath: "NET_REFUSED" },
  ],
  [
    "with nothing: every call is refused as the runtime's refusal",
    // Deno gives a child without any flag its own permissions, so one is given that permits nothing.
    () => ["--allow-env=PARLEY_NOTHING"],
    { tcp: DENIED, path: DENIED, toPath: DENIED },
  ],
];

for (const [title, flags, expected] of cases) {
  test(`Deno listens ${title}`, async () => {
    await using directory = await makeTempDirectory("permissions");
    assert.deepEqual(await underPermissions(flags(directory.path), join(directory.path, "test.sock")), expected);
    assert.deepEqual(readdirSync(directory.path), []);
  }, { skip: RUNTIME !== "deno" && "Deno's permissions exist on Deno only" });
}
