import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { runCommand } from "../tests/support/command_run.ts";
import { COMMANDS } from "./commands/mod.ts";

test("parley --help lists every verb on standard output, and each verb explains itself within 80 columns", async () => {
  const all = await runCommand(["--help"]);
  assert.equal(all.status, 0);
  for (const { name, summary } of COMMANDS) {
    assert.ok(all.stdout.includes(`${name}`) && all.stdout.includes(summary), name);
  }
  for (const { name } of COMMANDS) {
    const { status, stdout } = await runCommand([name, "--help"]);
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^Usage: parley ${name}`));
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
  }
});

for (
  const [title, args] of [
    ["no verb", []],
    ["an unknown verb", ["conect"]],
    ["an unknown option", ["connect", "mail.example:25", "--tsl"]],
    ["no destination", ["connect"]],
    ["a destination without port", ["connect", "mail.example"]],
    ["a numeric trick", ["connect", "127.1:25"]],
    ["TLS twice over", ["connect", "mail.example:25", "--tls", "--starttls", "smtp"]],
    ["an unknown protocol", ["connect", "mail.example:25", "--starttls", "ftp"]],
    ["TLS options without TLS", ["connect", "mail.example:25", "--servername", "x.example"]],
    ["a timeout that is none", ["connect", "mail.example:25", "--timeout", "soon"]],
    ["UDP", ["connect", "udp://mail.example:25"]],
  ] as const
) {
  test(`parley says what is wrong with ${title}, and exits with 64`, async () => {
    const { status, stdout, stderr } = await runCommand(args);
    assert.equal(status, 64);
    assert.equal(stdout, "");
    assert.notEqual(stderr, "");
    assert.doesNotMatch(stderr, /^\s+at /m);
  });
}

test("CON-12 without a terminal parley connect refuses at once and names the flag", async () => {
  const { status, stderr } = await runCommand(["connect", "mail.example:25"]);
  assert.equal(status, 77);
  assert.match(stderr, /there is no terminal to ask at; to allow it, start with --allow mail\.example:25/);
});

test("CON-11 --json gives one ASCII object a line on standard error", async () => {
  const { status, stdout, stderr } = await runCommand(["connect", "b\u00fccher.example:25", "--json"]);
  assert.equal(status, 77);
  assert.equal(stdout, "");
  assert.match(stderr, /^[\x20-\x7e\n]*$/);
  const events = stderr.trim().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual(events.map(({ event }) => event), ["report", "error"]);
  assert.equal(events[1].status, 77);
});

test("CON-21 an invalid --allow approves nothing and is reported", async () => {
  const { status, stderr } = await runCommand(["connect", "127.0.0.1:9", "--allow", "127.0.0.0/8:9"]);
  assert.equal(status, 77);
  assert.match(stderr, /--allow is not valid and approves nothing/);
});

test("NET-17 an approved destination where nothing listens is a network error with its remedy", async () => {
  const { status, stderr } = await runCommand(["connect", "127.0.0.1:9", "--allow", "127.0.0.1:9"]);
  assert.equal(status, 69);
  assert.match(stderr, /\[NET_REFUSED\]\n +Check the port/);
  assert.equal(stderr.match(/NET_REFUSED/g)?.length, 1, "said once");
});
