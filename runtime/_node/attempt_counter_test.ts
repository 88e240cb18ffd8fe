import assert from "node:assert/strict";
import { chmod, mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { attemptCounter } from "./attempt_counter.ts";

const MINUTE = 60_000;

test("NET-10 processes of an account count together, and the minute before fades out", async () => {
  await using temp = await makeTempDirectory("attempts");
  await chmod(temp.path, 0o700);
  let nowMs = 100 * MINUTE;
  const make = (): NonNullable<ReturnType<typeof attemptCounter>> => {
    const counter = attemptCounter({ runtimeDirectory: temp.path, nowMs: () => nowMs });
    assert.ok(counter);
    return counter;
  };
  const [one, two] = [make(), make()];
  for (let n = 1; n <= 10; n++) assert.equal((n % 2 === 0 ? one : two).count(), n);
  nowMs += MINUTE;
  assert.equal(one.count(), 11);
  nowMs += MINUTE / 2;
  assert.equal(two.count(), 2 + 5);
  nowMs += 5 * MINUTE;
  assert.equal(one.count(), 1);
  const directory = join(temp.path, "parley");
  assert.deepEqual(await readdir(directory), ["attempts-106"]);
  assert.equal((await stat(join(directory, "attempts-106"))).mode & 0o777, 0o600);
});

test("NET-10 CON-20 where there is no directory of the user's own, each process counts for itself", async () => {
  assert.equal(attemptCounter({ runtimeDirectory: undefined, nowMs: () => 0 }), null);
  await using temp = await makeTempDirectory("attempts");
  const open = join(temp.path, "open");
  await mkdir(open);
  await chmod(open, 0o777);
  assert.equal(attemptCounter({ runtimeDirectory: open, nowMs: () => 0 }), null);
});
