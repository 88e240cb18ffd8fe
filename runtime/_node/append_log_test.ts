import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, symlinkSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "../../tests/support/harness.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import type { AuditPlace } from "../../permissions/audit/append_log_port.ts";
import { auditPlace } from "./append_log_place.ts";
import { rotateLog } from "./append_log_rotation.ts";

const LINE = "x".repeat(99);
const isRoot = process.getuid?.() === 0;

interface Scene extends AsyncDisposable {
  readonly state: string;
  readonly parley: string;
  readonly log: string;
  place(maxBytes?: number): AuditPlace;
}

async function scene(): Promise<Scene> {
  const temp = await makeTempDirectory("audit");
  const state = join(temp.path, "state");
  const parley = join(state, "parley");
  return {
    state,
    parley,
    log: join(parley, "audit.jsonl"),
    place: (maxBytes) =>
      auditPlace({
        variable: (name) => name === "XDG_STATE_HOME" ? state : undefined,
        obstacle: () => null,
        onExit: () => {},
        ...(maxBytes === undefined ? {} : { maxBytes }),
      }),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

const modeOf = (file: string): string => (lstatSync(file).mode & 0o777).toString(8);

function files(place: AuditPlace): string[] {
  const reader = place.reader();
  try {
    return reader.files.map((file) => file.text());
  } finally {
    reader.close();
  }
}

test("CON-22 nothing is made before the first line, then a directory 0700 and a file 0600", async () => {
  await using here = await scene();
  const writer = here.place().writer();
  assert.deepEqual(files(here.place()), []);
  assert.equal(existsSync(here.state), false);
  writer.append(LINE);
  writer.append("second");
  assert.equal(modeOf(here.parley), "700");
  assert.equal(modeOf(here.log), "600");
  assert.equal(readFileSync(here.log, "utf8"), `${LINE}\nsecond\n`);
  assert.deepEqual(files(here.place()), [`${LINE}\nsecond\n`]);
  writer.close();
  writer.append("third");
  writer.close();
  assert.equal(readFileSync(here.log, "utf8"), `${LINE}\nsecond\nthird\n`);
});

test("CON-22 a full file is put aside, five are kept, and the log is read oldest first", async () => {
  await using here = await scene();
  const place = here.place(200);
  const writer = place.writer();
  for (let number = 0; number < 10; number++) writer.append(`${number}`.padEnd(99, "."));
  writer.close();
  assert.deepEqual(files(place).map((text) => text.replaceAll(/[.\n]/g, "")), ["01", "23", "45", "67", "89"]);
  const reader = place.reader();
  assert.equal(reader.olderRemoved, false);
  reader.close();
  for (let number = 0; number < 4; number++) writer.append("abcd".charAt(number).padEnd(99, "."));
  writer.close();
  assert.deepEqual(files(place).map((text) => text.replaceAll(/[.\n]/g, "")), ["23", "45", "67", "89", "ab", "cd"]);
  const names = ["audit.1.jsonl", "audit.2.jsonl", "audit.3.jsonl", "audit.4.jsonl", "audit.5.jsonl", "audit.jsonl"];
  assert.deepEqual(readdirSync(here.parley).sort(), names);
  const after = place.reader();
  assert.equal(after.olderRemoved, true);
  after.close();
});

test("CON-22 what another process put aside, or somebody removed, is not written to any more", async () => {
  await using here = await scene();
  const writer = here.place().writer();
  writer.append("one");
  renameSync(here.log, join(here.parley, "audit.1.jsonl"));
  writer.append("two");
  assert.deepEqual(files(here.place()), ["one\n", "two\n"]);
  unlinkSync(here.log);
  writer.append("three");
  writer.close();
  assert.deepEqual(files(here.place()), ["one\n", "three\n"]);
});

test("CON-22 while another process puts the file aside lines go on into it; a lock left behind is not for ever", async () => {
  await using here = await scene();
  const writer = here.place(200).writer();
  const lock = join(here.parley, "audit.lock");
  writer.append(LINE);
  writeFileSync(lock, "", { mode: 0o600 });
  for (let count = 0; count < 4; count++) writer.append(LINE);
  assert.equal(lstatSync(here.log).size, 500);
  const longAgo = Date.now() / 1000 - 60;
  utimesSync(lock, longAgo, longAgo);
  writer.append(LINE);
  assert.equal(existsSync(lock), false);
  writer.append(LINE);
  writer.close();
  assert.equal(lstatSync(here.log).size, 100);
  assert.equal(lstatSync(join(here.parley, "audit.1.jsonl")).size, 600);
});

test("CON-22 a file that another process has put aside already is not put aside again", async () => {
  await using here = await scene();
  const writer = here.place().writer();
  writer.append("one");
  const { ino } = lstatSync(here.log);
  assert.equal(rotateLog(here.parley, ino), true);
  writer.append("two");
  writer.close();
  assert.equal(rotateLog(here.parley, ino), true);
  assert.deepEqual(files(here.place()), ["one\n", "two\n"]);
  assert.deepEqual(readdirSync(here.parley).sort(), ["audit.1.jsonl", "audit.jsonl"]);
});

test("CON-22 a line that was not written whole is ended before the next is written", async () => {
  await using here = await scene();
  const writer = here.place().writer();
  writer.append(LINE);
  writer.close();
  truncateSync(here.log, 50);
  writer.append("next");
  writer.close();
  assert.equal(readFileSync(here.log, "utf8"), `${LINE.slice(0, 50)}\nnext\n`);
});

for (
  const [title, spoil, state] of [
    ["is a link", (here: Scene) => symlinkSync("/etc/hostname", here.log), /ELOOP/],
    ["is a directory", (here: Scene) => mkdirSync(here.log), /EISDIR/],
    ["is a pipe", (here: Scene) => void execFileSync("mkfifo", ["-m", "600", here.log]), /it is not a file/],
    ["others can read", (here: Scene) => writeFileSync(here.log, "", { mode: 0o644 }), /others have access to it/],
    [
      "stands in a directory that others can enter",
      (here: Scene) => chmodSync(here.parley, 0o755),
      /others have access/,
    ],
    [
      "stands below a directory that others can write",
      (here: Scene) => chmodSync(here.state, 0o777),
      /others have access/,
    ],
  ] as const
) {
  test(`CON-21 a log that ${title} is neither written nor read`, async () => {
    await using here = await scene();
    mkdirSync(here.state, { mode: 0o700 });
    mkdirSync(here.parley, { mode: 0o700 });
    spoil(here);
    const writer = here.place().writer();
    const wanted = (error: { code: string; message: string }): boolean => {
      assert.equal(error.code, "CONFIG_INVALID");
      assert.match(error.message, state);
      return true;
    };
    assert.throws(() => writer.append(LINE), wanted);
    assert.throws(() => files(here.place()));
  });
}

test("CON-21 a log that belongs to somebody else is neither written nor read", async () => {
  await using here = await scene();
  const writer = here.place().writer();
  writer.append(LINE);
  writer.close();
  chownSync(here.log, 65534, 65534);
  assert.throws(() => writer.append(LINE), /belongs to somebody else/);
  assert.throws(() => files(here.place()), /belongs to somebody else/);
}, { skip: isRoot ? null : "only root can give a file away" });

test("CON-22 where nothing can be written the reason is told by its code", async () => {
  await using here = await scene();
  mkdirSync(here.state, { mode: 0o700 });
  writeFileSync(here.parley, "");
  assert.throws(() => here.place().writer().append(LINE), { code: "CONFIG_INVALID", message: /not a directory/ });
});

test("CON-22 without a home, with relative paths, and with an obstacle of the runtime there is no log", () => {
  const place = (variables: Record<string, string>, obstacle: string | null): AuditPlace =>
    auditPlace({ variable: (name) => variables[name], obstacle: () => obstacle, onExit: () => {} });
  assert.match(place({}, null).obstacle() ?? "", /neither XDG_STATE_HOME nor HOME/);
  assert.match(place({ XDG_STATE_HOME: "state", HOME: "me" }, null).obstacle() ?? "", /absolute/);
  assert.equal(place({ XDG_STATE_HOME: "state", HOME: "/home/me" }, null).obstacle(), null);
  assert.equal(place({ HOME: "/home/me" }, "Deno may not").obstacle(), "Deno may not");
  assert.throws(() => place({ HOME: "/home/me" }, "Deno may not").writer(), {
    code: "CONFIG_INVALID",
    message: "Cannot use the audit log: Deno may not",
  });
});

test("CON-22 snapshots of policies are kept once, 0600, under their names, and read again", async () => {
  await using here = await scene();
  const place = here.place();
  const writer = place.writer();
  const [first, second] = ["a1".repeat(32), "b2".repeat(32)];
  writer.keepPolicy(first, '{"rules":[]}');
  writer.keepPolicy(first, "another text under the same name");
  writer.keepPolicy(second, "second");
  const policies = join(here.parley, "policies");
  assert.deepEqual(readdirSync(policies).sort(), [`${first}.json`, `${second}.json`]);
  assert.equal(modeOf(policies), "700");
  assert.equal(modeOf(join(policies, `${first}.json`)), "600");
  const reader = place.reader();
  assert.equal(reader.policy(first), '{"rules":[]}');
  assert.equal(reader.policy("c3".repeat(32)), null);
  assert.equal(reader.policy("../audit"), null);
  reader.close();
});

test("P-09 the key of hashed destinations is made once, 0600, and one that others can read is refused", async () => {
  await using here = await scene();
  const key = here.place().writer().redactionKey();
  assert.match(key, /^[0-9a-f]{64}$/);
  assert.equal(here.place().writer().redactionKey(), key);
  const file = join(here.parley, "audit.key");
  assert.equal(modeOf(file), "600");
  chmodSync(file, 0o644);
  assert.throws(() => here.place().writer().redactionKey(), { code: "CONFIG_INVALID" });
  chmodSync(file, 0o600);
  writeFileSync(file, "x".repeat(64), { mode: 0o600 });
  assert.throws(() => here.place().writer().redactionKey(), { code: "CONFIG_INVALID", message: /holds no key/ });
});
