import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME, test } from "../../tests/support/harness.ts";

const PROGRAM = fileURLToPath(
  new URL("../../tests/contract/programs/deno_datagram_permissions.ts", import.meta.url),
);

/** What each call came to: `done`, or a code. */
interface Outcome {
  readonly bind: string;
  readonly connect: string;
  readonly near: string | null;
  readonly far: string | null;
  readonly join: string | null;
  readonly interfaces: boolean;
}

function underPermissions(flags: readonly string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const args = ["run", "--no-prompt", ...flags, PROGRAM];
    execFile(
      process.execPath,
      args,
      { timeout: 25_000 },
      (error, stdout) => error ? reject(error) : resolve(JSON.parse(stdout)),
    );
  });
}

const REFUSED = "NET_OS_DENIED";

const cases: [title: string, flags: string[], expected: Outcome][] = [
  [
    "with nothing: a refusal is an error, and does not end the program",
    // Deno gives a child without any flag its own permissions, so one is given that permits nothing.
    ["--allow-env=PARLEY_NOTHING"],
    { bind: REFUSED, connect: REFUSED, near: null, far: null, join: null, interfaces: false },
  ],
  [
    "with its own end only: it opens, and sends nothing",
    ["--allow-net=127.0.0.1:0"],
    { bind: "done", connect: "done", near: REFUSED, far: REFUSED, join: REFUSED, interfaces: false },
  ],
  [
    "with its own end and a destination: it sends there, and nowhere else",
    ["--allow-net=127.0.0.1:0,127.0.0.1:9"],
    { bind: "done", connect: "done", near: "done", far: REFUSED, join: REFUSED, interfaces: false },
  ],
  [
    "with the interfaces: it chooses one by name",
    ["--allow-net=127.0.0.1:0", "--allow-sys=networkInterfaces"],
    { bind: "done", connect: "done", near: REFUSED, far: REFUSED, join: "done", interfaces: true },
  ],
];

for (const [title, flags, expected] of cases) {
  test(`Deno UDP ${title}`, async () => {
    assert.deepEqual(await underPermissions(flags), expected);
  }, { skip: RUNTIME !== "deno" && "Deno's permissions exist on Deno only" });
}
