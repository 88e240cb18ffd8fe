/** A command whose output nobody reads any more, as in `parley connect … | head -1`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { eachRuntime } from "../support/each_runtime.ts";
import { runtimeArgs } from "../support/client_process.ts";
import { runtimePath } from "../support/runtimes.ts";
import { ServerProcess } from "../support/server_process.ts";
import { peerSuite } from "./peer_suite.ts";

const COMMAND = fileURLToPath(new URL("../../cli/main.ts", import.meta.url));

const test = await peerSuite(["socat"], async (stack) => {
  const { server, ready } = await ServerProcess.start({
    name: "socat",
    command: "/usr/bin/socat",
    args: ["-d", "-d", "-u", "OPEN:/dev/zero", "TCP-LISTEN:0,bind=127.0.0.1,fork"],
    ready: /listening on AF=2 127\.0\.0\.1:(\d+)/,
  });
  return { endless: Number(ready[1]), process: stack.use(server) };
});

test("NET-04 when the reader of its output goes, the command ends like any other in a pipe, without a word", async ({ endless }) => {
  await eachRuntime(async (runtime) => {
    const where = `127.0.0.1:${endless}`;
    const program = [await runtimePath(runtime), ...runtimeArgs(runtime), COMMAND];
    const script = '"$@" < /dev/null | head -c 1000 > /dev/null; exit "${PIPESTATUS[0]}"';
    const args = ["-c", script, "sh", ...program, "connect", "--allow", where, where];
    const { status, stderr } = await run("/bin/bash", args);
    assert.equal(status, 141, stderr);
    assert.doesNotMatch(stderr, /error|cannot/i);
  });
});

function run(command: string, args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve) => {
    let stderr = "";
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], detached: true });
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text);
    child.on("close", (status) => resolve({ status, stderr }));
  });
}
