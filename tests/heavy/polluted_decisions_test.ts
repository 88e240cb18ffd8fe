/**
 * A polluted `Object.prototype` changes no decision, no question and no line that the operator is told (CORE-01). TLS under
 * pollution is shown in the suite of real servers.
 */
import assert from "node:assert/strict";
import { missingPackage } from "../support/debian_package.ts";
import { RUNTIMES } from "../support/each_runtime.ts";
import { startEchoServer } from "../support/echo_server.ts";
import { freePort } from "../support/free_port.ts";
import { test } from "../support/harness.ts";
import { decideAlone, decideAtTerminal, declineAtTerminal } from "./decision_runs.ts";
import { HOSTILE_NAMES } from "./programs/hostile_names.ts";

const OPTIONS = {
  skip: missingPackage("socat"),
  timeoutMs: 60_000,
}; /** The runtimes' own terminal streams are born ended by it, so nobody can be asked: that must be a no. */
const ENDS_STREAMS = ["signal"];

test("CORE-01 at least 60 names are put on Object.prototype", () => {
  assert.ok(Object.keys(HOSTILE_NAMES).length >= 60);
});

for (const runtime of RUNTIMES) {
  test(`CORE-01 on ${runtime} pollution changes no decision and no line, without a terminal`, async () => {
    await using server = await startEchoServer();
    const ports = { open: server.port, closed: await freePort() };
    const clean = await decideAlone(runtime, ports, []);
    const [approved, refused] = clean.outcomes as (readonly unknown[])[];
    assert.deepEqual(approved, ["connected", "127.0.0.1", ports.open, "hello"]);
    assert.deepEqual(refused?.slice(0, 2), ["failed", "NotAllowedError"]);
    assert.deepEqual(clean.outcomes.slice(-2), ["AbortError", ["prompt", "prompt", "denied"]]);
    assert.match(clean.lines, /your policy file refuses it \(policy\.json#2\)[^]*\(policy\.json#3\)/);
    assert.match(clean.traces, /"event":"decision"[^]*"event":"opened"[^]*"by":"operator","rule":"policy\.json#3"/);
    assert.match(clean.lines, /there is no terminal to ask at/);
    assert.deepEqual(await decideAlone(runtime, ports, null), clean);
  }, OPTIONS);

  test(`CORE-01 on ${runtime} pollution changes no question and no answer at a terminal`, async () => {
    await using server = await startEchoServer();
    const clean = await decideAtTerminal(runtime, server.port, []);
    assert.match(clean, /question 1[^]*Allowed once[^]*connected to[^]*question 2[^]*question 3[^]*@@/);
    assert.match(clean, /"effect": ?"allow"[^]*"answer":"always"[^]*"by":"stored"/);
    const names = Object.keys(HOSTILE_NAMES).filter((name) => !ENDS_STREAMS.includes(name));
    assert.equal(await decideAtTerminal(runtime, server.port, names), clean);
  }, OPTIONS);

  test(`CORE-01 on ${runtime} a pollution that ends every stream of the runtime approves nothing`, async () => {
    for (const outcome of await declineAtTerminal(runtime, ENDS_STREAMS)) {
      assert.deepEqual(outcome.slice(0, 2), ["failed", "NotAllowedError"]);
    }
  }, OPTIONS);
}
