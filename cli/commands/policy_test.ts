import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import type { PolicyFiles, PolicyFileText } from "../../permissions/policy/policy_files_port.ts";
import { FileStore } from "../../permissions/store/file_store.ts";
import { parseArguments } from "../../runtime/_node/arguments.ts";
import type { CommandHost } from "../../runtime/command.ts";
import type { HostState, LaunchFacts } from "../../runtime/host.ts";
import { tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { createMessages } from "../messages.ts";
import { policyCommand, type PolicySurroundings, runPolicy } from "./policy.ts";

interface Run {
  readonly status: number;
  readonly out: string;
  readonly errors: string;
}

const OFFICE = `{
  "version": 1,
  "rules": [
    { "effect": "allow", "to": ["imap.example.com:993", "*.example.org:443"] },
    { "effect": "deny", "to": "*:25" },
    { "effect": "allow", "to": "nas.example.net:445", "addresses": ["192.168.1.0/24"] }
  ]
}`;

const clock = new ManualClock();
const records = new MemoryRecordDirectory(clock);

function surroundings(texts: readonly PolicyFileText[], allow?: string): PolicySurroundings {
  const files: PolicyFiles = { read: () => texts, watch: () => () => {}, writable: () => false };
  const state = { records: () => records, policyFiles: () => files } as unknown as HostState;
  const launch = {
    pid: 1,
    initialEnv: (name: string) => name === "PARLEY_ALLOW" ? allow : undefined,
    env: () => undefined,
  } as unknown as LaunchFacts;
  return { clock, launch, state };
}

async function run(args: readonly string[], given: {
  readonly inForce?: string;
  readonly author?: "managed" | "operator";
  readonly files?: Readonly<Record<string, string>>;
  readonly allow?: string;
} = {}): Promise<Run> {
  let out = "";
  let errors = "";
  const host = {
    writeOut: (bytes: Uint8Array) => {
      out += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    writeError: (text: string) => void (errors += text),
    readTextFile: (path: string) => {
      const text = given.files?.[path];
      return text === undefined ? Promise.reject(new TypeError("absent")) : Promise.resolve(text);
    },
  } as unknown as CommandHost;
  const parsed = parseArguments(args, { ...policyCommand.options, json: { type: "boolean" } });
  const path = "/etc/parley/policies/policy.json";
  const texts = given.inForce === undefined ? [] : [{ author: given.author ?? "operator", path, text: given.inForce }];
  const messages = createMessages(host, false);
  const status = await runPolicy({ host, args: parsed, messages }, surroundings(texts, given.allow));
  return { status, out, errors };
}

test("CON-21 check of a file names every mistake by line and column, and fails", async () => {
  const bad = '{\n  "version": 1,\n  "rules": [{ "efect": "allow", "to": "x" }],\n  "locked": true\n}';
  const { status, out, errors } = await run(["check", "a.json"], { files: { "a.json": bad } });
  assert.equal(status, 78);
  assert.match(out, /^a\.json:3:\d+: .*"effect"/m);
  assert.match(out, /^a\.json:4:3: "locked": only a managed file/m);
  assert.equal(errors, "parley: 1 file of 1 not valid\n");
});

test("CON-21 check of a valid file says so, and reads it as a managed one where asked to", async () => {
  const files = { "a.json": '{ "version": 1, "locked": true, "rules": [] }' };
  assert.equal((await run(["check", "a.json"], { files })).status, 78);
  assert.deepEqual(await run(["check", "--managed", "a.json"], { files }), {
    status: 0,
    out: "a.json: valid, 0 rules\n",
    errors: "",
  });
});

test("CON-21 check without a file is about what is in force", async () => {
  assert.deepEqual(await run(["check"], { inForce: OFFICE }), {
    status: 0,
    out: "Every policy file in force is valid: 4 rules.\n",
    errors: "",
  });
  const broken = await run(["check"], { inForce: "{", author: "managed" });
  assert.equal(broken.status, 78);
  assert.match(broken.out, /^Not valid: files of managed\. Nothing is approved/);
  assert.match(broken.errors, /policies\/policy\.json:1:/);
});

test("CON-17 explain says which rule decides, and what the others would have said", async () => {
  const allowed = await run(["explain", "imap.example.com:993"], { inForce: OFFICE, allow: "imap.example.com:993" });
  assert.match(allowed.out, /^approved: .* imap\.example\.com:993\n {2}by what was given at launch.*PARLEY_ALLOW#1/);
  assert.match(allowed.out, /would also be approved by the operator's policy file: policy\.json#1\.1/);
  const refused = await run(["explain", "mail.example.com:25"], { inForce: OFFICE });
  assert.match(refused.out, /^refused: .*\n {2}by the operator's policy file: policy\.json#2 \(operator\): deny \*:25/);
  const asked = await run(["explain", "example.com:7"], { inForce: OFFICE });
  assert.match(asked.out, /^asked about: /);
});

test("CON-17 explain says it of a program, with what is remembered for it", async () => {
  const origin = "https://app.example";
  const store = new FileStore({ directory: records, clock, report: (line) => assert.fail(line) });
  store.put(mainRequester(`${origin}/main.ts`, 1), tcp("example.com", 8), { effect: "allow", lifetime: "always" });
  const mine = await run(["explain", "--origin", origin, "example.com:8"], { inForce: OFFICE });
  assert.match(mine.out, /^approved: https:\/\/app\.example .*\n {2}by an answer that was remembered/);
  assert.match((await run(["explain", "example.com:8"], { inForce: OFFICE })).out, /^asked about/);
});

test("CON-17 explain for programs is one object a request", async () => {
  const { out } = await run(["explain", "--json", "nas.example.net:445"], { inForce: OFFICE });
  const { decision, by, steps } = JSON.parse(out) as Record<string, unknown>;
  assert.deepEqual([decision, by, steps], ["allow", "operator", [
    { outcome: "approved", when: "by the operator's policy file", rule: "policy.json#3" },
  ]]);
});

test("NET-15 show lists settings and rules in force", async () => {
  const { out } = await run(["show"], { inForce: OFFICE });
  assert.match(out, /^questions allowed, audit log on/);
  assert.match(
    out,
    /^policy\.json#3 \(operator\): allow nas\.example\.net:445, whose name may lead to 192\.168\.1\.0\/24$/m,
  );
  const locked = await run(["show"], { inForce: '{"version":1,"locked":true,"prompt":"disabled"}', author: "managed" });
  assert.match(locked.out, /^questions disabled.*\nlocked: only managed rules approve\nno rules$/m);
});

test("CON-11 what stands in a file is escaped", async () => {
  const evil = '{ "version": 1, "rules": [{ "effect": "\\u001b[2J\\u202e", "to": "x.example:1" }] }';
  const { out } = await run(["check", "a\u001b[2J.json"], { files: { "a\u001b[2J.json": evil } });
  assert.doesNotMatch(out.replaceAll("\n", ""), /[\p{Cc}\p{Cf}]/u);
});

for (
  const args of [[], ["enforce"], ["explain"], ["explain", "a.example:1", "b.example:2"], ["show", "x"], [
    "check",
    "--origin",
    "x",
  ]]
) {
  test(`parley policy ${args.join(" ")} is no command`, async () => {
    await assert.rejects(run(args), { code: "ARG_INVALID" });
  });
}

test("CON-21 a file that is not there is an error, and so is a destination that is none", async () => {
  await assert.rejects(run(["check", "absent.json"]), { code: "CONFIG_INVALID" });
  await assert.rejects(run(["explain", "nowhere"]), { code: "DEST_SYNTAX" });
});
