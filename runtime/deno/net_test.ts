import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { discard } from "../../tests/contract/link_tools.ts";
import { listenTcp } from "../../tests/contract/node_host.ts";
import { RUNTIME, test } from "../../tests/support/harness.ts";

const PROGRAM = fileURLToPath(new URL("../../tests/contract/programs/deno_permissions.ts", import.meta.url));

interface Outcome {
  readonly canResolve: boolean;
  readonly resolve: string;
  readonly byName: string;
  readonly byAddress: string;
}

function underPermissions(flags: readonly string[], port: number): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const args = ["run", "--no-prompt", ...flags, PROGRAM, String(port)];
    execFile(
      process.execPath,
      args,
      { timeout: 25_000 },
      (error, stdout) => error ? reject(error) : resolve(JSON.parse(stdout)),
    );
  });
}

const cases: [title: string, flags: (port: number) => string[], expected: Outcome][] = [
  [
    "with the whole network: look up, then connect by address",
    () => ["--allow-net"],
    { canResolve: true, resolve: "NET_DNS", byName: "127.0.0.1", byAddress: "127.0.0.1" },
  ],
  [
    "with the name only: connect by name, and nothing else",
    (port) => [`--allow-net=localhost:${port}`],
    { canResolve: false, resolve: "NET_OS_DENIED", byName: "127.0.0.1", byAddress: "NET_OS_DENIED" },
  ],
  [
    "with the address only: connect by address, and nothing else",
    (port) => [`--allow-net=127.0.0.1:${port}`],
    { canResolve: false, resolve: "NET_OS_DENIED", byName: "NET_OS_DENIED", byAddress: "127.0.0.1" },
  ],
  [
    "with nothing: every call is refused as the runtime's refusal",
    // Deno gives a child without any flag its own permissions, so one is given that permits nothing.
    () => ["--allow-env=PARLEY_NOTHING"],
    { canResolve: false, resolve: "NET_OS_DENIED", byName: "NET_OS_DENIED", byAddress: "NET_OS_DENIED" },
  ],
];

for (const [title, flags, expected] of cases) {
  test(`Deno ${title}`, async () => {
    const server = await listenTcp(discard);
    try {
      assert.deepEqual(await underPermissions(flags(server.port), server.port), expected);
    } finally {
      await server.stop();
    }
  }, { skip: RUNTIME !== "deno" && "Deno's permissions exist on Deno only" });
}
