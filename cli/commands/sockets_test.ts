import assert from "node:assert/strict";
import { runCommand } from "../../tests/support/command_run.ts";
import { test } from "../../tests/support/harness.ts";

for (
  const [title, args] of [
    ["an argument", ["everything"]],
    ["an interval without --watch", ["--interval", "2"]],
    ["an interval that is none", ["--watch", "--interval", "often"]],
    ["an interval of 0", ["--watch", "--interval", "0"]],
  ] as const
) {
  test(`parley sockets says what is wrong with ${title}, and exits with 64`, async () => {
    const { status, stdout, stderr } = await runCommand(["sockets", ...args]);
    assert.equal(status, 64, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^parley: Cannot list sockets: .*see parley sockets --help/);
  });
}

test("CON-20 without a runtime directory parley sockets says so, and exits with 78", async () => {
  const { status, stderr } = await runCommand(["sockets"], { env: { XDG_RUNTIME_DIR: "" } });
  assert.equal(status, 78);
  assert.match(stderr, /XDG_RUNTIME_DIR is not set \[CONFIG_INVALID\]/);
});

test("CON-11 with --json standard output is one object, and standard error is for messages", async () => {
  const { status, stdout, stderr } = await runCommand(["sockets", "--json"], { env: { XDG_RUNTIME_DIR: "relative" } });
  assert.equal(status, 78);
  assert.equal(stdout, "");
  assert.equal(JSON.parse(stderr).code, "CONFIG_INVALID");
});
