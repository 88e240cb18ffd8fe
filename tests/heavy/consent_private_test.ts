/**
 * Private mode at a real terminal: questions, approvals and refusals leave an account's directories as they were, byte for byte
 * and inode for inode, whether there was something in them or not.
 */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import { startConsentPeer } from "./programs/consent_peer.ts";
import type { ConsentFolders } from "./programs/consent_program.ts";
import { ConsentStage } from "./programs/consent_stage.ts";

const TERMINAL = { skip: ptyMissing(), timeoutMs: 120_000 };
const HOST = "127.0.0.1";
/** Everything below the account's directories: what it is, whose, and what stands in it. */
async function inventory(folders: ConsentFolders): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const folder of Object.values(folders)) await walk(folder, found);
  return found;
}

async function walk(path: string, found: Map<string, string>): Promise<void> {
  const { ino, mode, uid, gid, nlink, size, mtimeMs, ctimeMs } = await lstat(path);
  const isDirectory = (mode & 0o170000) === 0o040000;
  if (!isDirectory) {
    const content = createHash("sha256").update(await readFile(path)).digest("hex");
    found.set(path, [ino, mode, uid, gid, nlink, size, mtimeMs, ctimeMs, content].join(" "));
    return;
  }
  // The lock of the terminal stands in a directory while a question does, which shows in the directory's times.
  found.set(path, [ino, mode, uid, gid, nlink].join(" "));
  for (const name of await readdir(path)) await walk(join(path, name), found);
}

/** A run with a question that is approved once, one for the run, one refused, and one about a public name. */
async function run(stage: ConsentStage, port: number): Promise<void> {
  const { program, terminal } = await stage.startAtTerminal({ env: { PARLEY_PRIVATE: "1" } });
  for (const more of ["", " r", null]) {
    const id = program.tell({ do: "open", host: HOST, port: more === null ? 1 : port });
    const { 1: word = "" } = await terminal.expect(/Allow\? \[([a-z]{4})\/N\]/);
    terminal.type(more === null ? "\n" : `${word}${more}\n`);
    const told = await program.record((record) => record["id"] === id, `order ${id}`);
    assert.equal(told["event"], more === null ? "failed" : "opened");
  }
  assert.equal((await program.open(HOST, port))["event"], "opened", "what was approved for the run holds");
  const id = program.tell({ do: "open", host: "mail.example", port: 25 });
  // Not "a": nothing is remembered. It is asked for by Enter, because the answer before was no.
  await terminal.expect(/Press Enter to see/);
  await terminal.typeUntil("\n", /Parley asks/);
  await terminal.expect(/Allow\? \[y\/r\/N\]/);
  assert.doesNotMatch(terminal.text, /Yes, always/);
  terminal.type("n\n");
  await program.event("failed", id);
  program.tell({ do: "end" });
  await program.ended();
}

test("NET-20 a private run leaves directories of an account that has used Parley as they were", async () => {
  await using peer = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    await stage.write(stage.policyFile, { rules: [{ effect: "allow", to: "mail.example.com:25" }] });
    // A remembered answer, a log, a lock and a count.
    await stage.grant(peer.port);
    const earlier = await stage.start();
    await earlier.try(HOST, peer.port, 2);
    earlier.tell({ do: "end" });
    await earlier.ended();
    const before = await inventory(stage.folders);
    assert.ok([...before.keys()].some((path) => path.endsWith("/audit.jsonl")), "there was a log");
    assert.ok([...before.keys()].some((path) => path.includes("/parley/grants/")), "there was a remembered answer");
    // What was remembered does not count either: the run asks.
    await run(stage, peer.port);
    assert.deepEqual(await inventory(stage.folders), before);
  });
}, TERMINAL);

test("NET-20 a private run of an account that has not used Parley leaves nothing in its directories", async () => {
  await using peer = await startConsentPeer();
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    await run(stage, peer.port);
    const left = [...(await inventory(stage.folders)).keys()];
    const { home, state, config, runtime: runtimeFolder } = stage.folders;
    // The directory that the lock and the count stood in names nobody.
    assert.deepEqual(left.sort(), [config, home, runtimeFolder, join(runtimeFolder, "parley"), state].sort());
  });
}, TERMINAL);

test(
  "NET-20 parley connect --private at a terminal leaves the directories as they were, and offers nothing for good",
  async () => {
    await using peer = await startConsentPeer();
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime);
      await stage.command(["connect", `${HOST}:1`]);
      const before = await inventory(stage.folders);
      const terminal = stage.commandAtTerminal(["connect", `${HOST}:${peer.port}`, "--private"]);
      const { 1: word = "" } = await terminal.expect(/Allow\? \[([a-z]{4})\/N\]/);
      terminal.type(`${word}\n`);
      await terminal.expect(/Allowed once/);
      await terminal.expect(/connected to/);
      terminal.type("\x04");
      assert.equal(await terminal.end(), 0);
      assert.deepEqual(await inventory(stage.folders), before);
    });
  },
  TERMINAL,
);
