/**
 * Consent that is taken back elsewhere: a program holds a connection while another process revokes what it relies on, or the
 * operator's policy file changes under it. Real processes and files on every runtime.
 */
import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { ptyMissing } from "../support/pty.ts";
import { type ConsentPeer, startConsentPeer } from "./programs/consent_peer.ts";
import type { ConsentProgram } from "./programs/consent_program.ts";
import { ConsentStage, stageMissing } from "./programs/consent_stage.ts";

const TERMINAL = { skip: ptyMissing(), timeoutMs: 120_000 };
const LONG = { skip: stageMissing(), timeoutMs: 120_000 };
const WITHIN_MS = 5_000;

interface Connected {
  readonly program: ConsentProgram;
  /** The order that opened the connection. */
  readonly opened: string;
  /** The order that watches the permission. */
  readonly watched: string;
}

/** A program that is connected and watches the permission. */
async function connected(stage: ConsentStage, port: number): Promise<Connected> {
  const program = await stage.start();
  const where = { host: "127.0.0.1", port };
  const opened = program.tell({ do: "open", ...where });
  await program.event("opened", opened);
  const watched = program.tell({ do: "watch", ...where });
  assert.equal((await program.event("watched", watched))["state"], "granted");
  return { program, opened, watched };
}

/** That the connection ends, the program is told why it may not go on, and its permission changes: all in time. */
async function losesIt({ program, opened, watched }: Connected, peer: ConsentPeer, since: number): Promise<void> {
  const closed = await program.event("closed", opened);
  assert.equal(closed["name"], "NotAllowedError");
  const changed = await program.event("change", watched);
  await peer.empty();
  const tookMs = performance.now() - since;
  assert.ok(tookMs < WITHIN_MS, `it took ${tookMs} ms`);
  assert.notEqual(changed["state"], "granted");
}

function refusedAs(port: number): Readonly<Record<string, unknown>> {
  return { name: "NotAllowedError", message: `Not allowed to connect to 127.0.0.1:${port}`, cause: null };
}

async function assertRefused(program: ConsentProgram, port: number): Promise<void> {
  const { name, message, cause } = await program.open("127.0.0.1", port);
  assert.deepEqual({ name, message, cause }, refusedAs(port));
}

test(
  "CON-13 a remembered approval that another process takes back ends the connection and changes the permission",
  async () => {
    await eachRuntime(async (runtime) => {
      await using peer = await startConsentPeer();
      await using stage = await ConsentStage.open(runtime);
      await stage.grant(peer.port);
      const holder = await connected(stage, peer.port);
      const { status, stderr } = await stage.command(["permissions", "revoke", `127.0.0.1:${peer.port}`]);
      const since = performance.now();
      assert.equal(status, 0, stderr);
      await losesIt(holder, peer, since);
      await assertRefused(holder.program, peer.port);
    });
  },
  TERMINAL,
);

test(
  "CON-17 a refusal written into the operator's policy during the run ends the connection that it is about",
  async () => {
    await eachRuntime(async (runtime) => {
      await using peer = await startConsentPeer();
      await using other = await startConsentPeer();
      await using stage = await ConsentStage.open(runtime);
      const allow = [peer, other].map(({ port }) => ({ effect: "allow", to: `127.0.0.1:${port}` }));
      await stage.write(stage.policyFile, { rules: allow });
      const holder = await connected(stage, peer.port);
      const bystander = holder.program.tell({ do: "open", host: "127.0.0.1", port: other.port });
      await holder.program.event("opened", bystander);
      const since = performance.now();
      await stage.write(stage.policyFile, {
        rules: [...allow, { effect: "deny", to: `127.0.0.1:${peer.port}` }],
      });
      await losesIt(holder, peer, since);
      await assertRefused(holder.program, peer.port);
      await holder.program.error(/your policy file refuses it \(policy\.json#3\)/);
      // What the refusal is not about goes on.
      const { program } = holder;
      assert.equal((await program.open("127.0.0.1", other.port))["event"], "opened");
      assert.ok(!program.records.some((record) => record["event"] === "closed" && record["id"] === bystander));
    });
  },
  { timeoutMs: 120_000 },
);

test(
  "CON-17 a remembered approval does not hold against a refusal that the policy file gets during the run",
  async () => {
    await eachRuntime(async (runtime) => {
      await using peer = await startConsentPeer();
      await using stage = await ConsentStage.open(runtime);
      await stage.grant(peer.port);
      await stage.write(stage.policyFile, { rules: [] });
      const holder = await connected(stage, peer.port);
      const since = performance.now();
      await stage.write(stage.policyFile, { rules: [{ effect: "deny", to: "127.0.0.1:*" }] });
      await losesIt(holder, peer, since);
      await assertRefused(holder.program, peer.port);
    });
  },
  TERMINAL,
);

test("CON-21 a policy file that is not valid any more approves nothing new, and what runs goes on", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    const rules = [{ effect: "allow", to: `127.0.0.1:${peer.port}` }];
    await stage.write(stage.policyFile, { rules });
    const { program, opened, watched } = await connected(stage, peer.port);
    await stage.write(stage.policyFile, '{ "version": 1, "rules": [');
    await program.error(/parley: nothing is approved until every policy file is valid/);
    assert.match(program.errors, /policy\.json:1:\d+: /);
    assert.equal((await program.event("change", watched))["state"], "denied");
    await assertRefused(program, peer.port);
    await program.error(/a policy file is not valid, and nothing is allowed until it is/);
    await stage.write(stage.policyFile, { rules });
    await program.error(/parley: every policy file is valid again/);
    assert.equal((await program.open("127.0.0.1", peer.port))["event"], "opened");
    assert.ok(!program.records.some((record) => record["event"] === "closed" && record["id"] === opened));
    assert.equal(peer.taken, 2);
  });
}, LONG);
