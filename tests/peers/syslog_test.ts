import assert from "node:assert/strict";
import { type LoggedMessage, startLogServer } from "../support/log_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["rsyslog"], async (stack) => ({ logs: stack.use(await startLogServer()) }));

/** Sends lines that the server can tell from those of other runs. */
async function send(
  runtime: TestRuntime,
  { lines, port, transport }: { readonly lines: readonly string[]; readonly port: number; readonly transport: string },
): Promise<void> {
  const { status, stderr } = await runExample(runtime, ["syslog_send", "localhost", String(port), transport], {
    allow: `${transport}://localhost:${port}`,
    // Characters are bytes here.
    input: String.fromCharCode(...new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""))),
  });
  assert.equal(status, 0, stderr);
}

const SHOWN = ["inputname", "pri", "protocol-version", "app-name", "msgid", "structured-data"] as const;
const ABOUT = ["133", "1", "parley-example", "LINE", '[origin software="parley-example"]'];

function shown(message: LoggedMessage): readonly string[] {
  return SHOWN.map((name) => message[name]);
}

testUseCase(test, { name: "syslog", shows: "logs lines over UDP and TCP" }, async (runtime, { logs }) => {
  for (const [transport, port, input] of [["udp", logs.udpPort, "imudp"], ["tcp", logs.tcpPort, "imtcp"]] as const) {
    const mark = `${runtime} by ${transport}`;
    const lines = [`${mark}: eins`, `${mark}: zwölf Boxkämpfer`, `${mark}: <1>2 3 "4" [5]`];
    await send(runtime, { lines, port, transport });
    const messages = await logs.messages(lines.length, mark);
    assert.deepEqual(messages.map(({ msg }) => msg), lines.map((line) => `\uFEFF${line}`));
    for (const message of messages) assert.deepEqual(shown(message), [input, ...ABOUT]);
  }
});

test("NET-27 NET-21 syslog: a server that answers nothing gets 10 datagrams at once, and then one a second", async ({ logs }) => {
  await eachRuntime(async (runtime) => {
    const mark = `${runtime} counts`;
    const lines = Array.from({ length: 12 }, (_, index) => `${mark} ${index}`);
    await send(runtime, { lines, port: logs.udpPort, transport: "udp" });
    const messages = await logs.messages(lines.length, mark);
    assert.deepEqual(messages.map(({ msg }) => msg), lines.map((line) => `\uFEFF${line}`));
    const times = messages.map(({ timegenerated }) => Date.parse(timegenerated));
    const waits = times.slice(1).map((time, index) => time - (times[index] ?? 0));
    assert.ok(Math.min(...waits.slice(9)) > 900, `${waits}`);
    assert.ok(Math.max(...waits.slice(0, 9)) < 900, `${waits}`);
  });
});
