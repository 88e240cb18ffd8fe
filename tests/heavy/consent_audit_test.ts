/** The log of decisions after real runs: one log of all runtimes is whole, a killed program spoils nothing, and it has what the program was not told. */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { eachRuntime, RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { type ConsentPeer, startConsentPeer } from "./programs/consent_peer.ts";
import type { ConsentRecord } from "./programs/consent_program.ts";
import { ConsentStage, stageMissing } from "./programs/consent_stage.ts";

const LONG = { skip: stageMissing(), timeoutMs: 120_000 };
const HOST = "127.0.0.1";

/** Lets a program open, lose and be refused what the policy says. */
async function play(stage: ConsentStage, peer: ConsentPeer): Promise<void> {
  const program = await stage.start({ env: { PARLEY_ALLOW: `${HOST}:${peer.port}` } });
  assert.equal((await program.open(HOST, peer.port))["event"], "opened", program.errors);
  await program.try(HOST, peer.port, 3);
  await program.try(HOST, 1, 5);
  assert.equal((await program.open("mail.example", 25))["name"], "NotAllowedError");
  program.tell({ do: "end" });
  await program.ended();
}

async function shown(stage: ConsentStage, args: readonly string[] = []): Promise<readonly ConsentRecord[]> {
  const { status, stdout, stderr } = await stage.command(["audit", "show", "--json", ...args]);
  assert.equal(status, 0, stderr);
  return stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as ConsentRecord);
}

/** That the log is whole, and every decision in it can be made again; told by each runtime's own command. */
async function assertWhole(stage: ConsentStage): Promise<void> {
  for (const task of ["verify", "replay"]) {
    const { status, stdout, stderr } = await stage.command(["audit", task]);
    assert.equal(status, 0, `${stage.runtime}, ${task}: ${stdout}${stderr}`);
  }
}

test(
  "CON-22 after runs on three runtimes at once into one log, verify and replay find nothing wrong on any",
  async () => {
    await using peer = await startConsentPeer();
    await using base = await ConsentStage.open("deno");
    await base.write(base.policyFile, { rules: [{ effect: "deny", to: `${HOST}:1` }] });
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime, base.folders);
      await play(stage, peer);
    });
    await eachRuntime(async (runtime) => {
      await using stage = await ConsentStage.open(runtime, base.folders);
      await assertWhole(stage);
    });
    const lines = await shown(base);
    assert.equal(new Set(lines.map(({ run }) => run)).size, RUNTIMES.length, "runs");
    assert.equal(lines.filter(({ event }) => event === "end").length, RUNTIMES.length, "ended in order");
  },
  LONG,
);

test("CON-22 a line that was changed, or taken out, is found", async () => {
  await using peer = await startConsentPeer();
  await using stage = await ConsentStage.open("node");
  await stage.write(stage.policyFile, { rules: [{ effect: "deny", to: `${HOST}:1` }] });
  await play(stage, peer);
  await assertWhole(stage);
  const path = `${stage.folders.state}/parley/audit.jsonl`;
  const text = await readFile(path, "utf8");
  const lines = text.split("\n");
  for (const forged of [text.replace('"decision":"deny"', '"decision":"allow"'), lines.toSpliced(2, 1).join("\n")]) {
    assert.notEqual(forged, text);
    await writeFile(path, forged);
    assert.equal((await stage.command(["audit", "verify"])).status, 65);
  }
}, LONG);

test("CON-22 a program killed in the middle of its tries leaves a log that is whole, and that goes on", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    const program = await stage.start({ env: { PARLEY_ALLOW: `${HOST}:${peer.port}` } });
    assert.equal((await program.open(HOST, peer.port))["event"], "opened");
    // Killed while it writes one line after the other.
    program.tell({ do: "try", host: HOST, port: peer.port, times: 1_000 });
    await peer.hasTaken(20);
    await program.kill();
    await assertWhole(stage);
    await play(stage, peer);
    assert.equal((await stage.command(["audit", "verify"])).status, 0, "behind what was cut off");
    const lines = await shown(stage);
    assert.equal(new Set(lines.map(({ run }) => run)).size, 2);
    assert.equal(lines.filter(({ event }) => event === "end").length, 1);
  });
}, LONG);

test("NET-17 the log has the full reason of a refusal of which the program is told nothing", async () => {
  await eachRuntime(async (runtime) => {
    await using stage = await ConsentStage.open(runtime);
    await stage.write(stage.policyFile, { rules: [{ effect: "deny", to: `${HOST}:1` }] });
    const program = await stage.start({ env: { PARLEY_ALLOW: "mail.example:25" } });
    const told: unknown[] = [];
    for (const [host, port] of [[HOST, 1], [HOST, 2], ["mail.example", 25]] as const) {
      const { name, message, cause } = await program.open(host, port);
      told.push([name, String(message).replace(`${host}:${port}`, "it"), cause]);
    }
    const uniform = ["NotAllowedError", "Not allowed to connect to it", null];
    assert.deepEqual(told, [uniform, uniform, uniform]);
    program.tell({ do: "end" });
    await program.ended();
    const lines = await shown(stage);
    const about = (to: string) => lines.filter(({ what }) => (what as { to?: string } | undefined)?.to === to);
    const short = ({ event, decision = null, by = null, rule = null }: ConsentRecord) => [event, decision, by, rule];
    assert.deepEqual(about(`${HOST}:1`).map(short), [["decision", "deny", "operator", "policy.json#1"]]);
    assert.deepEqual(about(`${HOST}:2`).map(short).slice(0, 1), [["decision", "ask", null, null]]);
    assert.equal(about(`${HOST}:2`).find(({ event }) => event === "answer")?.["answer"], "no-terminal");
    const [approved, failed] = about("mail.example:25");
    assert.deepEqual(short(approved ?? {}).slice(0, 3), ["decision", "allow", "flag"]);
    assert.equal(failed?.["event"], "failed");
    assert.match(JSON.stringify(failed), /NET_DNS/);
    assert.deepEqual((await shown(stage, ["--denied"])).map(short).slice(0, 1), [
      ["decision", "deny", "operator", "policy.json#1"],
    ]);
  });
}, LONG);
