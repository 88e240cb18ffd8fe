/** What the broker makes of remembered answers: two of them stand for two processes that share a directory. */
import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { type BrokerFixture, brokerFixture, NO, type Script, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { mainRequester } from "../main_requester.ts";
import type { Requester } from "../requester.ts";
import type { Answer } from "../prompter.ts";
import { FileStore } from "./file_store.ts";
import { noRecords } from "./no_records.ts";

const ALWAYS: Answer = { kind: "allow", lifetime: "always", host: null };
const PROGRAM: Requester = { ...mainRequester("file:///home/ann/main.ts", 42), mainSha256: "a".repeat(64) };
const MAIL = tcp("mail.example", 25);
const OPTIONS = { signal: new AbortController().signal, lifetimes: null, claim: null };

function processes(...scripts: Script[]): {
  readonly directory: MemoryRecordDirectory;
  readonly brokers: readonly (BrokerFixture & { readonly store: FileStore })[];
} {
  const clock = new ManualClock();
  const directory = new MemoryRecordDirectory(clock);
  const brokers = scripts.map((script) => {
    const reports: string[] = [];
    const store = new FileStore({ directory, clock, report: (line) => void reports.push(line) });
    return { ...brokerFixture(script, { store, clock }), store };
  });
  return { directory, brokers };
}

test("CON-04 an answer for good serves the next process without a question", async () => {
  const { brokers: [first, second] } = processes([ALWAYS], []);
  const grant = await first?.broker.request(PROGRAM, MAIL, OPTIONS);
  assert.equal(grant?.lifetime, "always");
  assert.deepEqual(first?.questions.map(({ lifetimes }) => lifetimes), [["once", "run", "always"]]);
  const again = await second?.broker.request(PROGRAM, MAIL, OPTIONS);
  assert.equal(again?.source, "stored");
  assert.deepEqual(second?.questions, []);
});

test("CON-08 an answer for once or for this run is not there for the next process", async () => {
  for (const lifetime of ["once", "run"] as const) {
    const { brokers: [first, second], directory } = processes([{ kind: "allow", lifetime, host: null }], [NO]);
    await first?.broker.request(PROGRAM, MAIL, OPTIONS);
    await assert.rejects(async () => await second?.broker.request(PROGRAM, MAIL, OPTIONS), { code: "PERM_DENIED" });
    assert.equal(second?.questions.length, 1);
    assert.equal(directory.files.size, 0);
  }
});

test("CON-18 code that has changed is asked about again, and the question names the file", async () => {
  const { brokers: [first, second] } = processes([ALWAYS], [NO]);
  await first?.broker.request(PROGRAM, MAIL, OPTIONS);
  const changed = { ...PROGRAM, mainSha256: "b".repeat(64) };
  await assert.rejects(async () => await second?.broker.request(changed, MAIL, OPTIONS), { code: "PERM_DENIED" });
  assert.deepEqual(second?.questions.map((question) => question.changed), ["file:///home/ann/main.ts"]);
});

test("NET-19 what another process takes back ends its uses here", async () => {
  const { brokers: [first, second], directory } = processes([ALWAYS], []);
  await first?.broker.request(PROGRAM, MAIL, OPTIONS);
  const grant = await second?.broker.request(PROGRAM, MAIL, OPTIONS);
  const [remembered] = first?.store.list() ?? [];
  assert.equal(first?.store.remove(remembered?.id ?? ""), true);
  assert.equal(grant?.signal.aborted, false);
  directory.tell();
  assert.equal(grant?.signal.aborted, true);
  await assert.rejects(async () => await second?.broker.request(PROGRAM, MAIL, OPTIONS), { code: "PERM_DENIED" });
});

test("CON-21 a record that is not valid refuses without a question, and the operator is told what to do", async () => {
  const { brokers: [first, second], directory } = processes([ALWAYS], [ALWAYS]);
  await first?.broker.request(PROGRAM, MAIL, OPTIONS);
  for (const name of directory.files.keys()) directory.files.set(name, { text: "{", touchedMs: 0 });
  await assert.rejects(async () => await second?.broker.request(PROGRAM, MAIL, OPTIONS), { code: "PERM_DENIED" });
  assert.deepEqual(second?.questions, []);
});

test("NET-20 without a place nothing is offered for good", async () => {
  const clock = new ManualClock();
  const store = new FileStore({ directory: noRecords("private mode is on"), clock, report: () => {} });
  const { broker, questions } = brokerFixture([NO], { store, clock });
  await assert.rejects(() => broker.request(PROGRAM, MAIL, OPTIONS), { code: "PERM_DENIED" });
  assert.deepEqual(questions.map(({ lifetimes }) => lifetimes), [["once", "run"]]);
});
