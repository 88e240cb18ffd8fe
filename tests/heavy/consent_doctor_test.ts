/** `parley doctor` as an operator runs it, at a terminal, on every runtime. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { ConsentStage } from "./programs/consent_stage.ts";

const SWITCH = "/proc/sys/dev/tty/legacy_tiocsti";
const TERMINAL = { skip: ptyMissing(), timeoutMs: 60_000 };

/** What it says at a terminal, in one line, and how it ends. */
async function examined(stage: ConsentStage, args: readonly string[] = []): Promise<{ text: string; status: unknown }> {
  const terminal = stage.commandAtTerminal(["doctor", ...args]);
  const status = await terminal.end();
  return { text: terminal.text.replace(/\s+/g, " "), status };
}

async function onEach(check: (stage: ConsentStage) => Promise<void>): Promise<void> {
  for (const runtime of RUNTIMES) await on(runtime, check);
}

async function on(runtime: TestRuntime, check: (stage: ConsentStage) => Promise<void>): Promise<void> {
  await using stage = await ConsentStage.open(runtime);
  await check(stage);
}

test("CON-10 parley doctor says at a terminal whether other programs can type there", async () => {
  const allowed = !existsSync(SWITCH) || readFileSync(SWITCH, "latin1").trim() !== "0";
  await onEach(async (stage) => {
    const { text, status } = await examined(stage);
    assert.match(text, /questions can be put at this terminal/, stage.runtime);
    assert.equal(/TIOCSTI/.test(text), allowed, `${stage.runtime}: ${text}`);
    assert.equal(status, 0, `${stage.runtime}: ${text}`);
  });
}, TERMINAL);

test("CON-21 parley doctor names a policy file that is not valid, with the place, and ends with 78", async () => {
  await onEach(async (stage) => {
    await stage.write(stage.policyFile, '{\n  "version": 1,\n  "promt": "disabled"\n}\n');
    const { text, status } = await examined(stage);
    assert.match(text, /parley\/policy\.json:3:3: "promt": there is no such key; "prompt" may be meant/, stage.runtime);
    assert.equal(status, 78, stage.runtime);
  });
}, TERMINAL);
