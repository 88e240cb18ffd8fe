import assert from "node:assert/strict";
import { startCoapServer } from "../support/coap_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { startLossyRelay } from "../support/lossy_relay.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["libcoap3-bin"], async (stack) => ({ device: stack.use(await startCoapServer()) }));

testUseCase(test, { name: "CoAP", shows: "reads a resource, and observes it" }, async (runtime, { device }) => {
  const from = device.process.log().length;
  const allow = `udp://localhost:${device.port}`;
  const { status, stdout, stderr } = await runExample(
    runtime,
    ["coap_get", "localhost", String(device.port), "/time?ticks", "3"],
    { allow },
  );
  assert.equal(status, 0, stderr);
  const times = stdout.trimEnd().split("\n").map(Number);
  assert.equal(times.length, 3, stdout);
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  // What is told later is what has changed.
  assert.ok(Number(times[2]) > Number(times[0]), stdout);
  assert.ok(Math.abs(Number(times[0]) - Date.now() / 1000) < 10, stdout);
  const log = device.process.log().slice(from);
  assert.match(log, /t:CON c:GET .*Observe:0.*Uri-Path:time.*Uri-Query:ticks/);
  // The device is told when nobody listens any more.
  await device.process.waitForLog(/t:NON c:GET .*Observe:1.*Uri-Path:time/, { from });

  const { status: refused, stderr: why } = await runExample(
    runtime,
    ["coap_get", "localhost", String(device.port), "/none"],
    { allow },
  );
  assert.equal(refused, 1);
  assert.match(why, /localhost refuses: 4\.04/);
});

test("NET-21 CoAP: a request that gets lost is sent again after 2 to 3 s, the same", async ({ device }) => {
  await eachRuntime(async (runtime) => {
    await using relay = await startLossyRelay(device.port);
    const start = performance.now();
    const { status, stdout, stderr } = await runExample(
      runtime,
      ["coap_get", "127.0.0.1", String(relay.port), "/time?ticks"],
      { allow: `udp://127.0.0.1:${relay.port}` },
    );
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\d+\n$/);
    assert.equal(relay.sent.length, 2);
    assert.deepEqual(relay.sent[1], relay.sent[0]);
    assert.ok(performance.now() - start > 2_000);
  });
});

test("NET-01 NET-21 CoAP: without approval nothing reaches the device", async ({ device }) => {
  const before = device.process.log();
  await eachRuntime(async (runtime) => {
    const args = ["coap_get", "localhost", String(device.port), "/time"] as const;
    const { status, stdout, stderr } = await runExample(runtime, args, { allow: `localhost:${device.port}` });
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(stderr, /^parley: refused \S+ datagrams to udp:\/\/localhost:\d+/m);
  });
  assert.equal(device.process.log(), before);
});
