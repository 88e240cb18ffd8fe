import assert from "node:assert/strict";
import { chmod, chown, lstat, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { ownDirectory } from "./own_directory.ts";

const MAKE = { make: true };
const windows = process.platform === "win32" && "there are no owners of files";
const notRoot = process.getuid?.() !== 0 && "only root can give a file away";

async function base(mode = 0o700): Promise<{ path: string } & AsyncDisposable> {
  const temp = await makeTempDirectory("own");
  await chmod(temp.path, mode);
  return temp;
}

test("CON-20 the directory is made with mode 0700 below the user's own, and found again", async () => {
  await using temp = await base();
  assert.equal(ownDirectory(temp.path, "parley", { make: false }), null);
  const path = ownDirectory(temp.path, "parley", MAKE);
  assert.equal(path, join(temp.path, "parley"));
  assert.equal((await lstat(join(temp.path, "parley"))).mode & 0o777, 0o700);
  assert.equal(ownDirectory(temp.path, "parley", MAKE), path);
  assert.equal(ownDirectory(temp.path, "parley", { make: false }), path);
}, { skip: windows });

test("CON-20 links on the way are followed to what they lead to, and that is checked", async () => {
  await using temp = await base();
  await mkdir(join(temp.path, "real"), { mode: 0o700 });
  await symlink(join(temp.path, "real"), join(temp.path, "link"));
  assert.equal(ownDirectory(join(temp.path, "link"), "parley", MAKE), join(temp.path, "real", "parley"));
}, { skip: windows });

const refused: readonly (readonly [string, (path: string) => Promise<unknown>])[] = [
  ["a base that others may write to", (path) => chmod(path, 0o770)],
  ["a directory that others may look into", (path) => mkdir(join(path, "parley"), { mode: 0o755 })],
  ["a file in its place", (path) => writeFile(join(path, "parley"), "")],
  ["a link in its place", async (path) => {
    await mkdir(join(path, "elsewhere"), { mode: 0o700 });
    await symlink(join(path, "elsewhere"), join(path, "parley"));
  }],
];
for (const [title, prepare] of refused) {
  test(`CON-20 ${title} is refused`, async () => {
    await using temp = await base();
    await prepare(temp.path);
    for (const options of [MAKE, { make: false }]) {
      assert.throws(() => ownDirectory(temp.path, "parley", options), { code: "CONFIG_INVALID" });
    }
  }, { skip: windows });
}

test("CON-20 a parent that others may write to is refused, unless only owners may delete there", async () => {
  await using temp = await base();
  const below = join(temp.path, "below");
  await mkdir(below, { mode: 0o700 });
  await chmod(temp.path, 0o777);
  assert.throws(() => ownDirectory(below, "parley", MAKE), { code: "CONFIG_INVALID", message: /others may write/ });
  await chmod(temp.path, 0o1777);
  assert.equal(ownDirectory(below, "parley", MAKE), join(below, "parley"));
}, { skip: windows });

test("CON-20 what belongs to somebody else is refused: the base, a parent, the directory", async () => {
  for (const stranger of ["", "below", "below/parley"]) {
    await using temp = await base();
    const below = join(temp.path, "below");
    await mkdir(join(below, "parley"), { recursive: true, mode: 0o700 });
    await chown(join(temp.path, stranger), 12_345, 12_345);
    const find = (): unknown => ownDirectory(below, "parley", MAKE);
    assert.throws(find, { code: "CONFIG_INVALID", message: /belongs to somebody else/ }, stranger);
  }
}, { skip: windows || notRoot });

test("CON-20 a base that is no absolute path, or is not there, is refused", () => {
  for (const path of ["relative", "", "./x", "/nonexistent-parley"]) {
    assert.throws(() => ownDirectory(path, "parley", MAKE), { code: "CONFIG_INVALID" });
  }
}, { skip: windows });
