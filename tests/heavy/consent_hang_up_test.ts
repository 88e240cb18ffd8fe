/** What was approved at a terminal ends with it, in a program that lives on; what was approved elsewhere does not (CON-23). */
import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import type { TerminalDialogue } from "../support/terminal_dialogue.ts";
import { startConsentPeer } from "./programs/consent_peer.ts";
import { ConsentStage } from "./programs/consent_stage.ts";

const TERMINAL = { skip: ptyMissing(), timeoutMs: 120_000 };
const HOST = "127.0.0.1";
const WITHIN_MS = 2_000;

/** Answers the question with its word, and what comes after it. */
async function approve(terminal: TerminalDialogue, more: string): Promise<void> {
  const { 1: word = "" } = await terminal.expect(/Allow\? \[([a-z]{4})\/N\]/);
  terminal.type(`${word}${more}\n`);
}

test(
  "CON-23 a program that outlives its terminal loses what was approved there, once and for the run, within 2 s",
  async () => {
    await eachRuntime(async (runtime) => {
      await using once = await startConsentPeer();
      await using forRun = await startConsentPeer();
      await using byFlag = await startConsentPeer();
      await using stage = await ConsentStage.open(runtime);
      const env = { PARLEY_ALLOW: `${HOST}:${byFlag.port}` };
      const { program, terminal } = await stage.startAtTerminal({ env, ignoresHangUp: true });
      const orders: string[] = [];
      for (const [{ port }, more] of [[once, ""], [forRun, " r"]] as const) {
        const id = program.tell({ do: "open", host: HOST, port });
        await approve(terminal, more);
        await program.event("opened", id);
        orders.push(id);
      }
      const kept = program.tell({ do: "open", host: HOST, port: byFlag.port });
      await program.event("opened", kept);
      const since = performance.now();
      await terminal[Symbol.asyncDispose]();
      for (const id of orders) assert.equal((await program.event("closed", id))["name"], "NotAllowedError");
      await Promise.all([once.empty(), forRun.empty()]);
      const tookMs = performance.now() - since;
      assert.ok(tookMs < WITHIN_MS, `it took ${tookMs} ms`);
      // It goes on, without a terminal, and what was approved for the run is approved no more.
      await program.event("pong", program.tell({ do: "ping" }));
      for (const { port } of [once, forRun]) {
        const { name, message, cause } = await program.open(HOST, port);
        assert.deepEqual({ name, message, cause }, {
          name: "NotAllowedError",
          message: `Not allowed to connect to ${HOST}:${port}`,
          cause: null,
        });
      }
      // What the operator approved at the start was not approved at the terminal.
      assert.ok(!program.records.some((record) => record["event"] === "closed" && record["id"] === kept));
      assert.equal((await program.open(HOST, byFlag.port))["event"], "opened");
      assert.deepEqual([once.taken, forRun.taken, byFlag.taken], [1, 1, 2]);
    });
  },
  TERMINAL,
);

test("CON-23 a program that a hang-up ends is gone with its connections", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    const { program, terminal } = await stage.startAtTerminal();
    const id = program.tell({ do: "open", host: HOST, port: peer.port });
    await approve(terminal, " r");
    await program.event("opened", id);
    await terminal[Symbol.asyncDispose]();
    await program.ended();
    await peer.empty();
  });
}, TERMINAL);
