import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, chown, link, mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory, type TempDirectory } from "../../tests/support/temp_directory.ts";
import type { PolicyFileText } from "../../permissions/policy/policy_files_port.ts";
import { ownUid } from "./own_directory.ts";
import { nodePolicyFiles, type PolicyFilesInit } from "./policy_files.ts";

const windows = process.platform === "win32" && "there are no owners of files";
const notRoot = process.getuid?.() !== 0 && "only root can make files of root and give files away";
const rooted = { skip: windows || notRoot };
const STRANGER = 12_345;
const DOCUMENT = '{ "version": 1 }';

interface Desk extends TempDirectory {
  /** A path in the directory. */
  at(name: string): string;
  /** Writes a file, with the folders above it. */
  put(name: string, text?: string, mode?: number): Promise<string>;
  /** What is found: author, path in the directory, and the text or the problem. */
  found(init?: Partial<PolicyFilesInit> & { readonly env?: Record<string, string> }): string[][];
}

async function desk(): Promise<Desk> {
  const temp = await makeTempDirectory("policy");
  const at = (name: string): string => join(temp.path, name);
  return {
    path: temp.path,
    at,
    async put(name, text = DOCUMENT, mode = 0o644) {
      await mkdir(dirname(at(name)), { recursive: true, mode: 0o755 });
      await writeFile(at(name), text);
      await chmod(at(name), mode);
      return at(name);
    },
    found({ env = {}, ...init } = {}) {
      const files = nodePolicyFiles({
        flagFiles: [],
        clock: new ManualClock(),
        initialEnv: (name) => ({ HOME: at("home"), ...env } as Record<string, string>)[name],
        mayRead: () => true,
        uid: ownUid,
        managedDirectory: at("managed"),
        ...init,
      });
      return files.read().map((file: PolicyFileText) => [
        file.author,
        file.path.replace(`${temp.path}/`, ""),
        "text" in file ? file.text : `! ${file.problem}`,
      ]);
    },
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

const OPERATOR = "home/.config/parley/policy.json";

test("CON-15 where there is no file, nothing is wrong", async () => {
  await using here = await desk();
  assert.deepEqual(here.found(), []);
  assert.deepEqual(here.found({ env: { CREDENTIALS_DIRECTORY: here.at("credentials"), PARLEY_POLICY: "" } }), []);
  await writeFile(here.at("home"), "");
  assert.deepEqual(here.found(), []);
}, { skip: windows });

test("CON-15 files are found in their places: flags, variable, credential, the operator's own", async () => {
  await using here = await desk();
  await here.put("flag.json", "1");
  await here.put("variable.json", "2");
  await here.put("credentials/parley-policy", "3", 0o440);
  await here.put(OPERATOR, "4", 0o600);
  const env = { PARLEY_POLICY: here.at("variable.json"), CREDENTIALS_DIRECTORY: here.at("credentials") };
  assert.deepEqual(here.found({ env, flagFiles: [here.at("flag.json"), here.at("flag.json")] }), [
    ["flag", "flag.json", "1"],
    ["flag", "variable.json", "2"],
    ["flag", "credentials/parley-policy", "3"],
    ["operator", OPERATOR, "4"],
  ]);
}, { skip: windows });

test("CON-15 XDG_CONFIG_HOME counts before HOME, and a relative one not at all", async () => {
  await using here = await desk();
  await here.put("config/parley/policy.json", "1");
  await here.put(OPERATOR, "2");
  const found = (config: string): unknown => here.found({ env: { XDG_CONFIG_HOME: config } })[0]?.[2];
  assert.equal(found(here.at("config")), "1");
  assert.equal(found("config"), "2");
  assert.deepEqual(here.found({ initialEnv: () => undefined }), []);
}, { skip: windows });

test("CON-15 managed files are those that end in .json, in the order of their names, before all others", async () => {
  await using here = await desk();
  for (const name of ["20-b.json", "10-a.json", "30-c.jsonc", ".hidden.json", "README"]) {
    await here.put(`managed/${name}`, name);
  }
  await here.put(OPERATOR, "own");
  assert.deepEqual(here.found().map(([author, , text]) => [author, text]), [
    ["managed", "10-a.json"],
    ["managed", "20-b.json"],
    ["operator", "own"],
  ]);
}, rooted);

test("CON-21 a file that was named and is not there is a problem; so is a relative path in the variable", async () => {
  await using here = await desk();
  assert.deepEqual(here.found({ flagFiles: [here.at("none.json")] }), [["flag", "none.json", "! it is not there"]]);
  assert.deepEqual(here.found({ env: { PARLEY_POLICY: here.at("none") } }), [["flag", "none", "! it is not there"]]);
  const relative = here.found({ env: { PARLEY_POLICY: "policy.json" } });
  assert.deepEqual(relative, [["flag", "policy.json", "! it is not an absolute path"]]);
}, { skip: windows });

const refused: readonly (readonly [title: string, prepare: (here: Desk) => Promise<unknown>, problem: string])[] = [
  ["a link", async (here) => {
    await here.put("elsewhere.json");
    await mkdir(dirname(here.at(OPERATOR)), { recursive: true });
    await symlink(here.at("elsewhere.json"), here.at(OPERATOR));
  }, "it is a link"],
  ["a link to nowhere", async (here) => {
    await mkdir(dirname(here.at(OPERATOR)), { recursive: true });
    await symlink(here.at("nowhere"), here.at(OPERATOR));
  }, "it is a link"],
  ["a file that everybody may write to", (here) => here.put(OPERATOR, DOCUMENT, 0o666), "others may write to it"],
  ["a file that a group may write to", (here) => here.put(OPERATOR, DOCUMENT, 0o620), "others may write to it"],
  ["a pipe, without waiting for it", async (here) => {
    await mkdir(dirname(here.at(OPERATOR)), { recursive: true });
    assert.equal(spawnSync("mkfifo", [here.at(OPERATOR)]).status, 0);
  }, "it is not a regular file"],
  ["a directory", (here) => mkdir(here.at(OPERATOR), { recursive: true }), "it is not a regular file"],
  ["a file that is too large", (here) => here.put(OPERATOR, " ".repeat(1024 * 1024 + 1)), "it has more than 1 MiB"],
  ["what is not UTF-8", async (here) => {
    await here.put(OPERATOR);
    await writeFile(here.at(OPERATOR), new Uint8Array([0xff, 0xfe, 0x7b, 0]));
  }, "it is not UTF-8 text"],
];
for (const [title, prepare, problem] of refused) {
  test(`CON-21 ${title} is refused`, async () => {
    await using here = await desk();
    await prepare(here);
    assert.deepEqual(here.found(), [["operator", OPERATOR, `! ${problem}`]]);
  }, { skip: windows });
}

test(
  "CON-21 a file in a directory that others may write to is refused, unless only owners may delete there",
  async () => {
    await using here = await desk();
    await here.put(OPERATOR);
    await chmod(here.at("home"), 0o777);
    assert.deepEqual(here.found(), [["operator", OPERATOR, `! others may write to ${here.at("home")}`]]);
    await chmod(here.at("home"), 0o1777);
    assert.deepEqual(here.found(), [["operator", OPERATOR, DOCUMENT]]);
  },
  { skip: windows },
);

test("CON-21 links above a file are followed, and what they lead to is judged", async () => {
  await using here = await desk();
  await here.put("real/parley/policy.json");
  await symlink(here.at("real"), here.at("link"));
  const env = { XDG_CONFIG_HOME: here.at("link") };
  assert.deepEqual(here.found({ env }), [["operator", "link/parley/policy.json", DOCUMENT]]);
  await chmod(here.at("real"), 0o777);
  assert.match(here.found({ env })[0]?.[2] ?? "", /others may write to .*real/);
}, { skip: windows });

test("CON-21 what belongs to somebody else is refused: the file, a directory above it", async () => {
  for (const name of [OPERATOR, "home/.config/parley", "home"]) {
    await using here = await desk();
    await here.put(OPERATOR);
    await chown(here.at(name), STRANGER, STRANGER);
    assert.match(here.found()[0]?.[2] ?? "", /^! .*belongs to somebody else$/, name);
    // Whoever owns it trusts it, and what is root's as well.
    assert.deepEqual(here.found({ uid: () => STRANGER }), [["operator", OPERATOR, DOCUMENT]], name);
  }
}, rooted);

test("CON-21 a managed file is root's, and so is every directory above it", async () => {
  for (const name of ["managed/a.json", "managed"]) {
    await using here = await desk();
    await here.put("managed/a.json");
    assert.deepEqual(here.found(), [["managed", "managed/a.json", DOCUMENT]]);
    await chown(here.at(name), STRANGER, STRANGER);
    const found = here.found({ uid: () => STRANGER });
    assert.match(found[0]?.[2] ?? "", /^! (it does not belong to root|.* belongs to somebody else)$/, name);
  }
}, rooted);

test("CON-21 a managed directory that is none, or holds too much, is a problem", async () => {
  await using here = await desk();
  await here.put("managed", "a file");
  assert.deepEqual(here.found(), [["managed", "managed", "! it cannot be read (ENOTDIR)"]]);
  await rm(here.at("managed"));
  for (let count = 0; count <= 256; count++) await here.put(`managed/${count}.json`);
  assert.deepEqual(here.found(), [["managed", "managed", "! it has more than 256 files"]]);
}, { skip: windows });

test("CON-21 what the runtime's own permissions hide counts as absent, but not where it was named", async () => {
  await using here = await desk();
  const flag = await here.put("flag.json");
  await here.put(OPERATOR);
  await here.put("managed/a.json");
  assert.deepEqual(here.found({ mayRead: () => false }), []);
  assert.deepEqual(here.found({ mayRead: () => false, flagFiles: [flag] }), [
    ["flag", "flag.json", "! Deno may not read it (--allow-read)"],
  ]);
  const below = (path: string): boolean => path.startsWith(here.at("home"));
  assert.deepEqual(here.found({ mayRead: below }), [
    ["operator", OPERATOR, `! whether somebody could exchange it cannot be told: ${here.path} may not be read`],
  ]);
  // Nothing that is not there is doubted.
  await rm(here.at(OPERATOR));
  assert.deepEqual(here.found({ mayRead: below }), []);
}, { skip: windows });

test("CON-21 where the user is hidden, only what is root's can be trusted", async () => {
  await using here = await desk();
  await here.put(OPERATOR);
  assert.deepEqual(here.found({ uid: () => null }), [["operator", OPERATOR, DOCUMENT]]);
  await chown(here.at(OPERATOR), STRANGER, STRANGER);
  assert.match(here.found({ uid: () => null })[0]?.[2] ?? "", /^! it cannot be told whether it is yours/);
}, rooted);

test("CON-21 each reading looks anew, by the file that stands there then", async () => {
  await using here = await desk();
  await here.put(OPERATOR, "1");
  await link(here.at(OPERATOR), here.at("kept"));
  const files = nodePolicyFiles({
    flagFiles: [],
    clock: new ManualClock(),
    initialEnv: (name) => name === "HOME" ? here.at("home") : undefined,
    mayRead: () => true,
    uid: ownUid,
    managedDirectory: here.at("managed"),
  });
  const text = (): unknown => files.read().map((file) => "text" in file ? file.text : file.problem);
  assert.deepEqual(text(), ["1"]);
  await here.put("next", "2");
  await rename(here.at("next"), here.at(OPERATOR));
  assert.deepEqual(text(), ["2"]);
  await rm(here.at(OPERATOR));
  assert.deepEqual(text(), []);
}, { skip: windows });

test(
  "CON-21 root, and whoever may write to the managed directory or a file in it, could write the policy",
  async () => {
    await using here = await desk();
    await here.put("managed/a.json");
    const writable = (uid: number | null, directory = "managed", mayRead = true): boolean =>
      nodePolicyFiles({
        flagFiles: [],
        clock: new ManualClock(),
        initialEnv: () => undefined,
        mayRead: () => mayRead,
        uid: () => uid,
        managedDirectory: directory.startsWith("/") ? directory : here.at(directory),
      }).writable();
    assert.equal(writable(0, "/nonexistent/parley"), true);
    // Whoever runs this may write there; and where nothing is, in the directory above.
    assert.equal(writable(STRANGER), true);
    assert.equal(writable(STRANGER, "none/below"), true);
    assert.equal(writable(STRANGER, "/nonexistent/parley"), process.getuid?.() === 0);
    assert.equal(writable(STRANGER, "managed", false), false);
    assert.equal(writable(null), false);
  },
  { skip: windows },
);
