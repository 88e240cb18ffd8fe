/** Learn mode at a real terminal: it asks as usual, and what it writes down approves the same afterwards, and nothing else (CON-23). */
import assert from "node:assert/strict";
import { readFile, stat } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import type { TerminalDialogue } from "../support/terminal_dialogue.ts";
import { startConsentPeer } from "./programs/consent_peer.ts";
import { ConsentStage } from "./programs/consent_stage.ts";

const TERMINAL = { skip: ptyMissing(), timeoutMs: 120_000 };
const HOST = "127.0.0.1";

/** Answers the question with its word. */
async function approve(terminal: TerminalDialogue, more = ""): Promise<void> {
  const { 1: word = "" } = await terminal.expect(/Allow\? \[([a-z]{4})\/N\]/);
  terminal.type(`${word}${more}\n`);
}

async function rulesOf(file: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return JSON.parse(await readFile(file, "utf8")).rules;
}

test(
  "CON-23 with PARLEY_RECORD a program is asked about as usual, and what was approved is a valid policy",
  async () => {
    await using once = await startConsentPeer();
    await using forRun = await startConsentPeer();
    await using refused = await startConsentPeer();
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      const file = stage.path("learnt.json");
      const { program, terminal } = await stage.startAtTerminal({ env: { PARLEY_RECORD: file } });
      for (const [{ port }, more] of [[once, ""], [forRun, " r"]] as const) {
        const id = program.tell({ do: "open", host: HOST, port });
        await approve(terminal, more);
        await program.event("opened", id);
      }
      const no = program.tell({ do: "open", host: HOST, port: refused.port });
      await terminal.expect(/Question 3\. Allow\?/);
      terminal.type("\n");
      await program.event("failed", no);
      program.tell({ do: "end" });
      await program.ended();
      const origin = pathToFileURL(stage.program).href;
      assert.deepEqual(await rulesOf(file), [
        { effect: "allow", origin, to: `${HOST}:${once.port}` },
        { effect: "allow", origin, to: `${HOST}:${forRun.port}` },
      ]);
      assert.equal((await stat(file)).mode & 0o077, 0, "others can read or write it");
      const checked = await stage.command(["policy", "check", file]);
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      assert.match(checked.stdout, /learnt\.json: valid, 2 rules/);
      // Nothing was granted by writing it down; as a policy it approves that, for that program.
      const env = { PARLEY_POLICY: file };
      const second = await stage.startAtTerminal({ env });
      for (const { port } of [once, forRun]) assert.equal((await second.program.open(HOST, port))["event"], "opened");
      assert.doesNotMatch(second.terminal.text, /Parley asks/);
      const other = second.program.tell({ do: "open", host: HOST, port: refused.port });
      await second.terminal.expect(/Allow\?/);
      second.terminal.type("\n");
      await second.program.event("failed", other);
      const stranger = await stage.start({ env, inProject: true });
      assert.equal((await stranger.open(HOST, once.port))["name"], "NotAllowedError");
      const unlearnt = await stage.start();
      assert.equal((await unlearnt.open(HOST, once.port))["name"], "NotAllowedError");
    });
    assert.equal(refused.taken, 0);
  },
  TERMINAL,
);

test(
  "CON-23 parley connect --record writes what was approved as a valid policy, which approves it afterwards",
  async () => {
    await using peer = await startConsentPeer();
    await using other = await startConsentPeer();
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      const file = stage.path("learnt.json");
      const terminal = stage.commandAtTerminal(["connect", `${HOST}:${peer.port}`, "--record", file]);
      await approve(terminal);
      await terminal.expect(/connected to/);
      terminal.type("\x04");
      assert.equal(await terminal.end(), 0);
      assert.deepEqual((await rulesOf(file)).map(({ effect, to }) => [effect, to]), [[
        "allow",
        `${HOST}:${peer.port}`,
      ]]);
      const checked = await stage.command(["policy", "check", file]);
      assert.equal(checked.status, 0, checked.stdout + checked.stderr);
      const unasked = await stage.command(["connect", `${HOST}:${peer.port}`, "--policy", file]);
      assert.equal(unasked.status, 0, unasked.stderr);
      assert.equal((await stage.command(["connect", `${HOST}:${other.port}`, "--policy", file])).status, 77);
    });
    assert.equal(other.taken, 0);
  },
  TERMINAL,
);

test("CON-23 a file that is there already is not written over, and the program goes on", async () => {
  await using peer = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    const file = await stage.write(stage.path("theirs.json"), "not to be lost");
    const { program, terminal } = await stage.startAtTerminal({ env: { PARLEY_RECORD: file } });
    const id = program.tell({ do: "open", host: HOST, port: peer.port });
    await approve(terminal);
    await program.event("opened", id);
    await terminal.expect(/parley: nothing is recorded: /);
    assert.equal(await readFile(file, "utf8"), "not to be lost");
  });
}, TERMINAL);
