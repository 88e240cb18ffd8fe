import assert from "node:assert/strict";
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  rename,
  rm,
  symlink,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { systemClock } from "../system_clock.ts";
import { recordDirectory, type RecordSurroundings } from "./record_directory.ts";
import type { RecordDirectory } from "../../permissions/store/record_directory_port.ts";

const windows = process.platform === "win32" && "there are no owners of files";
const notRoot = process.getuid?.() !== 0 && "only root can give a file away";
const OPTIONS = { skip: windows };

interface Fixture extends AsyncDisposable {
  readonly state: string;
  readonly grants: string;
  readonly records: RecordDirectory;
  readonly name: string;
  readonly file: string;
}

function directoryFor(
  variables: Record<string, string>,
  given: Partial<RecordSurroundings> = {},
): RecordDirectory {
  const initialEnv = (name: string): string | undefined => variables[name];
  const surroundings = { folder: "grants", initialEnv, env: () => undefined, obstacle: () => null, ...given } as const;
  return recordDirectory(surroundings, systemClock);
}

async function fixture(): Promise<Fixture> {
  const temp = await makeTempDirectory("records");
  const state = join(temp.path, "state");
  const records = directoryFor({ XDG_STATE_HOME: state });
  const grants = join(state, "parley", "grants");
  const name = records.nameOf("key");
  const file = join(grants, `${name}.json`);
  return { state, grants, records, name, file, [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose]() };
}

test("CON-04 a record is written with mode 0600 below directories of mode 0700, and read back", async () => {
  await using own = await fixture();
  const { records, name, file, state, grants } = own;
  assert.equal(records.path, grants);
  assert.equal(records.obstacle(), null);
  assert.deepEqual(records.load(), []);
  await assert.rejects(lstat(state), { code: "ENOENT" }, "nothing is made before something is written");
  records.put(name, "täxt");
  assert.equal((await lstat(file)).mode & 0o7777, 0o600);
  for (const path of [state, join(state, "parley"), grants]) {
    assert.equal((await lstat(path)).mode & 0o7777, 0o700, path);
  }
  assert.deepEqual(await readdir(grants), [`${name}.json`]);
  const [loaded] = records.load();
  assert.equal(loaded?.text, "täxt");
  assert.ok(Math.abs(Date.now() - (loaded?.touchedMs ?? 0)) < 60_000);
  assert.deepEqual(records.read(name), loaded);
  records.put(name, "other");
  assert.equal(records.read(name)?.text, "other");
  assert.equal(records.read(records.nameOf("absent")), null);
}, OPTIONS);

test(
  "CON-04 without XDG_STATE_HOME records are below ~/.local/state; without both there is no place for them",
  async () => {
    await using temp = await makeTempDirectory("home");
    for (const state of [{}, { XDG_STATE_HOME: "" }, { XDG_STATE_HOME: "relative" }]) {
      const records = directoryFor({ HOME: temp.path, ...state });
      assert.equal(records.path, join(temp.path, ".local", "state", "parley", "grants"));
    }
    for (const variables of [{}, { HOME: "" }, { HOME: "relative" }]) {
      const records = directoryFor(variables);
      assert.equal(records.path, null);
      assert.match(records.obstacle() ?? "", /neither XDG_STATE_HOME nor HOME/);
      assert.deepEqual(records.load(), []);
      assert.throws(() => records.put(records.nameOf("key"), "text"), { code: "CONFIG_INVALID" });
      records.watch(() => {})();
    }
  },
  OPTIONS,
);

test("CON-21 an obstacle of the runtime leaves everything untouched", async () => {
  await using own = await fixture();
  const records = directoryFor({ XDG_STATE_HOME: own.state }, { obstacle: () => "the runtime does not let it" });
  assert.equal(records.obstacle(), "the runtime does not let it");
  assert.throws(() => records.put(own.name, "text"), {
    code: "CONFIG_INVALID",
    message: /the runtime does not let it/,
  });
  await assert.rejects(lstat(own.state), { code: "ENOENT" });
}, OPTIONS);

test("NET-20 in private mode nothing is read or written, whichever way it was switched on", async () => {
  await using own = await fixture();
  own.records.put(own.name, "text");
  const before = await picture(own.state);
  for (
    const records of [
      directoryFor({ XDG_STATE_HOME: own.state, PARLEY_PRIVATE: "1" }),
      directoryFor({ XDG_STATE_HOME: own.state }, { env: (name) => name === "PARLEY_PRIVATE" ? "yes" : undefined }),
    ]
  ) {
    assert.equal(records.obstacle(), "private mode is on");
    assert.equal(records.path, null);
    assert.deepEqual(records.load(), []);
    assert.equal(records.read(own.name), null);
    assert.throws(() => records.put(own.name, "new"), { code: "CONFIG_INVALID", message: /private mode is on/ });
    assert.equal(records.remove(own.name), false);
    assert.equal(records.touch(own.name, { text: "text", atMs: 0 }), false);
    records.watch(() => {})();
  }
  assert.deepEqual(await picture(own.state), before);
  const off = directoryFor({ XDG_STATE_HOME: own.state, PARLEY_PRIVATE: "0" });
  assert.equal(off.read(own.name)?.text, "text");
}, OPTIONS);

const spoilt: readonly (readonly [string, (own: Fixture) => unknown, RegExp])[] = [
  ["that others may write", ({ file }) => chmod(file, 0o602), /others have access to it/],
  ["that the group may read", ({ file }) => chmod(file, 0o640), /others have access to it/],
  ["that is a link", async ({ file, state }) => {
    await rename(file, join(state, "elsewhere"));
    await symlink(join(state, "elsewhere"), file);
  }, /it is a link/],
  ["that is a link to nothing", async ({ file }) => {
    await rm(file);
    await symlink("/nonexistent", file);
  }, /it is a link/],
  ["that is a directory", async ({ file }) => {
    await rm(file);
    await mkdir(file, { mode: 0o700 });
  }, /not a regular file/],
  ["that is a named pipe", async ({ file }) => {
    await rm(file);
    assert.equal(spawnSync("mkfifo", ["-m", "600", file]).status, 0);
  }, /not a regular file/],
  ["that is too large", ({ file }) => truncate(file, 1_048_577), /more than 1048576 bytes/],
  ["that is no text", ({ file }) => writeFile(file, new Uint8Array([0xc3, 0x28])), /not text/],
];
for (const [title, spoil, problem] of spoilt) {
  test(`CON-21 a record ${title} is a problem and no text`, async () => {
    await using own = await fixture();
    const { records, name } = own;
    records.put(name, "text");
    records.put(records.nameOf("other"), "other");
    await spoil(own);
    const found = records.read(name);
    assert.equal(found?.text, null);
    assert.match(found?.problem ?? "", problem);
    const loaded = records.load();
    assert.deepEqual(loaded.find((record) => record.name === name), found);
    assert.equal(loaded.find((record) => record.name !== name)?.text, "other");
    assert.equal(records.touch(name, { text: "text", atMs: 0 }), false);
    assert.equal(records.remove(name, "text"), false);
  }, OPTIONS);
}

test("CON-21 a record that belongs to somebody else is a problem", async () => {
  await using own = await fixture();
  own.records.put(own.name, "text");
  await chown(own.file, 12_345, 12_345);
  assert.equal(own.records.read(own.name)?.problem, "it belongs to somebody else");
}, { skip: windows || notRoot });

const exposed: readonly (readonly [string, (own: Fixture) => unknown, string | false])[] = [
  ["that others may write to", ({ grants }) => chmod(grants, 0o702), windows],
  ["that others may look into", ({ grants }) => chmod(grants, 0o750), windows],
  ["below one that others may write to", ({ state }) => chmod(state, 0o777), windows],
  ["below one that the group may write to", ({ state }) => chmod(join(state, "parley"), 0o770), windows],
  ["that belongs to somebody else", ({ grants }) => chown(grants, 12_345, 12_345), windows || notRoot],
  ["below one of somebody else", ({ state }) => chown(state, 12_345, 12_345), windows || notRoot],
  ["that its user cannot enter", ({ grants }) => chmod(grants, 0o200), windows],
];
for (const [title, expose, skip] of exposed) {
  test(`CON-21 in a directory ${title} no record counts, and nothing is written or removed`, async () => {
    await using own = await fixture();
    const { records, name } = own;
    records.put(name, "text");
    await expose(own);
    assert.match(records.obstacle() ?? "", /not to be trusted/);
    for (const found of [...records.load(), records.read(name)]) {
      assert.equal(found?.text ?? null, null);
      if (found !== null) assert.match(found?.problem ?? "", /not to be trusted/);
    }
    assert.throws(() => records.put(name, "new"), { code: "CONFIG_INVALID" });
    if (process.getuid?.() === 0) assert.throws(() => records.remove(name), { code: "CONFIG_INVALID" });
    assert.equal(records.touch(name, { text: "text", atMs: 0 }), false);
    await chmod(own.grants, 0o700);
  }, { skip });
}

test("CON-21 links on the way are followed to what they lead to, and that is checked", async () => {
  await using own = await fixture();
  await mkdir(join(own.state, "real"), { recursive: true, mode: 0o700 });
  await symlink(join(own.state, "real"), join(own.state, "link"));
  const records = directoryFor({ XDG_STATE_HOME: join(own.state, "link") });
  records.put(own.name, "text");
  assert.equal(records.read(own.name)?.text, "text");
  assert.equal((await lstat(join(own.state, "real", "parley", "grants", `${own.name}.json`))).isFile(), true);
  await chmod(join(own.state, "real"), 0o777);
  assert.equal(records.read(own.name)?.text, null);
  const nowhere = directoryFor({ XDG_STATE_HOME: join(own.state, "gone") });
  await symlink("/nonexistent/parley", join(own.state, "gone"));
  assert.throws(() => nowhere.put(own.name, "text"), { code: "CONFIG_INVALID" });
}, OPTIONS);

test("CON-18 a record is removed only while it says what was read", async () => {
  await using own = await fixture();
  const { records, name, grants } = own;
  records.put(name, "new");
  assert.equal(records.remove(name, "old"), false);
  assert.equal(records.read(name)?.text, "new");
  assert.equal(records.remove(name, "new"), true);
  assert.equal(records.remove(name, "new"), false);
  assert.equal(records.remove(name), false);
  records.put(name, "again");
  assert.equal(records.remove(name), true);
  assert.deepEqual(await readdir(grants), []);
}, OPTIONS);

test("CON-23 the time of use is noted on the record that was read, and on no other", async () => {
  await using own = await fixture();
  const { records, name } = own;
  const atMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  assert.equal(records.touch(name, { text: "text", atMs }), false);
  records.put(name, "text");
  assert.equal(records.touch(name, { text: "other", atMs }), false);
  assert.equal(records.touch(name, { text: "text", atMs }), true);
  const found = records.read(name);
  assert.deepEqual(found, { name, text: "text", touchedMs: atMs, problem: null });
}, OPTIONS);

test("CON-21 a record that is too large is not written, and names are those of keys only", async () => {
  await using own = await fixture();
  const { records, name, grants } = own;
  records.put(name, "x".repeat(1_048_576));
  assert.throws(() => records.put(name, "x".repeat(1_048_577)), { code: "CONFIG_INVALID", message: /1048576 bytes/ });
  assert.equal(records.read(name)?.text?.length, 1_048_576);
  for (const odd of ["", "../evil", "x", `${name}/..`, name.toUpperCase()]) {
    assert.throws(() => records.put(odd, "text"), { code: "INTERNAL_INVARIANT" });
    assert.equal(records.read(odd), null);
  }
  await writeFile(join(grants, "README"), "not a record", { mode: 0o600 });
  assert.equal(records.load().length, 1);
  assert.deepEqual((await readdir(grants)).sort(), [`${name}.json`, "README"].sort());
}, OPTIONS);

test("CON-21 beyond 10,000 records nothing is written, and what is there too much refuses", async () => {
  await using own = await fixture();
  const { records, name, grants, file } = own;
  records.put(name, "text");
  const names = Array.from({ length: 10_000 }, (_, index) => records.nameOf(String(index)));
  // Links of one file, which are made sooner than files.
  for (const other of names) await link(file, join(grants, `${other}.json`));
  assert.throws(() => records.put(records.nameOf("more"), "text"), {
    code: "CONFIG_INVALID",
    message: /10000 already/,
  });
  records.put(name, "changed");
  const loaded = records.load();
  assert.equal(loaded.length, 10_001);
  assert.deepEqual(loaded.flatMap(({ problem }) => problem ?? []), ["there are more than 10000"]);
}, OPTIONS);

test("CON-21 what a killed process has set aside is removed after a minute, by whoever writes next", async () => {
  await using own = await fixture();
  const clock = new ManualClock({ nowMs: Date.now() });
  const initialEnv = (name: string): string | undefined => name === "XDG_STATE_HOME" ? own.state : undefined;
  const records = recordDirectory({ folder: "grants", initialEnv, env: () => undefined, obstacle: () => null }, clock);
  records.put(own.name, "text");
  const aside = join(own.grants, `.${"0".repeat(32)}.tmp`);
  await writeFile(aside, "half", { mode: 0o600 });
  await utimes(aside, 0, 0);
  records.put(own.name, "text");
  assert.equal((await readdir(own.grants)).length, 2, "it may be in use");
  assert.equal(records.load().length, 1);
  await clock.advance(120_000);
  records.put(own.name, "text");
  assert.deepEqual(await readdir(own.grants), [`${own.name}.json`]);
}, OPTIONS);

test("CON-21 two kinds of records have directories of their own", async () => {
  await using own = await fixture();
  const pins = directoryFor({ XDG_STATE_HOME: own.state }, { folder: "pins" });
  pins.put(own.name, "pin");
  assert.equal(own.records.read(own.name), null);
  assert.equal(pins.path, join(own.state, "parley", "pins"));
}, OPTIONS);

test(
  "NET-19 changes by others are told of: put, touched, removed, and a directory that comes or is exchanged",
  async () => {
    await using own = await fixture();
    const { records, name, grants, state } = own;
    const heard = new Heard();
    const stop = records.watch((names) => heard.tell(names));
    try {
      const writer = directoryFor({ XDG_STATE_HOME: state });
      writer.put(name, "first");
      await heard.of(name);
      assert.equal(records.read(name)?.text, "first");
      heard.forget();
      writer.put(name, "second");
      await heard.of(name);
      heard.forget();
      writer.remove(name);
      await heard.of(name);
      heard.forget();
      await rename(grants, join(state, "old"));
      writer.put(name, "third");
      await heard.of(name);
      heard.forget();
      writer.put(name, "fourth");
      await heard.of(name);
    } finally {
      stop();
    }
  },
  OPTIONS,
);

for (const moment of ["alone", "after changes"] as const) {
  test(`NET-19 watching does not hold the process open, ${moment}`, async () => {
    await using temp = await makeTempDirectory("watch");
    const program = new URL("../../tests/heavy/programs/store_watcher.ts", import.meta.url).pathname;
    const flags = "Deno" in globalThis ? ["run", "-A", "--no-check"] : [];
    const args = [...flags, program, join(temp.path, "state"), moment === "alone" ? "0" : "3"];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 20_000 });
    assert.equal(status, 0, stderr);
    assert.match(stdout, moment === "alone" ? /^watching\n$/ : /^watching\n(?:heard\n){3}$/);
  }, OPTIONS);
}

/** What was heard, and a wait for it. */
class Heard {
  readonly #names = new Set<string>();
  #any = false;
  #wake: () => void = () => {};

  tell(names: readonly string[] | null): void {
    if (names === null) this.#any = true;
    else for (const name of names) this.#names.add(name);
    this.#wake();
  }

  forget(): void {
    this.#names.clear();
    this.#any = false;
  }

  async of(name: string): Promise<void> {
    // Watching holds nothing open; the deadline does.
    const late = setTimeout(() => this.#wake(), 20_000);
    const until = performance.now() + 19_000;
    while (!this.#any && !this.#names.has(name)) {
      await new Promise<void>((resolve) => void (this.#wake = resolve));
      assert.ok(performance.now() < until, "nothing was told");
    }
    clearTimeout(late);
  }
}

/** Everything about a directory and what is in it that reading or writing would change. */
async function picture(path: string): Promise<unknown[]> {
  const { ino, mtimeMs, ctimeMs, size } = await lstat(path);
  const inside = (await lstat(path)).isDirectory() ? (await readdir(path)).sort() : [];
  const below = await Promise.all(inside.map((name) => picture(join(path, name))));
  return [path, ino, mtimeMs, ctimeMs, size, below];
}

test("CORE-01 a path on Object.prototype is no place for records, and private mode stays private", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const records = directoryFor({ XDG_STATE_HOME: "/state" }, { obstacle: () => "private mode is on" });
  prototype["path"] = "/tmp/elsewhere";
  try {
    assert.equal(records.path, null);
    assert.equal(records.obstacle(), "private mode is on");
    assert.throws(() => records.put("ab".repeat(32), "{}"), { code: "CONFIG_INVALID", message: /private mode is on/ });
  } finally {
    delete prototype["path"];
  }
}, OPTIONS);
