import assert from "node:assert/strict";
import { parseDestination } from "../../core/destination.ts";
import { ManualClock } from "../../core/manual_clock.ts";
import { tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { decisionKey } from "../decision_key.ts";
import { connectDescriptor, type Descriptor, type TlsClaims } from "../descriptor.ts";
import { mainRequester } from "../main_requester.ts";
import type { Requester } from "../requester.ts";
import { FileStore, type FileStoreInit } from "./file_store.ts";
import { isPinned } from "./grant_record.ts";
import { noRecords } from "./no_records.ts";

const ALLOW = { effect: "allow", lifetime: "always" } as const;
const DENY = { effect: "deny", lifetime: "always" } as const;
const PROGRAM = mainRequester("file:///home/ann/main.ts", 42);
const LIBRARY: Requester = { ...mainRequester("npm:mqtt@5", 42), role: "library" };
const MAIL = tcp("mail.example", 25);
const DAY_MS = 24 * 60 * 60 * 1000;
const TLS: TlsClaims = {
  mode: "open",
  serverName: "mail.example",
  caSha256: null,
  clientCertSha256: null,
  required: true,
};

function launched(given: Partial<Requester> = {}): Requester {
  return {
    ...PROGRAM,
    evidence: "launcher",
    mainSha256: "a".repeat(64),
    lockSha256: "b".repeat(64),
    modules: [{ url: "file:///home/ann/lib.ts", sha256: "c".repeat(64) }, {
      url: "file:///home/ann/more.ts",
      sha256: "d".repeat(64),
    }],
    ...given,
  };
}

function fixture(options: { directory?: MemoryRecordDirectory; clock?: ManualClock } & Partial<FileStoreInit> = {}) {
  const clock = options.clock ?? new ManualClock();
  const directory = options.directory ?? new MemoryRecordDirectory(clock);
  const reports: string[] = [];
  const open = (given: Partial<FileStoreInit> = {}) =>
    new FileStore({ directory, clock, report: (line) => void reports.push(line), ...given });
  return { clock, directory, reports, open, store: open(options.by === undefined ? {} : { by: options.by }) };
}

function onlyName(directory: MemoryRecordDirectory): string {
  const [name] = directory.files.keys();
  return name ?? "";
}

/** Changes a member of the only record. */
function edit(directory: MemoryRecordDirectory, change: (record: Record<string, unknown>) => void): void {
  const name = onlyName(directory);
  const record = JSON.parse(directory.read(name)?.text ?? "{}");
  change(record);
  directory.files.set(name, { text: JSON.stringify(record), touchedMs: 0 });
}

test("CON-04 an answer that is remembered is found by the next process, for this request and no other", () => {
  const { store, open } = fixture();
  const { id } = store.put(PROGRAM, MAIL, ALLOW);
  const next = open();
  assert.deepEqual(next.find(PROGRAM, MAIL), { effect: "allow", lifetime: "always", id, changed: null });
  const others: readonly (readonly [Requester, Descriptor])[] = [
    [PROGRAM, tcp("mail.example", 26)],
    [PROGRAM, tcp("mail2.example", 25)],
    [PROGRAM, tcp("mail.example", 25, TLS)],
    [PROGRAM, tcp("mail.example", 25, { ...TLS, mode: "upgrade" })],
    [
      PROGRAM,
      connectDescriptor({ transport: "udp", destination: parseDestination("udp://mail.example:25"), port: 25 }),
    ],
    [LIBRARY, MAIL],
    [mainRequester("file:///home/ann/other.ts", 1), MAIL],
    [launched(), MAIL],
  ];
  for (const [requester, descriptor] of others) {
    assert.equal(next.find(requester, descriptor), null, decisionKey(requester, descriptor));
  }
});

test("CON-04 every kind of request comes back as what it was", () => {
  const by = "command";
  const descriptors: readonly Descriptor[] = [
    MAIL,
    tcp("mail.example", 993, TLS),
    tcp("10.0.0.1", 25, { ...TLS, mode: "upgrade", caSha256: "e".repeat(64), clientCertSha256: "f".repeat(64) }),
    connectDescriptor({ destination: parseDestination(`tls://mail.example:993#spki=${"a".repeat(64)}`), port: 993 }),
    connectDescriptor({ transport: "unix", destination: parseDestination("unix:///run/x.sock"), port: 0 }),
    connectDescriptor({
      destination: parseDestination("mail.example:25"),
      port: 25,
      via: { protocol: "socks5", destination: parseDestination("proxy.example:1080"), remoteDns: false },
    }),
    connectDescriptor({
      transport: "udp",
      destination: parseDestination("udp://192.168.1.255:9"),
      port: 9,
      broadcast: true,
    }),
    { name: "listen", transport: "tcp", destination: parseDestination("listen://127.0.0.1:0"), port: 0, tls: null },
    { name: "listen", transport: "unix", destination: parseDestination("listen+unix:///run/y"), port: 0, tls: null },
    {
      name: "direct-sockets-multicast",
      transport: "udp",
      destination: parseDestination("multicast://239.1.2.3:5000"),
      port: 5000,
      source: "192.0.2.1",
      tls: null,
    },
  ];
  for (const effect of ["allow", "deny"] as const) {
    for (const descriptor of descriptors) {
      const { store, open, directory } = fixture({ by });
      const { id } = store.put(PROGRAM, descriptor, { effect, lifetime: "always" });
      const next = open();
      assert.deepEqual(next.broken(), [], directory.read(onlyName(directory))?.text ?? "");
      assert.equal(next.find(PROGRAM, descriptor)?.id, id);
      const [listed] = next.list();
      assert.equal(listed?.key, decisionKey(PROGRAM, descriptor));
      assert.equal(listed?.effect, effect);
    }
  }
});

test("CON-04 a later answer about the same request replaces the earlier one, either way", () => {
  const { store, open, directory } = fixture();
  const first = store.put(PROGRAM, MAIL, ALLOW);
  const second = store.put(PROGRAM, MAIL, DENY);
  assert.notEqual(first.id, second.id);
  for (const some of [store, open()]) assert.deepEqual(some.find(PROGRAM, MAIL), second);
  assert.equal(directory.files.size, 1);
  store.put(PROGRAM, MAIL, ALLOW);
  assert.equal(open().find(PROGRAM, MAIL)?.effect, "allow");
});

test("CON-18 an approval that was bound to code says which file has changed, and counts again when it is back", () => {
  const { store, open } = fixture();
  const { id } = store.put(launched(), MAIL, ALLOW);
  const more = { url: "file:///home/ann/new.ts", sha256: "9".repeat(64) };
  const [lib, rest] = launched().modules;
  assert.ok(lib !== undefined && rest !== undefined);
  const cases: readonly (readonly [Partial<Requester>, string | null])[] = [
    [{}, null],
    [{ mainSha256: "0".repeat(64) }, "file:///home/ann/main.ts"],
    [{ mainSha256: null }, "file:///home/ann/main.ts"],
    [{ lockSha256: "0".repeat(64) }, "the lockfile"],
    [{ lockSha256: null }, "the lockfile"],
    [{ modules: [{ ...lib, sha256: "0".repeat(64) }, rest] }, lib.url],
    [{ modules: [lib, rest, more] }, more.url],
    [{ modules: [lib] }, rest.url],
    [{ modules: [] }, lib.url],
    [{ modules: [rest, lib] }, null],
  ];
  const next = open();
  for (const [given, changed] of cases) {
    assert.deepEqual(next.find(launched(given), MAIL), { ...ALLOW, id, changed });
  }
});

test("CON-18 a refusal holds whatever became of the code", () => {
  const { store, open } = fixture();
  store.put(launched(), MAIL, DENY);
  const found = open().find(launched({ mainSha256: null, modules: [] }), MAIL);
  assert.equal(found?.effect, "deny");
  assert.equal(found?.changed, null);
});

test("CON-18 what no launcher vouched for is marked unpinned, and yet compared with the code that was read", () => {
  const { store, open, directory } = fixture();
  const read = launched({ evidence: "claimed" });
  const { id } = store.put(read, MAIL, ALLOW);
  assert.equal(JSON.parse(directory.read(onlyName(directory))?.text ?? "{}").pinned, false);
  assert.deepEqual(open().find(read, MAIL), { ...ALLOW, id, changed: null });
  const other = { ...read, mainSha256: "0".repeat(64) };
  assert.deepEqual(open().find(other, MAIL), { ...ALLOW, id, changed: "file:///home/ann/main.ts" });
  store.put(launched(), MAIL, ALLOW);
  assert.deepEqual(open().list().map(isPinned), [false, true]);
});

test("CON-18 an approval for a program whose code nobody read holds for what stands in its file", () => {
  const { store, open } = fixture();
  const { id } = store.put(PROGRAM, MAIL, ALLOW);
  assert.deepEqual(open().find(launched({ evidence: "claimed" }), MAIL), { ...ALLOW, id, changed: null });
});

test("CON-18 NET-14 what is never remembered is refused where it is written", () => {
  const listen: Descriptor = {
    name: "listen",
    transport: "tcp",
    destination: parseDestination("listen://127.0.0.1:9000"),
    port: 9000,
    tls: null,
  };
  const metadata = tcp("169.254.169.254", 80);
  const cases: readonly (readonly [string, Requester, Descriptor, "prompt" | "command"])[] = [
    ["a program without a name", mainRequester(null, 1), MAIL, "prompt"],
    ["a program over plain http", mainRequester("http://host.example/x.ts", 1), MAIL, "command"],
    ["a program that says so", { ...PROGRAM, rememberable: false }, MAIL, "prompt"],
    ["a private address", PROGRAM, tcp("192.168.1.1", 80), "prompt"],
    ["this machine", PROGRAM, tcp("localhost", 80), "prompt"],
    ["a server", PROGRAM, listen, "prompt"],
    ["the credentials of a cloud machine", launched(), metadata, "prompt"],
    ["the credentials of a cloud machine, by command", PROGRAM, metadata, "command"],
    ["a host to be chosen", PROGRAM, connectDescriptor({ destination: null, port: 25 }), "prompt"],
  ];
  for (const [title, requester, descriptor, by] of cases) {
    const { store, directory } = fixture({ by });
    assert.throws(() => store.put(requester, descriptor, ALLOW), { code: "CONFIG_INVALID" }, title);
    assert.deepEqual([...directory.files], [], title);
  }
  const risky = fixture();
  risky.store.put(launched(), listen, ALLOW);
  risky.store.put(PROGRAM, metadata, DENY);
  assert.equal(risky.open().find(launched(), listen)?.effect, "allow");
  assert.equal(risky.open().find(PROGRAM, metadata)?.effect, "deny");
});

test("CON-09 an approval is void for code that came over something insecure; a refusal is not", () => {
  const { store } = fixture();
  store.put(PROGRAM, MAIL, ALLOW);
  assert.equal(store.find({ ...PROGRAM, insecure: "a module came over plain http" }, MAIL), null);
  assert.equal(store.find({ ...PROGRAM, rememberable: false }, MAIL), null);
  store.put(PROGRAM, MAIL, DENY);
  assert.equal(store.find({ ...PROGRAM, insecure: "a module came over plain http" }, MAIL)?.effect, "deny");
});

for (
  const [title, text, problem] of [
    ["empty", "", /it is empty/],
    ["cut off", '{"version":1,"id":"00', /not JSON, or not all of it/],
    ["a list", "[]", /not a remembered answer|missing/],
    ["null", "null", /not a remembered answer/],
    ["a key that reaches prototypes", '{"version":1,"__proto__":{"effect":"allow"}}', /key named __proto__/],
    ["a newer version", '{"version":2,"effect":"allow"}', /a newer Parley wrote it \(version 2/],
    ["nested too deep", `${"[".repeat(100)}${"]".repeat(100)}`, /nested more than 64 deep/],
  ] as const
) {
  test(`CON-21 a record that is ${title} refuses its request, approves nothing, and is told of once`, () => {
    const { store, open, directory, reports } = fixture();
    store.put(PROGRAM, MAIL, ALLOW);
    store.put(PROGRAM, tcp("other.example", 25), ALLOW);
    directory.files.set(onlyName(directory), { text, touchedMs: 0 });
    const next = open();
    const found = next.find(PROGRAM, MAIL);
    assert.equal(found?.effect, "deny");
    assert.equal(found?.lifetime, "always");
    assert.equal(next.find(PROGRAM, MAIL)?.id, found?.id);
    assert.equal(reports.length, 1);
    assert.match(reports[0] ?? "", problem);
    assert.ok(reports[0]?.includes(`"parley permissions revoke ${found?.id}"`), reports[0]);
    assert.equal(next.find(PROGRAM, tcp("other.example", 25))?.effect, "allow", "another record is not concerned");
    assert.deepEqual(next.broken().map(({ id }) => id), [found?.id]);
    assert.equal(next.remove(found?.id ?? ""), true);
    assert.equal(next.find(PROGRAM, MAIL), null);
  });
}

for (
  const [title, change] of [
    ["names another origin", (record) => record["origin"] = "file:///home/ann/evil.ts"],
    ["names another destination", (record) => record["destination"] = "evil.example:25"],
    ["names another key", (record) => record["key"] = String(record["key"]).replace("mail", "evil")],
    [
      "is another request's, whole",
      (record) => {
        record["destination"] = "evil.example:25";
        record["key"] = String(record["key"]).replace("mail", "evil");
      },
    ],
    ["is not canonical", (record) => record["destination"] = "MAIL.example:25"],
    ["names another feature", (record) => record["feature"] = "listen"],
    ["has a member too many", (record) => record["extra"] = true],
    ["lacks a member", (record) => delete record["code"]],
    ["has another lifetime", (record) => record["lifetime"] = "run"],
    ["has no effect", (record) => record["effect"] = "maybe"],
    ["calls itself pinned", (record) => record["pinned"] = true],
    ["names code without its hash", (record) => record["code"] = { main: "abc", lock: null, modules: [] }],
    ["has a date that is none", (record) => record["created"] = "yesterday"],
    ["is of an insecure origin", (record) => record["origin"] = "http://a.example"],
  ] satisfies readonly (readonly [string, (record: Record<string, unknown>) => unknown])[]
) {
  test(`CON-21 a record that ${title} refuses the request of its name, and approves nothing`, () => {
    const { store, open, directory, reports } = fixture();
    store.put(PROGRAM, MAIL, ALLOW);
    edit(directory, change);
    const next = open();
    assert.equal(next.find(PROGRAM, MAIL)?.effect, "deny");
    assert.equal(next.find(PROGRAM, tcp("evil.example", 25)), null);
    assert.equal(next.list().length, 0);
    assert.equal(reports.length, 1);
  });
}

test("CON-21 NET-14 an approval of what is never approved for good does not count, whoever wrote it", () => {
  const { store, open, directory } = fixture({ by: "command" });
  const router = tcp("192.168.1.1", 80);
  store.put(PROGRAM, router, ALLOW);
  assert.equal(open().find(PROGRAM, router)?.effect, "allow", "the operator's own command may");
  edit(directory, (record) => record["by"] = "prompt");
  assert.equal(open().find(PROGRAM, router)?.effect, "deny");
});

test("CORE-01 a polluted prototype completes no record", () => {
  const { store, open, directory } = fixture();
  store.put(PROGRAM, MAIL, DENY);
  edit(directory, (record) => delete record["effect"]);
  Object.defineProperty(Object.prototype, "effect", { value: "allow", configurable: true });
  try {
    assert.equal(open().find(PROGRAM, MAIL)?.effect, "deny");
  } finally {
    delete (Object.prototype as { effect?: unknown }).effect;
  }
});

test("CON-21 what cannot be trusted as a file refuses its request, with the reason", () => {
  const { store, open, directory, reports } = fixture();
  store.put(PROGRAM, MAIL, ALLOW);
  directory.files.set(onlyName(directory), { problem: "others have access to it\u001b[2J" });
  const next = open();
  assert.equal(next.find(PROGRAM, MAIL)?.effect, "deny");
  assert.match(reports.join("\n"), /not valid: others have access to it\\u\{1b\}\[2J; until/);
});

test("CON-23 what nobody used for 90 days is not found, and is removed with the next answer that is remembered", async () => {
  const { store, open, directory, clock } = fixture();
  store.put(PROGRAM, MAIL, ALLOW);
  store.put(PROGRAM, tcp("deny.example", 25), DENY);
  await clock.advance(90 * DAY_MS - 1);
  assert.equal(open().find(PROGRAM, MAIL)?.effect, "allow");
  await clock.advance(1);
  const next = open();
  assert.equal(next.find(PROGRAM, MAIL), null);
  assert.deepEqual(next.list(), []);
  assert.equal(directory.files.size, 2);
  next.put(PROGRAM, tcp("new.example", 25), ALLOW);
  assert.equal(directory.files.size, 1);
});

test("CON-23 a use keeps an answer for another 90 days, and is written at most once a day", async () => {
  const { store, open, directory, clock } = fixture();
  const { id } = store.put(PROGRAM, MAIL, ALLOW);
  const touches = () => directory.calls.filter((call) => call === "touch").length;
  store.used(id);
  await clock.advance(DAY_MS - 1);
  store.used(id);
  assert.equal(touches(), 0);
  await clock.advance(80 * DAY_MS);
  store.used(id);
  store.used(id);
  assert.equal(touches(), 1);
  await clock.advance(80 * DAY_MS);
  for (const some of [store, open()]) assert.equal(some.find(PROGRAM, MAIL)?.id, id);
  await clock.advance(10 * DAY_MS);
  for (const some of [store, open()]) assert.equal(some.find(PROGRAM, MAIL), null);
});

test("CON-23 a refusal that is met is in use", async () => {
  const { store, open, clock } = fixture();
  store.put(PROGRAM, MAIL, DENY);
  for (let month = 0; month < 6; month++) {
    await clock.advance(60 * DAY_MS);
    assert.equal(open().find(PROGRAM, MAIL)?.effect, "deny");
  }
});

test("CON-23 a clock that is set back revives nothing", async () => {
  const { store, directory, clock } = fixture();
  store.put(PROGRAM, MAIL, ALLOW);
  await clock.advance(89 * DAY_MS);
  store.put(PROGRAM, tcp("late.example", 25), ALLOW);
  await clock.advance(DAY_MS);
  assert.equal(store.find(PROGRAM, MAIL), null);
  store.put(PROGRAM, tcp("later.example", 25), ALLOW);
  const back = new FileStore({ directory, clock: new ManualClock(), report: () => {} });
  assert.equal(back.find(PROGRAM, MAIL), null);
  assert.notEqual(back.find(PROGRAM, tcp("late.example", 25)), null);
});

test("CON-18 a use that is noted does not bring back what was taken back or refused meanwhile", async () => {
  const { store, open, clock } = fixture();
  const { id } = store.put(PROGRAM, MAIL, ALLOW);
  await clock.advance(2 * DAY_MS);
  open().remove(id);
  store.used(id);
  assert.equal(open().find(PROGRAM, MAIL), null);
  const again = store.put(PROGRAM, MAIL, ALLOW);
  open().put(PROGRAM, MAIL, DENY);
  await clock.advance(2 * DAY_MS);
  store.used(again.id);
  assert.equal(open().find(PROGRAM, MAIL)?.effect, "deny");
});

test("NET-19 taking back a decision leaves what another process decided since", () => {
  const { store, open } = fixture();
  const { id } = store.put(PROGRAM, MAIL, ALLOW);
  open().put(PROGRAM, MAIL, DENY);
  assert.equal(store.remove(id), false);
  for (const some of [store, open()]) assert.equal(some.find(PROGRAM, MAIL)?.effect, "deny");
  assert.equal(store.remove("0".repeat(12)), false);
});

test("CON-13 what was taken back does not count in this process even where it cannot be removed", () => {
  const { store, directory, reports, open } = fixture();
  const { id } = store.put(PROGRAM, MAIL, ALLOW);
  directory.readOnly = "the disk is\u0007 read-only";
  assert.equal(store.remove(id), false);
  assert.equal(store.find(PROGRAM, MAIL), null);
  assert.deepEqual(store.list(), []);
  assert.match(reports.join("\n"), /holds again at the next start: Cannot write: the disk is\\u\{7\} read-only/);
  assert.equal(open().find(PROGRAM, MAIL)?.id, id);
});

test("NET-19 another process's changes are told of by their identifiers, one's own are not", () => {
  const { store, open, directory } = fixture();
  const heard: (readonly string[])[] = [];
  const stop = store.onChange((ids) => heard.push(ids));
  assert.equal(directory.watchers, 0, "nothing is watched before it is read");
  assert.equal(store.find(PROGRAM, MAIL), null);
  assert.equal(directory.watchers, 1);
  const { id: own } = store.put(PROGRAM, MAIL, ALLOW);
  directory.tell();
  directory.tell([onlyName(directory)]);
  assert.deepEqual(heard, []);
  const { id: others } = open().put(PROGRAM, MAIL, DENY);
  directory.tell([onlyName(directory)]);
  assert.deepEqual(heard, [[own, others]]);
  assert.equal(store.find(PROGRAM, MAIL)?.effect, "deny");
  open().remove(others);
  directory.tell();
  assert.deepEqual(heard.at(-1), [others]);
  assert.equal(store.find(PROGRAM, MAIL), null);
  directory.tell();
  assert.equal(heard.length, 2, "nothing changed");
  stop();
  assert.equal(directory.watchers, 0);
});

test("NET-20 without a place nothing is remembered, and nothing is found", () => {
  const reports: string[] = [];
  const store = new FileStore({
    directory: noRecords("private mode is on"),
    clock: new ManualClock(),
    report: (line) => void reports.push(line),
  });
  assert.equal(store.remembers, false);
  assert.equal(store.find(PROGRAM, MAIL), null);
  assert.throws(() => store.put(PROGRAM, MAIL, ALLOW), { code: "CONFIG_INVALID", message: /private mode is on/ });
  assert.equal(store.find(PROGRAM, MAIL), null);
  assert.deepEqual([store.list(), store.broken(), reports], [[], [], []]);
});

test("finding one of 2,000 answers takes less than looking at them all", () => {
  const { store } = fixture();
  const wanted = Array.from({ length: 2_000 }, (_, index) => tcp(`host${index}.example`, 25));
  for (const descriptor of wanted) store.put(PROGRAM, descriptor, ALLOW);
  for (const descriptor of wanted) assert.equal(store.find(PROGRAM, descriptor)?.effect, "allow");
  const started = performance.now();
  for (const descriptor of wanted) store.find(PROGRAM, descriptor);
  const each = (performance.now() - started) / wanted.length;
  // 2 to 5 µs, nearly all of it for the key; a search among all would take a hundred times as long.
  assert.ok(each < 0.1, `${each} ms`);
});
