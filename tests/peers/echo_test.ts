import assert from "node:assert/strict";
import { startEchoServer } from "../support/echo_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertFailed, assertWorked, runConnect, runScript } from "./run_client.ts";

const test = await peerSuite(["socat"], async (stack) => ({ echo: stack.use(await startEchoServer()) }));

test("NET-01 NET-04 a script's bytes come back from an echo server after its half-close", async ({ echo }) => {
  await eachRuntime(async (runtime) => {
    const { printed, stderr } = await runScript(runtime, ["echo", String(echo.port)], {
      allow: `localhost:${echo.port}`,
    });
    assert.equal(assertWorked(printed), "over and back\xff\x00");
    // NET-18: whatever is not encrypted is called so.
    assert.match(stderr, /^parley: connected to localhost:\d+\b.*\b127\.0\.0\.1\b.*NOT ENCRYPTED/m);
  });
});

test("NET-04 parley connect passes bytes both ways and ends after its half-close", async ({ echo }) => {
  await eachRuntime(async (runtime) => {
    const args = [`localhost:${echo.port}`, "--allow", `localhost:${echo.port}`];
    const input = "binary \x00\x1b\x7f\x80\xff and lines\n".repeat(5000);
    const { status, stdout, events, stderr } = await runConnect(runtime, args, { input });
    assert.equal(status, 0, stderr);
    assert.ok(stdout === input, `${stdout.length} of ${input.length} bytes came back the same`);
    const closed = events.find(({ event }) => event === "closed");
    assert.deepEqual([closed?.["sent"], closed?.["received"]], [input.length, input.length]);
    assert.equal(events.find(({ event }) => event === "connected")?.["tls"], null);
  });
});

test("CON-12 without terminal and rule nothing is connected, and the operator is told how to approve", async ({ echo }) => {
  const connectionsBefore = connections(echo.process.log());
  await eachRuntime(async (runtime) => {
    const { printed, stderr } = await runScript(runtime, ["echo", String(echo.port)], { allow: "" });
    assertFailed(printed, null);
    assert.match(stderr, new RegExp(`PARLEY_ALLOW=localhost:${echo.port}\\b`));
    const cli = await runConnect(runtime, [`localhost:${echo.port}`], { input: "secret\n" });
    assert.equal(cli.status, 77, cli.stderr);
    assert.equal(cli.stdout, "");
    assert.match(cli.stderr, new RegExp(`--allow localhost:${echo.port}\\b`));
  });
  assert.equal(connections(echo.process.log()), connectionsBefore);
});

test("CON-12 a rule for another port approves nothing", async ({ echo }) => {
  await eachRuntime(async (runtime) => {
    const { printed } = await runScript(runtime, ["echo", String(echo.port)], {
      allow: `localhost:${echo.port % 65535 + 1}`,
    });
    assertFailed(printed, null);
  });
});

function connections(log: string): number {
  return log.split("accepting connection").length - 1;
}
