import assert from "node:assert/strict";
import { runCommand } from "../../tests/support/command_run.ts";
import { test } from "../../tests/support/harness.ts";

const ANY = ["--listen", "0.0.0.0:0"];

for (
  const [title, args] of [
    ["no destination", []],
    ["a group for a peer", ["224.0.0.251:5353"]],
    ["a group that is none", [...ANY, "--join", "192.0.2.1"]],
    ["a name without its domain", ["printer:9100"]],
    ["an option of another command", ["192.0.2.1:9", "--tls"]],
  ] as const
) {
  test(`NET-07 parley udp says what is wrong with ${title}, and does not ask`, async () => {
    const { status, stdout, stderr } = await runCommand(["udp", ...args]);
    assert.equal(status, 64, stderr);
    assert.equal(stdout, "");
    assert.match(stderr, /^parley: /);
    assert.doesNotMatch(stderr, /^\s+at |terminal/m);
  });
}

test("CON-12 without a terminal parley udp refuses at once and names the flag", async () => {
  for (
    const [args, flag] of [
      [["time.example.org:123"], "udp://time.example.org:123"],
      [["[2001:db8::1]:53"], "'udp://[2001:db8::1]:53'"],
      [["--listen", "5000"], "listen+udp://127.0.0.1:5000"],
      [["--listen", "0.0.0.0:5353", "--join", "224.0.0.251"], "listen+udp://0.0.0.0:5353"],
    ] as const
  ) {
    const { status, stdout, stderr } = await runCommand(["udp", ...args], { stdin: "not sent\n" });
    assert.equal(status, 77, stderr);
    assert.equal(stdout, "");
    assert.ok(stderr.includes(`to allow it, start with --allow ${flag}\n`), stderr);
  }
});

test("CON-12 a group and a destination of a listening socket are approved by flags of their own", async () => {
  const listen = [...ANY, "--allow", "listen+udp://0.0.0.0:0"];
  for (
    const [args, flag] of [
      [["--to", "192.0.2.1:9"], "udp://192.0.2.1:9"],
      [["--to", "239.83.7.1:9"], "multicast://239.83.7.1:9"],
      [["--to", "255.255.255.255:9", "--broadcast"], "udp://255.255.255.255:9"],
    ] as const
  ) {
    const { status, stderr } = await runCommand(["udp", ...listen, ...args], { stdin: "not sent\n" });
    assert.equal(status, 77, stderr);
    assert.ok(stderr.includes(`to allow it, start with --allow ${flag}\n`), stderr);
    assert.match(stderr, /^parley: receiving datagrams at 0\.0\.0\.0:[1-9]\d*, NOT ENCRYPTED, pre-approved$/m);
  }
});
