import assert from "node:assert/strict";
import { noRecords } from "../../permissions/store/no_records.ts";
import type { RecordDirectory } from "../../permissions/store/record_directory_port.ts";
import type { Answer, Question } from "../../permissions/prompter.ts";
import { columnsOf } from "../../permissions/terminal/text_layout.ts";
import { ScriptedTerminal } from "../../permissions/terminal/scripted_terminal.ts";
import { parseArguments } from "../../runtime/_node/arguments.ts";
import type { CommandHost } from "../../runtime/command.ts";
import type { LaunchFacts } from "../../runtime/host.ts";
import { test } from "../../tests/support/harness.ts";
import { KeyFixture, memoryKey } from "../../tests/support/key_fixture.ts";
import { createMessages } from "../messages.ts";
import { pinsCommand, runPins } from "./pins.ts";

const DEVICE = { names: ["iot.local"], authority: "itself" };
const NEXT = { names: ["iot.local"], authority: "again" };
const TRUSTED = { names: ["iot.example"], authority: "public" };
const AT = "iot.example:8883";
const YES: Answer = { kind: "allow", lifetime: "always", host: null };

interface Run {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}

class Fixture extends KeyFixture {
  readonly asked: Question[] = [];
  /** How the operator answers. */
  answer: Answer = { kind: "deny", reason: "no-terminal" };
  directory: RecordDirectory = this.records;
  columns = 80;

  constructor() {
    super();
    this.serve(DEVICE);
  }

  async run(...args: readonly string[]): Promise<Run> {
    let out = "";
    let errors = "";
    const host = {
      stdoutIsTerminal: false,
      columns: () => this.columns,
      writeOut: (bytes: Uint8Array) => {
        out += new TextDecoder().decode(bytes);
        return Promise.resolve();
      },
      writeError: (text: string) => void (errors += text),
      onInterrupt: () => () => {},
    } as unknown as CommandHost;
    const messages = createMessages(host, args.includes("--json"));
    const ask = (question: Question): Promise<Answer> => {
      this.asked.push(question);
      return Promise.resolve(this.answer);
    };
    try {
      const parsed = parseArguments(args, { ...pinsCommand.options, json: { type: "boolean" } });
      const status = await runPins({ host, args: parsed, messages }, {
        clock: this.clock,
        launch: { pid: 7, env: () => undefined } as unknown as LaunchFacts,
        terminal: new ScriptedTerminal({ clock: this.clock, present: false }),
        state: { records: () => this.directory },
        source: () => Promise.resolve(this.context),
        prompter: { ask },
      });
      return { status, out, errors };
    } catch (error) {
      return { status: messages.fail(error), out, errors };
    }
  }
}

const grouped = (identity: typeof DEVICE): string => memoryKey(identity).match(/.{4}/g)!.slice(0, 8).join(" ");

test("CON-05 parley pins replace shows both keys, asks for the word, and pins; no byte is sent", async () => {
  const at = new Fixture();
  assert.deepEqual(await at.run("list"), { status: 0, out: "No key is pinned.\n", errors: "" });
  at.answer = YES;
  const first = await at.run("replace", AT);
  assert.equal(first.status, 0, first.errors);
  assert.match(first.out, /No key is pinned there\.\nShown now:/);
  assert.ok(first.out.includes(grouped(DEVICE)), first.out);
  assert.match(first.out, /NOT trusted: untrusted/);
  at.serve(NEXT);
  const second = await at.run("replace", AT);
  assert.ok(second.out.includes(grouped(DEVICE)) && second.out.includes(grouped(NEXT)), second.out);
  assert.deepEqual(at.asked.map(({ risk, lifetimes }) => [risk, lifetimes]), [
    ["new-key", ["always"]],
    ["new-key", ["always"]],
  ]);
  const listed = await at.run("list");
  assert.ok(
    listed.out.includes(grouped(NEXT)) && listed.out.includes("in place of the certificate checks"),
    listed.out,
  );
  const shown = await at.run("show", AT);
  assert.ok(shown.out.includes(grouped(DEVICE)) && shown.out.includes("Before that"), shown.out);
  assert.match((await at.run("replace", AT)).errors, /still has the pinned key/);
  assert.equal(at.heard, "");
});

test("CON-05 parley pins replace without the operator's word pins nothing", async () => {
  const at = new Fixture();
  const nobody = await at.run("replace", AT);
  assert.equal(nobody.status, 77);
  assert.match(nobody.errors, /--fingerprint/);
  at.answer = { kind: "deny", reason: "refused" };
  assert.equal((await at.run("replace", AT)).status, 77);
  assert.equal(at.records.files.size, 0);
});

test("CON-05 parley pins replace --fingerprint takes that key only, and asks nobody", async () => {
  const at = new Fixture();
  const wrong = await at.run("replace", AT, "--fingerprint", memoryKey(NEXT));
  assert.equal(wrong.status, 76);
  assert.match(wrong.errors, /TLS_PIN/);
  assert.equal(at.records.files.size, 0);
  const colons = memoryKey(DEVICE).toUpperCase().match(/../g)!.join(":");
  assert.equal((await at.run("replace", AT, "--fingerprint", colons)).status, 0);
  assert.equal(at.store.list().pins[0]?.replacesChecks, true);
  assert.deepEqual(at.asked, []);
});

test("CON-05 a key with a trusted certificate is pinned besides the checks", async () => {
  const at = new Fixture();
  at.serve(TRUSTED);
  at.answer = YES;
  assert.equal((await at.run("replace", AT)).status, 0);
  assert.equal(at.store.list().pins[0]?.replacesChecks, false);
  assert.match((await at.run("list")).out, /besides a certificate that is verified/);
});

test("CON-05 parley pins remove forgets a pin, valid or not, and says when there is none", async () => {
  const at = new Fixture();
  assert.equal((await at.run("remove", AT)).status, 64);
  at.answer = YES;
  await at.run("replace", AT);
  assert.equal((await at.run("remove", AT)).status, 0);
  at.records.files.set(at.records.nameOf(`pin ${AT}`), { problem: "others can write it" });
  assert.match((await at.run("list")).out, /Not valid[\s\S]*others can write it/);
  assert.equal((await at.run("show", AT)).status, 78);
  assert.equal((await at.run("remove", AT)).status, 0);
  assert.equal(at.records.files.size, 0);
});

test("parley pins prints one JSON object for programs", async () => {
  const at = new Fixture();
  await at.run("replace", AT, "--fingerprint", memoryKey(DEVICE), "--json");
  const { pins, broken } = JSON.parse((await at.run("list", "--json")).out) as {
    pins: Record<string, unknown>[];
    broken: [];
  };
  assert.deepEqual([pins[0]?.["host"], pins[0]?.["port"], pins[0]?.["spkiSha256"]], [
    "iot.example",
    8883,
    memoryKey(DEVICE),
  ]);
  assert.equal(typeof pins[0]?.["lastSeen"], "string");
  assert.deepEqual(broken, []);
  assert.equal(JSON.parse((await at.run("show", AT, "--json")).out)["host"], "iot.example");
});

test("parley pins fits the terminal", async () => {
  const at = new Fixture();
  at.answer = YES;
  for (at.columns of [80, 40, 24]) {
    const { out } = await at.run("replace", AT);
    const listed = await at.run("show", AT);
    for (const line of `${out}${listed.out}`.split("\n")) assert.ok(columnsOf(line) <= at.columns, line);
    await at.run("remove", AT);
  }
});

test("parley pins refuses what it does not understand, and says where nothing can be pinned", async () => {
  const at = new Fixture();
  for (
    const args of [[], ["list", AT], ["show"], ["remove", AT, "--fingerprint", "ab"], ["replace", "udp://a.example:1"]]
  ) {
    assert.equal((await at.run(...args)).status, 64, args.join(" "));
  }
  assert.equal((await at.run("replace", AT, "--fingerprint", "word")).status, 64);
  assert.equal((await at.run("replace", AT, "--starttls", "gopher")).status, 64);
  at.directory = noRecords("private mode is on");
  const nowhere = await at.run("list");
  assert.equal(nowhere.status, 78);
  assert.match(nowhere.errors, /private mode is on/);
});
