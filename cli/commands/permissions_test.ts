import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseDestination } from "../../core/destination.ts";
import { ManualClock } from "../../core/manual_clock.ts";
import { connectDescriptor, type Descriptor, type TlsClaims } from "../../permissions/descriptor.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import { readPolicy } from "../../permissions/policy/policy_document.ts";
import type { Answer, Question } from "../../permissions/prompter.ts";
import type { Requester } from "../../permissions/requester.ts";
import { FileStore } from "../../permissions/store/file_store.ts";
import { noRecords } from "../../permissions/store/no_records.ts";
import type { RecordDirectory } from "../../permissions/store/record_directory_port.ts";
import { ScriptedTerminal } from "../../permissions/terminal/scripted_terminal.ts";
import { columnsOf } from "../../permissions/terminal/text_layout.ts";
import { parseArguments } from "../../runtime/_node/arguments.ts";
import type { CommandHost } from "../../runtime/command.ts";
import type { LaunchFacts } from "../../runtime/host.ts";
import { tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { makeTempDirectory } from "../../tests/support/temp_directory.ts";
import { createMessages } from "../messages.ts";
import { permissionsCommand, runPermissions } from "./permissions.ts";

const ALLOW = { effect: "allow", lifetime: "always" } as const;
const DENY = { effect: "deny", lifetime: "always" } as const;
const MAILER = mainRequester("file:///home/ann/mailer/main.ts", 42);
const MQTT = mainRequester("npm:mqtt", 42);
const TLS: TlsClaims = {
  mode: "open",
  serverName: "imap.example",
  caSha256: null,
  clientCertSha256: null,
  required: true,
};
const LISTEN: Descriptor = {
  name: "listen",
  transport: "tcp",
  destination: parseDestination("listen://127.0.0.1:9000"),
  port: 9000,
  tls: null,
};

interface Run {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}

interface RunOptions {
  readonly columns?: number;
  readonly isTerminal?: boolean;
  readonly env?: Record<string, string>;
  readonly answer?: Answer;
  /** Typed at the terminal; without it there is none. */
  readonly types?: string;
}

class Fixture {
  readonly clock = new ManualClock();
  readonly records = new MemoryRecordDirectory(this.clock);
  readonly questions: Question[] = [];
  readonly terminal = new ScriptedTerminal({ clock: this.clock });

  store(by: "prompt" | "command" = "prompt"): FileStore {
    return new FileStore({ directory: this.records, clock: this.clock, report: (line) => assert.fail(line), by });
  }

  put(requester: Requester, descriptor: Descriptor, decision: typeof ALLOW | typeof DENY = ALLOW): string {
    return this.store().put(requester, descriptor, decision).id;
  }

  async run(
    args: readonly string[],
    options: RunOptions & { readonly directory?: RecordDirectory } = {},
  ): Promise<Run> {
    let out = "";
    let errors = "";
    const host = {
      stdoutIsTerminal: options.isTerminal ?? false,
      columns: () => options.columns ?? 80,
      writeOut: (bytes: Uint8Array) => {
        out += new TextDecoder().decode(bytes);
        return Promise.resolve();
      },
      writeError: (text: string) => void (errors += text),
      onInterrupt: () => () => {},
    } as unknown as CommandHost;
    const messages = createMessages(host, args.includes("--json"));
    const launch = { pid: 7, env: (name: string) => options.env?.[name] } as unknown as LaunchFacts;
    const { clock, questions } = this;
    const { types } = options;
    const terminal = types === undefined ? new ScriptedTerminal({ clock, present: false }) : this.terminal;
    const ask = (question: Question): Promise<Answer> => {
      questions.push(question);
      return Promise.resolve(options.answer ?? { kind: "deny", reason: "no-terminal" });
    };
    const surroundings = {
      clock,
      launch,
      terminal,
      records: () => options.directory ?? this.records,
      prompter: { ask },
    };
    try {
      const parsed = parseArguments(args, { ...permissionsCommand.options, json: { type: "boolean" } });
      const running = runPermissions({ host, args: parsed, messages }, surroundings);
      // Looked at below, after the time in which somebody types.
      running.catch(() => {});
      if (types !== undefined) {
        await clock.advance(1000);
        terminal.type(types);
      }
      return { status: await running, out, errors };
    } catch (error) {
      return { status: messages.fail(error), out, errors };
    }
  }
}

for (
  const [title, args] of [
    ["no task", []],
    ["an unknown task", ["lst"]],
    ["a task that takes nothing", ["list", "everything"]],
    ["a grant without destination", ["grant", "npm:mqtt"]],
    ["a revocation of nothing", ["revoke"]],
    ["an option of another task", ["grant", "npm:mqtt", "mail.example:25", "--force"]],
    ["an unknown feature", ["list", "--feature", "telepathy"]],
    ["a destination that is none", ["grant", "npm:mqtt", "mail.example"]],
    ["a wildcard", ["grant", "npm:mqtt", "*.example.com:25"]],
    ["a program that is not there", ["grant", "/nonexistent/main.ts", "mail.example:25"]],
    ["a package with its version", ["grant", "npm:mqtt@5", "mail.example:25"]],
    ["plain http", ["grant", "http://host.example", "mail.example:25"]],
    ["STARTTLS over UDP", ["grant", "npm:mqtt", "udp://mail.example:25", "--starttls"]],
    ["any peer", ["grant", "npm:mqtt", "udp-peers://0.0.0.0:0"]],
    ["the credentials of a cloud machine", ["grant", "npm:mqtt", "169.254.169.254:80"]],
    ["an identifier of nothing", ["revoke", "0123456789ab"]],
    ["a destination of nothing", ["revoke", "other.example:25"]],
  ] as const
) {
  test(`NET-19 parley permissions says what is wrong with ${title}, and changes nothing`, async () => {
    const own = new Fixture();
    own.put(MAILER, tcp("mail.example", 25));
    const before = [...own.records.files];
    const { status, out, errors } = await own.run(args, { answer: { kind: "allow", lifetime: "always", host: null } });
    assert.equal(status, 64, errors);
    assert.equal(out, "");
    assert.match(errors, /^parley: Cannot /);
    assert.deepEqual([...own.records.files], before);
    assert.deepEqual(own.questions, []);
  });
}

test("NET-19 the list says who, what, where to, since when, last used, until when, and how it is bound", async () => {
  const own = new Fixture();
  const imap = own.put(MAILER, tcp("imap.example", 993, TLS));
  await own.clock.advance(24 * 60 * 60 * 1000);
  const mail = own.put(MAILER, tcp("mail.example", 25), DENY);
  own.store().used(imap);
  const pinned = own.put({ ...MQTT, evidence: "launcher", mainSha256: "a".repeat(64) }, LISTEN);
  const { status, out, errors } = await own.run(["list"]);
  assert.equal(errors, "");
  assert.equal(status, 0);
  assert.deepEqual(out.split("\n"), [
    "ID           ANSWER  SINCE      LAST USED  EXPIRES",
    "",
    "/home/ann/mailer/main.ts",
    `${imap} allowed 2026-01-01 2026-01-02 2026-04-02`,
    "  tls://imap.example:993, for whatever code stands there, not pinned",
    `${mail} refused 2026-01-02 2026-01-02 2026-04-02`,
    "  mail.example:25, NOT ENCRYPTED",
    "",
    "npm:mqtt",
    `${pinned} allowed 2026-01-02 2026-01-02 2026-04-02`,
    "  listen://127.0.0.1:9000, pinned to the code that the launcher read",
    "",
  ]);
});

test("NET-19 the list shows one program or one feature when that is asked for", async () => {
  const own = new Fixture();
  own.put(MAILER, tcp("mail.example", 25));
  own.put(MQTT, tcp("broker.example", 8883));
  own.put({ ...MQTT, evidence: "launcher" }, LISTEN);
  for (
    const [args, hosts] of [
      [[], ["mail", "broker", "127.0.0.1"]],
      [["--origin", "npm:mqtt"], ["broker", "127.0.0.1"]],
      [["--origin", "/home/ann/mailer/main.ts"], ["mail"]],
      [["--origin", "file:///home/ann/mailer/main.ts"], ["mail"]],
      [["--feature", "listen"], ["127.0.0.1"]],
      [["--feature", "direct-sockets", "--origin", "npm:mqtt"], ["broker"]],
      [["--origin", "npm:other"], []],
    ] as const
  ) {
    const { out } = await own.run(["list", ...args]);
    const shown = ["mail", "broker", "127.0.0.1"].filter((host) =>
      out.includes(`${host}.example`) || out.includes(`${host}:9000`)
    );
    assert.deepEqual(shown, hosts, args.join(" "));
  }
  assert.equal((await own.run(["list", "--origin", "npm:other"])).out, "Nothing is remembered.\n");
});

test("CON-11 with --json the list is one ASCII object with everything that is stored", async () => {
  const own = new Fixture();
  const id = own.put(mainRequester("file:///home/b\u00fccher/\u202e.ts", 1), tcp("mail.example", 25));
  const { out } = await own.run(["list", "--json"]);
  assert.match(out, /^[\x20-\x7e]*\n$/);
  const { records, broken } = JSON.parse(out);
  assert.deepEqual(broken, []);
  assert.equal(records.length, 1);
  assert.equal(records[0].id, id);
  assert.equal(records[0].destination, "mail.example:25");
  assert.equal(records[0].lastUsed, "2026-01-01T00:00:00.000Z");
  assert.equal(records[0].expires, "2026-04-01T00:00:00.000Z");
});

test("CON-11 nothing that is stored reaches the terminal unescaped, and every line fits", async () => {
  const own = new Fixture();
  const hostile = "\u001b[2J\u202eevil\u200b\r\ny".repeat(20);
  own.put({ ...MAILER, origin: `file:///home/${hostile}` }, tcp(`${"a".repeat(60)}.${"b".repeat(60)}.example`, 25));
  own.put(MQTT, tcp("broker.example", 8883, { ...TLS, serverName: hostile, caSha256: "c".repeat(64) }));
  own.records.files.set("f".repeat(64), { problem: hostile });
  for (const columns of [20, 60, 80, 132]) {
    const { out } = await own.run(["list"], { columns });
    for (const line of out.split("\n")) {
      assert.doesNotMatch(line, /[\p{C}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u);
      assert.ok(columnsOf(line) < Math.max(columns, 60), line);
    }
  }
});

test("colour is for terminals that take it, and says nothing that the words do not", async () => {
  const own = new Fixture();
  own.put(MAILER, tcp("mail.example", 25), DENY);
  const { out: plain } = await own.run(["list"]);
  const { out: colored } = await own.run(["list"], { isTerminal: true });
  assert.notEqual(colored, plain);
  // deno-lint-ignore no-control-regex
  assert.equal(colored.replace(/\x1b\[[0-9;]*m/g, ""), plain);
  for (const env of [{ NO_COLOR: "1" }, { TERM: "dumb" }]) {
    assert.equal((await own.run(["list"], { isTerminal: true, env })).out, plain);
  }
});

test("CON-21 what is not valid is listed with the reason, and taken back by its identifier", async () => {
  const own = new Fixture();
  own.put(MAILER, tcp("mail.example", 25));
  own.records.files.set("f".repeat(64), { problem: "others have access to it" });
  const { out } = await own.run(["list"]);
  assert.match(out, /Not valid, .* refused:\n {2}broken-ffffffffffff others have access to it\n$/);
  assert.deepEqual(JSON.parse((await own.run(["list", "--json"])).out).broken, [
    { id: "broken-ffffffffffff", problem: "others have access to it" },
  ]);
  const { status } = await own.run(["revoke", "broken-ffffffffffff"]);
  assert.equal(status, 0);
  assert.equal(own.records.files.size, 1);
});

test("CON-04 what is granted is found by the program, wherever it is started from", async () => {
  await using temp = await makeTempDirectory("grant");
  const file = join(temp.path, "ma in.ts");
  await writeFile(file, "");
  const own = new Fixture();
  const { status, errors } = await own.run(["grant", file, "tls://imap.example:993"]);
  assert.equal(status, 0, errors);
  assert.match(errors, /^parley: allowed tls:\/\/imap\.example:993 for .*ma in\.ts \([0-9a-f]{12}\), whatever code/);
  const program = mainRequester(pathToFileURL(file).href, 1);
  assert.equal(own.store().find(program, tcp("imap.example", 993, TLS))?.effect, "allow");
  assert.equal(own.store().find(program, tcp("imap.example", 993)), null);
  assert.deepEqual(own.questions, [], "nothing about it is risky");
});

test("CON-04 a grant is for the terms that a program without further options asks for", async () => {
  const upgrade: TlsClaims = { ...TLS, mode: "upgrade", serverName: "mail.example" };
  const udp = connectDescriptor({ transport: "udp", destination: parseDestination("udp://mail.example:53"), port: 53 });
  for (
    const [args, descriptor] of [
      [["mail.example:25"], tcp("mail.example", 25)],
      [["mail.example:25", "--starttls"], tcp("mail.example", 25, upgrade)],
      [["udp://mail.example:53"], udp],
    ] as const
  ) {
    const own = new Fixture();
    assert.equal((await own.run(["grant", "npm:mqtt", ...args])).status, 0);
    assert.equal(own.store().find(MQTT, descriptor)?.effect, "allow");
    assert.equal(own.store().list().length, 1);
  }
});

for (
  const destination of ["192.168.1.1:80", "localhost:5432", "listen://0.0.0.0:8080", "unix:///run/x.sock"] as const
) {
  test(`CON-10 a grant of ${destination} takes the word at the terminal, and is refused without one`, async () => {
    const own = new Fixture();
    const refused = await own.run(["grant", "npm:mqtt", destination]);
    assert.equal(refused.status, 77);
    assert.match(refused.errors, /no terminal to confirm it at; write a rule into a policy file instead/);
    const declined = await own.run(["grant", "npm:mqtt", destination], { answer: { kind: "deny", reason: "refused" } });
    assert.equal(declined.status, 77);
    assert.deepEqual([...own.records.files], []);
    const granted = await own.run(["grant", "npm:mqtt", destination], {
      answer: { kind: "allow", lifetime: "always", host: null },
    });
    assert.equal(granted.status, 0, granted.errors);
    assert.equal(own.store().list().length, 1);
    assert.equal(own.questions.length, 3);
    assert.notEqual(own.questions[0]?.risk, null);
    assert.deepEqual(own.questions[0]?.lifetimes, ["always"]);
  });
}

test("NET-19 answers are taken back by identifier, and by destination for every program", async () => {
  const own = new Fixture();
  const first = own.put(MAILER, tcp("mail.example", 25));
  own.put(MQTT, tcp("mail.example", 25));
  own.put(MQTT, tcp("mail.example", 26));
  own.put(MAILER, tcp("imap.example", 993, TLS));
  assert.equal((await own.run(["revoke", first, first])).errors, "parley: took back 1 answer\n");
  assert.deepEqual(own.store().list().map(({ requester }) => requester.origin), [
    MQTT.origin,
    MQTT.origin,
    MAILER.origin,
  ]);
  const { status, errors } = await own.run(["revoke", "MAIL.example:25", "tls://imap.example:993"]);
  assert.equal(status, 0);
  assert.equal(errors, "parley: took back 2 answers\n");
  assert.deepEqual(own.store().list().map(({ descriptor }) => descriptor.port), [26]);
});

test("NET-19 what cannot be removed is said, and ends with 78", async () => {
  const own = new Fixture();
  const id = own.put(MAILER, tcp("mail.example", 25));
  own.records.readOnly = "the disk is read-only";
  const { status, errors } = await own.run(["revoke", id]);
  assert.equal(status, 78);
  assert.match(errors, /the disk is read-only/);
  assert.match(errors, /Cannot take back [0-9a-f]{12}: it cannot be removed/);
});

test("NET-19 clearing takes back everything, or everything of one program, once it is confirmed", async () => {
  const own = new Fixture();
  own.put(MAILER, tcp("mail.example", 25));
  own.put(MQTT, tcp("mail.example", 25), DENY);
  own.records.files.set("f".repeat(64), { problem: "it is empty" });
  const alone = await own.run(["clear"]);
  assert.equal(alone.status, 64);
  assert.match(alone.errors, /without a terminal say --force/);
  for (const types of ["\r", "n\r", "yes!\r", "\x04"]) {
    const { status } = await own.run(["clear"], { types });
    assert.equal(status, 77, JSON.stringify(types));
    assert.equal(own.records.files.size, 3);
  }
  own.terminal.take(true);
  assert.equal((await own.run(["clear"], { types: "y\r" })).status, 77);
  own.terminal.take(false);
  assert.match(own.terminal.screen, /Take back 3 answers for good\? \[y\/N\] /);
  assert.equal((await own.run(["clear", "--origin", "npm:mqtt"], { types: "y\r" })).status, 0);
  assert.deepEqual(own.store().list().map(({ requester }) => requester.origin), [MAILER.origin]);
  assert.equal(own.records.files.size, 2);
  assert.equal((await own.run(["clear", "--force"])).status, 0);
  assert.equal(own.records.files.size, 0);
  assert.equal((await own.run(["clear"])).errors, "parley: nothing of the kind is remembered\n");
  assert.equal(own.terminal.openings, 0);
});

test("CON-04 the export is a policy file that says the same, and names what it leaves out", async () => {
  const own = new Fixture();
  own.put(MAILER, tcp("imap.example", 993, TLS));
  own.put(MAILER, tcp("mail.example", 25), DENY);
  own.put(MQTT, tcp("mail.example", 587, { ...TLS, mode: "upgrade", serverName: "mail.example" }));
  own.put(MQTT, tcp("own.example", 993, { ...TLS, serverName: "own.example", caSha256: "c".repeat(64) }));
  own.put(MQTT, tcp("name.example", 993, TLS));
  const { status, out, errors } = await own.run(["export"]);
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(out), {
    version: 1,
    rules: [
      { effect: "allow", origin: MAILER.origin, to: "tls://imap.example:993" },
      { effect: "deny", origin: MAILER.origin, to: "mail.example:25" },
      {
        effect: "allow",
        origin: "npm:mqtt",
        to: "mail.example:587",
        note: "was answered for STARTTLS; this rule allows plaintext, too",
      },
    ],
  });
  assert.match(errors, /left out tls:\/\/own\.example:993 for npm:mqtt: a rule does not name the program's own CA/);
  assert.match(errors, /left out tls:\/\/name\.example:993 for npm:mqtt: a rule does not name another certificate/);
  const reading = readPolicy(out, { author: "operator", name: "policy.json" });
  assert.deepEqual(reading.problems, []);
  assert.equal(reading.rules.length, 3);
});

test("NET-20 in private mode, or without a place, parley permissions says so and ends with 78", async () => {
  const own = new Fixture();
  for (const task of [["list"], ["clear", "--force"], ["export"], ["revoke", "mail.example:25"]]) {
    const { status, errors } = await own.run(task, { directory: noRecords("private mode is on") });
    assert.equal(status, 78);
    assert.match(errors, /Cannot see what is remembered: private mode is on/);
  }
});

test("CON-21 a directory that is not to be trusted is named, and what it holds is listed as not valid", async () => {
  const own = new Fixture();
  own.records.files.set("f".repeat(64), { problem: "its directory is not to be trusted: others may write" });
  own.records.readOnly = "the directory /state is not to be trusted: others may write";
  const { status, out, errors } = await own.run(["list"]);
  assert.equal(status, 78);
  assert.match(errors, /^parley: the directory \/state is not to be trusted/);
  assert.match(out, /broken-ffffffffffff its directory is not to be trusted/);
});
