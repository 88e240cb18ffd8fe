/**
 * A managed policy over everything else that could approve: what was given at launch, what was remembered, the operator's own
 * file, and the question at a real terminal. On every runtime, with the file where managed files stand.
 */
import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import { managedBy, managedMissing } from "./programs/consent_managed.ts";
import { type ConsentPeer, startConsentPeer } from "./programs/consent_peer.ts";
import type { ConsentProgram, ConsentRecord } from "./programs/consent_program.ts";
import { ConsentStage } from "./programs/consent_stage.ts";

const MANAGED = { skip: ptyMissing() ?? await managedMissing(), timeoutMs: 120_000 };
const HOST = "127.0.0.1";
const QUESTION = /Parley asks/;

/** Runs a check on each runtime, where nothing may have been connected to in the end. */
async function refusing(check: (stage: ConsentStage, peer: ConsentPeer) => Promise<void>): Promise<void> {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    await check(stage, peer);
    assert.equal(peer.taken, 0);
  });
}

function assertUniform(record: ConsentRecord, port: number): void {
  const { name, message, cause } = record;
  const expected = { name: "NotAllowedError", message: `Not allowed to connect to ${HOST}:${port}`, cause: null };
  assert.deepEqual({ name, message, cause }, expected);
}

async function assertRefused(program: ConsentProgram, port: number): Promise<void> {
  assertUniform(await program.open(HOST, port), port);
}

test(
  "NET-15 CON-17 a managed refusal beats launch flags, the operator's file, a remembered yes, and the question",
  async () => {
    await refusing(async (stage, { port }) => {
      await stage.grant(port);
      await stage.write(stage.policyFile, { rules: [{ effect: "allow", to: `${HOST}:${port}` }] });
      const managed = await managedBy(stage, { rules: [{ effect: "deny", to: "127.0.0.0/8:*" }] });
      const { program, terminal } = await stage.startAtTerminal({
        ...managed,
        env: { PARLEY_ALLOW: `${HOST}:${port}` },
      });
      await assertRefused(program, port);
      await terminal.expect(/the managed policy of this machine refuses it\s+\(test\.json#1\)/);
      assert.doesNotMatch(terminal.text, QUESTION);
    });
  },
  MANAGED,
);

test("CON-17 a managed approval opens without a question, and beats no refusal of the operator's", async () => {
  await using denied = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    const managed = await managedBy(stage, { rules: [{ effect: "allow", to: `${HOST}:*` }] });
    await stage.write(stage.policyFile, { rules: [{ effect: "deny", to: `${HOST}:${denied.port}` }] });
    const program = await stage.start(managed);
    assert.equal((await program.open(HOST, peer.port))["event"], "opened", program.errors);
    await assertRefused(program, denied.port);
  });
  assert.equal(denied.taken, 0);
}, MANAGED);

test("NET-15 where a managed policy disables the prompt, nobody is asked at a terminal", async () => {
  await refusing(async (stage, { port }) => {
    const managed = await managedBy(stage, { prompt: "disabled" });
    const { program, terminal } = await stage.startAtTerminal(managed);
    await assertRefused(program, port);
    await terminal.expect(/the policy approves nothing of the kind and lets nobody be asked/);
    assert.doesNotMatch(terminal.text, QUESTION);
  });
}, MANAGED);

test("NET-15 under a locked policy only the question is left, and it offers nothing for good", async () => {
  await refusing(async (stage, { port }) => {
    await stage.grant(port);
    await stage.write(stage.policyFile, { rules: [{ effect: "allow", to: `${HOST}:${port}` }] });
    const managed = await managedBy(stage, { locked: true });
    const { program, terminal } = await stage.startAtTerminal({ ...managed, env: { PARLEY_ALLOW: `${HOST}:${port}` } });
    const id = program.tell({ do: "open", host: HOST, port });
    await terminal.expect(/Question 1\. Allow\? \[[a-z]{4}\/N\]/);
    terminal.type("\n");
    assertUniform(await program.event("failed", id), port);
    const named = program.tell({ do: "open", host: "mail.example", port: 25 });
    await terminal.expect(/Question 2\. Allow\? \[y\/r\/N\]/);
    terminal.type("\n");
    await program.event("failed", named);
  });
}, MANAGED);

test("CON-22 where a managed policy requires the log, a run in private mode is refused, and that is said", async () => {
  await refusing(async (stage, { port }) => {
    const managed = await managedBy(stage, {
      audit: "required",
      rules: [{ effect: "allow", to: `${HOST}:${port}` }],
    });
    const { program, terminal } = await stage.startAtTerminal({ ...managed, env: { PARLEY_PRIVATE: "1" } });
    await assertRefused(program, port);
    await terminal.expect(/nothing is approved: private mode leaves no audit log, and the policy requires\s+one/);
    assert.doesNotMatch(terminal.text, QUESTION);
  });
}, MANAGED);

test("CON-22 where a managed policy requires the log and it cannot be written, everything is refused", async () => {
  await refusing(async (stage, { port }) => {
    const managed = await managedBy(stage, {
      audit: "required",
      rules: [{ effect: "allow", to: `${HOST}:${port}` }],
    });
    // Where the log's directory is to be stands a file.
    await stage.write(`${stage.folders.state}/parley`, "in the way");
    const program = await stage.start(managed);
    await assertRefused(program, port);
    await program.error(/the audit log cannot be written, and the policy requires it/);
  });
}, MANAGED);

test("CON-23 a managed policy that only watches lets through what would be refused, and the log says so", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    const deny = [{ effect: "deny", to: `${HOST}:${peer.port}` }];
    const managed = await managedBy(stage, { auditOnly: true, rules: deny });
    const program = await stage.start(managed);
    assert.equal((await program.open(HOST, peer.port))["event"], "opened", program.errors);
    program.tell({ do: "end" });
    await program.ended();
    const { stdout } = await stage.command(["audit", "show", "--json"]);
    const lines = stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as ConsentRecord);
    const decided = lines.find(({ event }) => event === "decision");
    const { decision, by, rule, unenforced } = decided ?? {};
    assert.deepEqual({ decision, by, rule, unenforced }, {
      decision: "deny",
      by: "managed",
      rule: "test.json#1",
      unenforced: true,
    });
  });
  // The same file of the operator's own is an error, which approves nothing.
  await refusing(async (stage, { port }) => {
    await stage.write(stage.policyFile, { auditOnly: true });
    const program = await stage.start({ env: { PARLEY_ALLOW: `${HOST}:${port}` } });
    await assertRefused(program, port);
  });
}, MANAGED);
