/**
 * Deno's least permissions: what a program that uses Parley must be given, and that Parley's own bookkeeping (environment,
 * terminal, launch facts) never makes Deno ask. Deno's question never counts as Parley's, and comes after it.
 */
import assert from "node:assert/strict";
import { missingPackage } from "../support/debian_package.ts";
import { startEchoServer } from "../support/echo_server.ts";
import { test } from "../support/harness.ts";
import { MAIL_SERVER, NamespacePair, netnsMissing, PRIVATE_SERVER } from "../support/netns.ts";
import { TerminalDialogue } from "../support/terminal_dialogue.ts";
import { connectCommand } from "./connect_command.ts";

const DENO_ASKS = /Deno requests/;
const OUTCOME = /@@(\{.*\})/;
const NAMED = { skip: await netnsMissing(), timeoutMs: 60_000 };
const LOCAL = { skip: missingPackage("socat"), timeoutMs: 60_000 };

test("NET-24 Deno needs --allow-net=127.0.0.1:PORT and no more for that address, and asks nothing", async () => {
  await using server = await startEchoServer();
  const target = `127.0.0.1:${server.port}`;
  await using dialogue = await startDialogue([`--allow-net=${target}`], target);
  await approve(dialogue);
  assert.deepEqual(await outcomeOf(dialogue), { event: "connected", address: "127.0.0.1", firstLine: "QUIT" });
  assert.doesNotMatch(dialogue.text, DENO_ASKS);
}, LOCAL);

test("NET-24 Deno needs --allow-net=localhost:PORT and no more for localhost, and asks nothing", async () => {
  await using server = await startEchoServer();
  const target = `localhost:${server.port}`;
  await using dialogue = await startDialogue([`--allow-net=${target}`], target);
  await approve(dialogue);
  await dialogue.expect(/@@|Deno requests/);
  assert.doesNotMatch(dialogue.text, DENO_ASKS);
  assert.match(dialogue.text, /"event":"connected"/);
}, LOCAL);

test("NET-24 Deno needs --allow-net=NAME:PORT and no more for a name, and asks nothing", async () => {
  await using namespaces = await NamespacePair.create({ "mail.test": [MAIL_SERVER] });
  await using dialogue = await startDialogue(["--allow-net=mail.test:25"], "mail.test:25", namespaces);
  await approve(dialogue);
  assert.deepEqual(await outcomeOf(dialogue), {
    event: "connected",
    address: MAIL_SERVER,
    firstLine: "220 mail.test ready",
  });
  assert.doesNotMatch(dialogue.text, DENO_ASKS);
}, NAMED);

test("NET-14 with --allow-net=NAME:PORT no byte passes to the private address that the name leads to", async () => {
  await using namespaces = await NamespacePair.create({ "rebind.test": [PRIVATE_SERVER] });
  await using dialogue = await startDialogue(["--allow-net=rebind.test:25"], "rebind.test:25", namespaces);
  await approve(dialogue);
  const { event, message } = await outcomeOf(dialogue);
  assert.equal(event, "failed");
  assert.doesNotMatch(String(message), new RegExp(PRIVATE_SERVER), "the program learns where the name leads");
  assert.match(dialogue.text, /PERM_ADDRESS/);
  assert.doesNotMatch(dialogue.text, DENO_ASKS);
  await dialogue.end();
  // Deno connects by name, so there may have been a connection (SECURITY.md); nothing was said on it.
  const seen = namespaces.server.records.map(({ record }) => record["event"]);
  assert.ok(!seen.includes("received"), "the server received bytes");
}, NAMED);

test("CON-01 without --allow-net Deno asks after Parley, and its no is a NotAllowedError", async () => {
  await using server = await startEchoServer();
  await using dialogue = await startDialogue([], `127.0.0.1:${server.port}`);
  await approve(dialogue);
  const { event, name } = await answerDeno(dialogue, "n");
  assert.deepEqual({ event, name }, { event: "failed", name: "NotAllowedError" });
}, LOCAL);

test("CON-01 without --allow-net a yes to Parley and a yes to Deno connect, and Deno asks once", async () => {
  await using server = await startEchoServer();
  await using dialogue = await startDialogue([], `127.0.0.1:${server.port}`);
  await approve(dialogue);
  assert.equal((await answerDeno(dialogue, "y"))["event"], "connected");
  assert.equal(dialogue.text.match(/Deno requests/g)?.length, 1);
}, LOCAL);

test("CON-01 a no to Parley is final: Deno is not asked", async () => {
  await using dialogue = await startDialogue([], "127.0.0.1:9");
  await dialogue.expect(/Allow\?/);
  dialogue.type("\n");
  assert.equal((await outcomeOf(dialogue))["name"], "NotAllowedError");
  assert.doesNotMatch(dialogue.text, DENO_ASKS);
}, LOCAL);

for (const flag of ["--deny-net", "--deny-net=127.0.0.1:9"]) {
  test(`CON-17 what ${flag} refuses is refused without a question`, async () => {
    await using dialogue = await startDialogue([flag], "127.0.0.1:9");
    assert.equal((await outcomeOf(dialogue))["name"], "NotAllowedError");
    assert.doesNotMatch(dialogue.text, /Allow\?/);
  }, LOCAL);
}

test("CON-01 with --no-prompt and nothing granted Parley's yes alone opens nothing", async () => {
  await using server = await startEchoServer();
  await using dialogue = await startDialogue(["--no-prompt"], `127.0.0.1:${server.port}`);
  await approve(dialogue);
  assert.equal((await outcomeOf(dialogue))["name"], "NotAllowedError");
  assert.doesNotMatch(dialogue.text, DENO_ASKS);
}, LOCAL);

async function startDialogue(
  denoFlags: readonly string[],
  target: string,
  namespaces: NamespacePair | null = null,
): Promise<TerminalDialogue> {
  const argv = await connectCommand("deno", [target], { denoFlags });
  return new TerminalDialogue(namespaces?.inClient(argv) ?? argv);
}

/** Answers Parley's question: with the word where a key is not enough, as for this machine. */
async function approve(dialogue: TerminalDialogue): Promise<void> {
  const { 1: key = "" } = await dialogue.expect(/Question 1\. Allow\? \[([a-z]+)(?:\/r)?\/N\]/);
  assert.doesNotMatch(dialogue.text, DENO_ASKS, "Deno asked before Parley");
  dialogue.type(`${key}\n`);
}

/** Answers Deno's question, which forgets what is typed within some milliseconds of being drawn. */
async function answerDeno(dialogue: TerminalDialogue, key: string): Promise<Readonly<Record<string, unknown>>> {
  await dialogue.expect(/Deno requests[^]*A = allow all net permissions\) > /);
  const { 1: outcome = "" } = await dialogue.typeUntil(`${key}\n`, OUTCOME);
  return JSON.parse(outcome);
}

async function outcomeOf(dialogue: TerminalDialogue): Promise<Readonly<Record<string, unknown>>> {
  const { 1: outcome = "" } = await dialogue.expect(OUTCOME);
  return JSON.parse(outcome);
}
