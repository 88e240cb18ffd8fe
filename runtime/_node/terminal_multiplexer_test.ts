import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { findMultiplexers, isDetached } from "./terminal_multiplexer.ts";
import { processStat } from "./terminal_process_stat.ts";

const noLinux = processStat("self") === null ? "the system has no /proc" : null;

function found(env: Readonly<Record<string, string>>): readonly unknown[] {
  return findMultiplexers((name) => env[name]).map((multiplexer) => ({ ...multiplexer }));
}

test("CON-23 tmux and screen are those that the process descends from", () => {
  const pid = process.ppid;
  const tmux = { kind: "tmux", socket: "/tmp/a,b/default", pid };
  assert.deepEqual(found({ TMUX: `/tmp/a,b/default,${pid},0` }), [tmux]);
  assert.deepEqual(found({ STY: `${pid}.pts-0.host`, SCREENDIR: "/s" }), [{
    kind: "screen",
    socket: `/s/${pid}.pts-0.host`,
    pid,
  }]);
  assert.deepEqual(found({ STY: `${pid}.x`, USER: "ann", HOME: "/home/ann" }), [
    { kind: "screen", socket: `/run/screen/S-ann/${pid}.x`, pid },
    { kind: "screen", socket: `/home/ann/.screen/${pid}.x`, pid },
  ]);
  // The window was opened out of one: the names are there, the ancestor is not.
  assert.deepEqual(found({ TMUX: `/tmp/default,${process.pid},0` }), []);
  assert.deepEqual(found({ STY: `${process.pid}.x`, SCREENDIR: "/s" }), []);
}, { skip: noLinux });

test("CON-23 variables that name no multiplexer are ignored", () => {
  for (const TMUX of ["", ",", "/tmp/x", "/tmp/x,", "/tmp/x,0,0", "/tmp/x,-1,0", "/tmp/x,y,0"]) {
    assert.deepEqual(found({ TMUX }), [], TMUX);
  }
  for (const STY of ["", "x", "0.x", `${process.ppid}/../../x`]) {
    assert.deepEqual(found({ STY, SCREENDIR: "/s" }), [], STY);
  }
}, { skip: noLinux });

test("CON-23 a socket without its owner's x bit is detached; what is no socket says nothing", async () => {
  await using folder = await makeTempDirectory("multiplexer");
  const directory = folder.path;
  const socket = join(directory, "s");
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(socket, resolve));
  for (const [mode, detached] of [[0o600, true], [0o660, true], [0o700, false], [0o770, false]] as const) {
    chmodSync(socket, mode);
    assert.equal(isDetached({ socket }), detached, mode.toString(8));
  }
  await new Promise((resolve) => void server.close(resolve));
  const file = join(directory, "f");
  writeFileSync(file, "", { mode: 0o600 });
  for (const path of [file, join(directory, "none")]) assert.equal(isDetached({ socket: path }), false);
});
