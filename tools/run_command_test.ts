import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { runCommand, stripColours } from "./run_command.ts";

test("output, status and environment of a command are kept", async () => {
  const script = 'echo "out $ADDED"; echo err >&2; exit 3';
  const result = await runCommand(["bash", "-c", script], { env: { ADDED: "x" } });
  assert.deepEqual([result.status, result.timedOut, result.stdout], [3, false, "out x\n"]);
  assert.match(result.output, /err/);
});

test("a command that cannot be started is told from one that fails", async () => {
  const result = await runCommand(["/nonexistent/program"]);
  assert.equal(result.status, null);
  assert.match(result.output, /Cannot start/);
});

test("at the limit everything ends, even what ignores the polite signal and grandchildren that hold the pipes", async () => {
  const script = "trap '' TERM; sleep 600 & echo started; wait; sleep 600";
  const result = await runCommand(["bash", "-c", script], { timeoutMs: 300 });
  assert.deepEqual([result.timedOut, result.status, result.stdout], [true, null, "started\n"]);
  assert.ok(result.elapsedMs < 8_000);
});

test("a grandchild that outlives its parent neither keeps the runner waiting nor goes on", async () => {
  const result = await runCommand(["bash", "-c", "sleep 600 & echo $!"]);
  assert.equal(result.status, 0);
  const alive = await runCommand(["bash", "-c", `grep -q '^State:.[^Z]' /proc/${result.stdout.trim()}/status`]);
  assert.notEqual(alive.status, 0);
});

test("colours are taken out of what is kept", () => {
  assert.equal(stripColours("\u001b[1;31mred\u001b[0m"), "red");
});
