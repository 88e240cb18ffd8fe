/**
 * No packet leaves before consent (NET-08), seen from outside: the program runs at a terminal in a network namespace of its
 * own, and a capture there tells what left before and after the answer.
 */
import assert from "node:assert/strict";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { MAIL_SERVER, NamespacePair, netnsMissing, PRIVATE_SERVER } from "../support/netns.ts";
import { type CapturedPacket, PacketCapture } from "../support/packet_capture.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { TerminalDialogue } from "../support/terminal_dialogue.ts";
import { connectCommand } from "./connect_command.ts";
import { runWithoutTerminal } from "./without_terminal.ts";

const skip = await netnsMissing();
const RECORDS = {
  "mail.test": [MAIL_SERVER],
  "rebind.test": [PRIVATE_SERVER],
  "mixed.test": [MAIL_SERVER, PRIVATE_SERVER],
  "metadata.test": ["169.254.169.254"],
};
const OPTIONS = { skip, timeoutMs: 60_000 };

/** What a test looks at. */
interface Scene {
  readonly namespaces: NamespacePair;
  readonly capture: PacketCapture;
}

for (const runtime of RUNTIMES) {
  test(`NET-08 on ${runtime} nothing leaves before the answer; after y the query and the connection do`, async () => {
    await inNamespace(async ({ namespaces, capture }) => {
      await using dialogue = await startDialogue(namespaces, runtime, ["mail.test:25"]);
      await dialogue.expect(/Allow\? \[y\/r\/[a-z]{4} a\/N\]/);
      assert.deepEqual(lines(await capture.sinceMark()), []);
      dialogue.type("y\n");
      const { 1: outcome = "" } = await dialogue.expect(/@@(\{.*\})/);
      assert.deepEqual(JSON.parse(outcome), {
        event: "connected",
        address: MAIL_SERVER,
        firstLine: "220 mail.test ready",
      });
      await dialogue.end();
      const after = await capture.sinceMark();
      assert.ok(after.findIndex(({ kind }) => kind === "query") >= 0, "no query left after consent");
      const first = after.findIndex(({ kind }) => kind === "query");
      const connected = after.findIndex(({ kind }) => kind === "syn");
      assert.ok(connected > first, "the connection came before the query");
      assert.deepEqual(synsOf(after), [`${MAIL_SERVER}.25`]);
    });
  }, OPTIONS);

  test(`NET-08 on ${runtime} nothing leaves at all when the operator presses Enter`, async () => {
    await inNamespace(async ({ namespaces, capture }) => {
      await using dialogue = await startDialogue(namespaces, runtime, ["mail.test:25"]);
      await dialogue.expect(/Allow\?/);
      dialogue.type("\n");
      const { 1: outcome = "" } = await dialogue.expect(/@@(\{.*\})/);
      assert.equal(JSON.parse(outcome).name, "NotAllowedError");
      await dialogue.end();
      assert.deepEqual(lines(await capture.sinceMark()), []);
      assert.deepEqual(namespaces.server.records.map(({ record }) => record["event"]), ["ready"]);
    });
  }, OPTIONS);

  test(`NET-08 on ${runtime} nothing leaves at all where there is no terminal to ask at`, async () => {
    await inNamespace(async ({ namespaces, capture }) => {
      const argv = namespaces.inClient(await connectCommand(runtime, ["mail.test:25"]));
      const { stdout, stderr } = await runWithoutTerminal(argv);
      assert.equal(JSON.parse(/@@(.*)/.exec(stdout)?.[1] ?? "null")?.name, "NotAllowedError");
      assert.match(stderr, /there is no terminal to ask at/);
      assert.deepEqual(lines(await capture.sinceMark()), []);
    });
  }, OPTIONS);

  for (const host of ["rebind.test", "mixed.test", "metadata.test"]) {
    test(
      `NET-14 on ${runtime} ${host}, which leads to a private address, is looked up and not connected to`,
      async () => {
        await inNamespace(async ({ namespaces, capture }) => {
          await using dialogue = await startDialogue(namespaces, runtime, [`${host}:25`]);
          await dialogue.expect(/Allow\?/);
          dialogue.type("y\n");
          const { 1: outcome = "" } = await dialogue.expect(/@@(\{.*\})/);
          const { event, message } = JSON.parse(outcome);
          assert.equal(event, "failed");
          assert.doesNotMatch(message, /10\.7\.7\.7|169\.254/, "the program learns where the name leads");
          await dialogue.end();
          const packets = await capture.sinceMark();
          assert.ok(packets.some(({ kind }) => kind === "query"), "no query left after consent");
          assert.deepEqual(synsOf(packets), []);
          assert.match(dialogue.text, /PERM_ADDRESS/);
        });
      },
      OPTIONS,
    );
  }
}

async function inNamespace(check: (scene: Scene) => Promise<void>): Promise<void> {
  await using namespaces = await NamespacePair.create(RECORDS);
  await using capture = await PacketCapture.start(namespaces);
  await check({ namespaces, capture });
}

async function startDialogue(
  namespaces: NamespacePair,
  runtime: TestRuntime,
  targets: readonly string[],
): Promise<TerminalDialogue> {
  return new TerminalDialogue(namespaces.inClient(await connectCommand(runtime, targets)));
}

function synsOf(packets: readonly CapturedPacket[]): string[] {
  return packets.filter(({ kind }) => kind === "syn").map(({ to }) => to);
}

function lines(packets: readonly CapturedPacket[]): string[] {
  return packets.map(({ line }) => line);
}
