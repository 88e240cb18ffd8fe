import assert from "node:assert/strict";
import { chmod, chown, mkdir, realpath, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { test, type TestOptions } from "../../tests/support/harness.ts";
import { type ExposureFacts, exposureFinder, unmappedUser } from "./file_exposure.ts";

const uid = process.getuid?.() ?? null;
const FACTS: ExposureFacts = { uid, unmappedUid: unmappedUser(), mayRead: () => true };
const NO_OWNERS: TestOptions = { skip: uid === null ? "this system has no owners of files" : false };
const NOT_ROOT: TestOptions = { skip: uid === 0 ? false : "only root can give files away" };

/** What is found of `project/main.ts` in a directory of its own. */
async function findingOf(
  change: (paths: { readonly top: string; readonly project: string; readonly main: string }) => Promise<unknown>,
  facts: ExposureFacts = FACTS,
): Promise<readonly [string, string] | null> {
  await using temp = await makeTempDirectory("exposure");
  const top = await realpath(temp.path);
  const project = join(top, "project");
  const main = join(project, "main.ts");
  await mkdir(project, { mode: 0o755 });
  await writeFile(main, "");
  await chmod(main, 0o644);
  const changed = await change({ top, project, main });
  const named = typeof changed === "string" ? changed : main;
  const found = exposureFinder(facts)(pathToFileURL(named).href);
  return found === null ? null : [found.path.replace(top, "…"), found.reason];
}

test("NET-16 a file that only its owner can change is no finding", async () => {
  assert.equal(await findingOf(() => Promise.resolve()), null);
}, NO_OWNERS);

test("NET-16 a file with mode 0666 is one", async () => {
  assert.deepEqual(await findingOf(({ main }) => chmod(main, 0o666)), ["…/project/main.ts", "world-writable"]);
}, NO_OWNERS);

test("NET-16 a directory above with mode 0777 is one, however far", async () => {
  assert.deepEqual(await findingOf(({ project }) => chmod(project, 0o777)), ["…/project", "world-writable"]);
  assert.deepEqual(await findingOf(({ top }) => chmod(top, 0o777)), ["…", "world-writable"]);
}, NO_OWNERS);

test("NET-16 a sticky directory is none: nobody can exchange another's file there", async () => {
  assert.equal(await findingOf(({ project }) => chmod(project, 0o1777)), null);
}, NO_OWNERS);

test("NET-16 links are followed, and the target counts", async () => {
  const throughLink = async ({ top, main }: { top: string; main: string }): Promise<string> => {
    await chmod(main, 0o666);
    await symlink(main, join(top, "link.ts"));
    return join(top, "link.ts");
  };
  assert.deepEqual(await findingOf(throughLink), ["…/project/main.ts", "world-writable"]);
}, NO_OWNERS);

test("NET-16 a file that a group of others can change is one, unless the group is the user's own", async () => {
  const toGroup = (gid: number) => async ({ main }: { main: string }): Promise<void> => {
    await chown(main, uid ?? 0, gid);
    await chmod(main, 0o664);
  };
  assert.deepEqual(await findingOf(toGroup(60_123)), ["…/project/main.ts", "group-writable"]);
  assert.equal(await findingOf(toGroup(0)), null);
}, NOT_ROOT);

test("NET-16 a file or directory of another user is one", async () => {
  assert.deepEqual(await findingOf(({ main }) => chown(main, 60_123, 0)), ["…/project/main.ts", "foreign-owner"]);
  assert.deepEqual(await findingOf(({ project }) => chown(project, 60_123, 0)), ["…/project", "foreign-owner"]);
}, NOT_ROOT);

test(
  "NET-16 an owner whom this machine does not know is nobody: a container sees such files from outside",
  async () => {
    const unknown = 1_234_567;
    assert.equal(await findingOf(({ project }) => chown(project, unknown, 0)), null);
    assert.deepEqual(await findingOf(({ main }) => chown(main, 1, 0)), ["…/project/main.ts", "foreign-owner"]);
    const opened = async ({ main }: { main: string }): Promise<void> => {
      await chown(main, unknown, 0);
      await chmod(main, 0o666);
    };
    assert.deepEqual(await findingOf(opened), ["…/project/main.ts", "world-writable"]);
  },
  NOT_ROOT,
);

test("NET-16 within a sandbox owners that it does not know are not judged", async () => {
  const facts = { ...FACTS, unmappedUid: 65534 };
  assert.equal(await findingOf(({ main }) => chown(main, 65534, 0), facts), null);
  assert.deepEqual(await findingOf(({ main }) => chown(main, 60_123, 0), facts), [
    "…/project/main.ts",
    "foreign-owner",
  ]);
}, NOT_ROOT);

test("NET-16 what may not be read is not looked at, and a missing file is no finding", async () => {
  const hidden = { ...FACTS, mayRead: (path: string) => !path.endsWith("project") };
  assert.equal(await findingOf(({ project }) => chmod(project, 0o777), hidden), null);
  assert.equal(await findingOf(({ main }) => chmod(main, 0o666), { ...FACTS, mayRead: () => false }), null);
  assert.equal(await findingOf(({ project }) => Promise.resolve(join(project, "none.ts"))), null);
  for (const url of ["https://cdn.example/a.ts", "file://host/a.ts", "none"]) {
    assert.equal(exposureFinder(FACTS)(url), null);
  }
}, NO_OWNERS);
