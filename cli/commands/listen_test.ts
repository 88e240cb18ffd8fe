import assert from "node:assert/strict";
import { runCommand } from "../../tests/support/command_run.ts";
import { test } from "../../tests/support/harness.ts";

for (
  const [title, args] of [
    ["no port", []],
    ["two ports", ["9000", "9001"]],
    ["an address without port", ["127.0.0.1"]],
    ["a name", ["localhost:9000"]],
    ["a port above 65535", ["65536"]],
    ["a port with a sign", ["-1"]],
    ["another scheme", ["udp://127.0.0.1:9000"]],
    ["a path", ["unix:///run/x.sock"]],
    ["TLS without certificate", ["9000", "--tls"]],
    ["a certificate without TLS", ["9000", "--cert", "x"]],
    ["a block that is none", ["9000", "--from", "everywhere"]],
    ["a timeout that is none", ["9000", "--timeout", "soon"]],
    ["an option of another command", ["9000", "--starttls", "smtp"]],
  ] as const
) {
  test(`NET-22 parley listen says what is wrong with ${title}, and does not ask`, async () => {
    const { status, stdout, stderr } = await runCommand(["listen", ...args]);
    assert.equal(status, 64, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^parley: (Cannot|Unknown option) /);
    assert.doesNotMatch(stderr, /^\s+at |terminal/m);
  });
}

test("NET-22 parley listen says which file cannot be read, and exits with 78", async () => {
  const args = ["listen", "9000", "--tls", "--cert", "/nonexistent", "--key", "/nonexistent"];
  const { status, stderr } = await runCommand(args);
  assert.equal(status, 78);
  assert.match(stderr, /^parley: Cannot read \/nonexistent \[CONFIG_INVALID\]/);
});

test("CON-12 without a terminal parley listen refuses at once and names the flag", async () => {
  for (
    const [text, flag] of [
      ["9000", "listen://127.0.0.1:9000"],
      ["0.0.0.0:0", "listen://0.0.0.0:0"],
      ["[::1]:9000", "'listen://[::1]:9000'"],
      ["listen://127.0.0.1:9000", "listen://127.0.0.1:9000"],
    ] as const
  ) {
    const { status, stderr } = await runCommand(["listen", text]);
    assert.equal(status, 77, stderr);
    assert.ok(stderr.includes(`to allow it, start with --allow ${flag}\n`), stderr);
  }
});
