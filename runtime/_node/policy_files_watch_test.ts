import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { ownUid } from "./own_directory.ts";
import { nodePolicyFiles } from "./policy_files.ts";
import { systemClock } from "../system_clock.ts";

const windows = process.platform === "win32" && "there are no owners of files";
const LOOK_MS = 10_000;

/** Told of changes, one by one: `next` waits for one that comes after it was called. */
class Changes {
  #wake: (() => void) | null = null;
  count = 0;

  readonly told = (): void => {
    this.count++;
    this.#wake?.();
  };

  async after(change: () => Promise<unknown>): Promise<void> {
    const woken = new Promise<void>((resolve) => this.#wake = resolve);
    // Nothing of what is tested holds the process open.
    const hold = setTimeout(() => {}, 25_000);
    await change();
    await woken;
    clearTimeout(hold);
  }
}

const files = (directory: string, clock: ManualClock, flagFiles: string[] = []) =>
  nodePolicyFiles({
    flagFiles,
    clock,
    initialEnv: () => undefined,
    mayRead: () => true,
    uid: ownUid,
    managedDirectory: directory,
  });

test("CON-21 a file that is written, replaced by renaming, changed in mode or removed is noticed at once", async () => {
  await using temp = await makeTempDirectory("watch");
  const directory = join(temp.path, "managed");
  await mkdir(directory);
  const port = files(directory, new ManualClock());
  port.read();
  const changes = new Changes();
  const stop = port.watch(changes.told);
  const policy = join(directory, "a.json");
  await changes.after(() => writeFile(policy, "1"));
  await writeFile(join(temp.path, "next"), "2");
  await changes.after(() => rename(join(temp.path, "next"), policy));
  await changes.after(() => chmod(policy, 0o600));
  await changes.after(() => rm(policy));
  stop();
}, { skip: windows });

test("CON-21 beside a single file, others in its directory are nothing to be told of", async () => {
  await using temp = await makeTempDirectory("watch");
  const policy = join(temp.path, "policy.json");
  await writeFile(policy, "1");
  const port = files(join(temp.path, "none"), new ManualClock(), [policy]);
  port.read();
  const changes = new Changes();
  const stop = port.watch(changes.told);
  for (let count = 0; count < 20; count++) await writeFile(join(temp.path, `other-${count}`), "x");
  await changes.after(() => writeFile(policy, "2"));
  // Writing tells once for each step, and each of the others would have told as well.
  assert.ok(changes.count < 10, String(changes.count));
  stop();
}, { skip: windows });

test("CON-21 a directory that comes later is found by the next look, and watched from then", async () => {
  await using temp = await makeTempDirectory("watch");
  const directory = join(temp.path, "managed");
  const clock = new ManualClock();
  const port = files(directory, clock);
  port.read();
  const changes = new Changes();
  const stop = port.watch(changes.told);
  await clock.advance(LOOK_MS);
  assert.equal(changes.count, 0);
  await mkdir(directory);
  await changes.after(() => clock.advance(LOOK_MS));
  await changes.after(() => writeFile(join(directory, "a.json"), "1"));
  stop();
  assert.equal(clock.pendingTimers, 0);
}, { skip: windows });

test("CON-21 a directory put in another's place is told of at once, and watched from then", async () => {
  await using temp = await makeTempDirectory("watch");
  const directory = join(temp.path, "managed");
  await mkdir(directory);
  await mkdir(join(temp.path, "other"));
  const clock = new ManualClock();
  const port = files(directory, clock);
  port.read();
  const changes = new Changes();
  const stop = port.watch(changes.told);
  await changes.after(() => rename(directory, join(temp.path, "old")));
  await rename(join(temp.path, "other"), directory);
  // One look finds that the other is gone, the next watches the new one.
  await clock.advance(100);
  await clock.advance(100);
  await changes.after(() => writeFile(join(directory, "b.json"), "1"));
  stop();
  assert.equal(clock.pendingTimers, 0);
}, { skip: windows });

test("CON-21 what changed between reading and watching is told", async () => {
  await using temp = await makeTempDirectory("watch");
  const policy = join(temp.path, "policy.json");
  await writeFile(policy, "1");
  const port = files(join(temp.path, "none"), new ManualClock(), [policy]);
  port.read();
  await writeFile(policy, "longer");
  const changes = new Changes();
  port.watch(changes.told)();
  assert.equal(changes.count, 1);
}, { skip: windows });

test("CON-21 after watching has ended nothing is told, and nothing is left", async () => {
  await using temp = await makeTempDirectory("watch");
  const directory = join(temp.path, "managed");
  await mkdir(directory);
  const clock = new ManualClock();
  const port = files(directory, clock);
  port.read();
  const [ended, other] = [new Changes(), new Changes()];
  const stop = port.watch(ended.told);
  const stopOther = port.watch(other.told);
  stop();
  stop();
  await other.after(() => writeFile(join(directory, "a.json"), "1"));
  assert.equal(ended.count, 0);
  stopOther();
  assert.equal(clock.pendingTimers, 0);
}, { skip: windows });

test("CON-21 watching does not hold a process open", async () => {
  await using temp = await makeTempDirectory("watch");
  const program = join(temp.path, "program.ts");
  await mkdir(join(temp.path, "managed"));
  const module = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  await writeFile(
    program,
    `import { nodePolicyFiles } from ${module("policy_files.ts")};
import { systemClock } from ${module("../system_clock.ts")};
const port = nodePolicyFiles({ flagFiles: [${JSON.stringify(join(temp.path, "a.json"))}], clock: systemClock,
  initialEnv: () => undefined, mayRead: () => true, uid: () => 0, managedDirectory: ${
      JSON.stringify(join(temp.path, "managed"))
    } });
port.read();
port.watch(() => {});
console.log("watching");
`,
  );
  const started = systemClock.monotonicMs();
  const args = "Deno" in globalThis ? ["run", "-A", program] : [program];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.on("data", (chunk) => output += String(chunk));
  const status = await new Promise((resolve) => child.on("close", resolve));
  assert.deepEqual([status, output], [0, "watching\n"]);
  assert.ok(systemClock.monotonicMs() - started < LOOK_MS, "it waited for the next look");
}, { skip: windows });
