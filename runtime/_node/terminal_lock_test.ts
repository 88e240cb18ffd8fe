import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { holderText, TerminalLock } from "./terminal_lock.ts";
import { processStat } from "./terminal_process_stat.ts";

const noLinux = processStat("self") === null ? "the system has no /proc" : null;

/** Holders that look like two living processes: this one, and its parent. */
function living(pid: number): string {
  return holderText(pid, processStat(pid)?.started ?? "0");
}

test("CON-10 of two processes one has the terminal, and the other as soon as it is released", async () => {
  await using folder = await makeTempDirectory("lock");
  const directory = folder.path;
  const path = join(directory, "tty.lock");
  const [first, second] = [new TerminalLock(path, living(process.pid)), new TerminalLock(path, living(process.ppid))];
  assert.equal(first.reserve(), true);
  assert.equal(first.reserve(), true);
  assert.equal(second.reserve(), false);
  assert.equal(second.holds(), false);
  second.release();
  assert.equal(first.holds(), true);
  first.release();
  assert.equal(first.reserve(), false, "others come first for a moment");
  assert.equal(second.reserve(), true);
  second.release();
  assert.deepEqual(readdirSync(directory), []);
}, { skip: noLinux });

test("CON-10 what a dead process left, and what is no lock at all, is taken over", async () => {
  await using folder = await makeTempDirectory("lock");
  const directory = folder.path;
  const path = join(directory, "tty.lock");
  const child = spawn("sleep", ["0"]);
  await once(child, "close");
  const left = [
    holderText(child.pid ?? 0, "1"),
    // The id belongs to another process by now.
    holderText(process.ppid, "1"),
    "",
    "nonsense",
  ];
  for (const text of left) {
    writeFileSync(path, text);
    const lock = new TerminalLock(path, living(process.pid));
    assert.equal(lock.reserve(), true, JSON.stringify(text));
    assert.deepEqual(readdirSync(directory), ["tty.lock"]);
    lock.release();
  }
}, { skip: noLinux });

test("CON-10 a stopped process loses the terminal and sees that it has", async () => {
  await using folder = await makeTempDirectory("lock");
  const directory = folder.path;
  const path = join(directory, "tty.lock");
  const child = spawn("sleep", ["60"]);
  const closed = once(child, "close");
  try {
    const pid = child.pid ?? 0;
    const stopped = new TerminalLock(path, living(pid));
    const other = new TerminalLock(path, living(process.pid));
    assert.equal(stopped.reserve(), true);
    assert.equal(other.reserve(), false);
    // Deno takes a child that it stopped itself for one that has ended.
    process.kill(pid, "SIGSTOP");
    while (processStat(pid)?.state !== "T") await new Promise((resolve) => setTimeout(resolve, 1));
    assert.equal(other.reserve(), true);
    assert.equal(stopped.holds(), false);
    stopped.release();
    assert.equal(other.holds(), true);
  } finally {
    process.kill(child.pid ?? 0, "SIGKILL");
    await closed;
  }
}, { skip: noLinux });

test("CON-10 where the directory is gone nobody is waited for", () => {
  const lock = new TerminalLock("/nonexistent/tty.lock", living(process.pid));
  assert.equal(lock.reserve(), true);
  assert.equal(lock.holds(), true);
  lock.release();
}, { skip: noLinux });

test("CON-10 the file tells nobody more than process id and start time", async () => {
  await using folder = await makeTempDirectory("lock");
  const directory = folder.path;
  const path = join(directory, "tty.lock");
  new TerminalLock(path, living(process.pid)).reserve();
  assert.match(readFileSync(path, "utf8"), new RegExp(`^${process.pid} \\d+ [0-9a-f-]{36}\\n$`));
}, { skip: noLinux });
