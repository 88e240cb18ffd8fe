/** How often a program may try, with the limits of a policy file, in one process and over several of one account. */
import assert from "node:assert/strict";
import { eachRuntime, RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { startConsentPeer } from "./programs/consent_peer.ts";
import type { ConsentRecord } from "./programs/consent_program.ts";
import { ConsentStage, stageMissing } from "./programs/consent_stage.ts";

const LONG = { skip: stageMissing(), timeoutMs: 120_000 };
const HOST = "127.0.0.1";
const UNLIMITED = { burst: 1_000, perSecond: 1_000 };

function opened(outcomes: readonly ConsentRecord[]): number {
  return outcomes.filter(({ name }) => name === null).length;
}

/** Whatever was refused was refused as everything is. */
function assertUniform(outcomes: readonly ConsentRecord[], port: number): void {
  const message = `Not allowed to connect to ${HOST}:${port}`;
  for (const outcome of outcomes) {
    if (outcome["name"] !== null) assert.deepEqual(outcome, { name: "NotAllowedError", message, cause: null });
  }
}

test("NET-10 a program that tries in a loop is refused after the burst, as anything is refused", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using other = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    await stage.write(stage.policyFile, {
      limits: { requester: { burst: 8, perSecond: 0 }, destination: { burst: 5, perSecond: 0 } },
      rules: [{ effect: "allow", to: `${HOST}:*` }],
    });
    const program = await stage.start();
    const outcomes = await program.try(HOST, peer.port, 7);
    assert.deepEqual(outcomes.map(({ name }) => name === null), [true, true, true, true, true, false, false]);
    assertUniform(outcomes, peer.port);
    // Of the program's own eight, seven are gone: what was refused has counted.
    const elsewhere = await program.try(HOST, other.port, 3);
    assert.deepEqual(elsewhere.map(({ name }) => name === null), [true, false, false]);
    assertUniform(elsewhere, other.port);
    await program.error(/there were too many attempts in a short time/);
    assert.deepEqual([peer.taken, other.taken], [5, 1]);
  });
}, LONG);

test("NET-10 a program that is refused by a rule has used its attempts up, and other programs have not", async () => {
  await eachRuntime(async (runtime) => {
    await using peer = await startConsentPeer();
    await using stage = await ConsentStage.open(runtime);
    await stage.write(stage.policyFile, {
      limits: { requester: { burst: 4, perSecond: 0 }, destination: UNLIMITED },
      rules: [{ effect: "allow", to: `${HOST}:${peer.port}` }, { effect: "deny", to: `${HOST}:1` }],
    });
    const program = await stage.start();
    assert.equal(opened(await program.try(HOST, 1, 4)), 0);
    const outcomes = await program.try(HOST, peer.port, 1);
    assert.equal(opened(outcomes), 0);
    assertUniform(outcomes, peer.port);
    const another = await stage.start();
    assert.equal(opened(await another.try(HOST, peer.port, 1)), 1);
  });
}, LONG);

test("NET-10 all programs of an account count together, on whichever runtime they run", async () => {
  await using peer = await startConsentPeer();
  await using base = await ConsentStage.open("deno");
  await base.write(base.policyFile, {
    limits: { requester: UNLIMITED, destination: UNLIMITED, accountPerMinute: 6 },
    rules: [{ effect: "allow", to: `${HOST}:${peer.port}` }],
  });
  const outcomes: ConsentRecord[] = [];
  for (const runtime of RUNTIMES) {
    await using stage = await ConsentStage.open(runtime, base.folders);
    const program = await stage.start();
    outcomes.push(...await program.try(HOST, peer.port, 4));
  }
  assertUniform(outcomes, peer.port);
  assert.equal(opened(outcomes.slice(0, 6)), 6, "the first six are within the limit");
  // Should a minute have begun meanwhile, what is behind counts in part.
  assert.equal(opened(outcomes.slice(-1)), 0, "the twelfth in a minute was let through");
  assert.equal(peer.taken, opened(outcomes));
  // Another account has its own count.
  await using stage = await ConsentStage.open("node");
  await stage.write(stage.policyFile, {
    limits: { accountPerMinute: 6 },
    rules: [{ effect: "allow", to: `${HOST}:${peer.port}` }],
  });
  assert.equal(opened(await (await stage.start()).try(HOST, peer.port, 1)), 1);
}, LONG);
