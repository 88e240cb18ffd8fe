/** What is remembered, limited and ruled: rows of the self-review and of the draft that consent holds. */
import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { AttemptLimits } from "../../permissions/attempt_limits.ts";
import { fixedPolicy } from "../../permissions/policy.ts";
import type { Answer } from "../../permissions/prompter.ts";
import { FileStore } from "../../permissions/store/file_store.ts";
import { noRecords } from "../../permissions/store/no_records.ts";
import { ONCE, RUN } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { MemoryRecordDirectory } from "../support/memory_record_directory.ts";
import { policy, rule } from "../support/policy_fixture.ts";
import { makeFaces, PORT } from "./faces.ts";

const DESTINATION = { remoteAddress: "host.example", remotePort: PORT };
const ALWAYS: Answer = { kind: "allow", lifetime: "always", host: null };

function storeOver(clock: ManualClock): { readonly store: FileStore; readonly records: MemoryRecordDirectory } {
  const records = new MemoryRecordDirectory(clock);
  return { records, store: new FileStore({ directory: records, clock, report: (line) => assert.fail(line) }) };
}

test("RS-14 attempts beyond the limit are refused like any other, and time gives them back", async () => {
  const clock = new ManualClock();
  const limit = { burst: 2, perSecond: 1 };
  const limits = new AttemptLimits({
    clock,
    counter: { count: () => 0 },
    settings: () => ({ requester: limit, destination: limit, accountPerMinute: 1_000 }),
  });
  const { navigator, network } = makeFaces([RUN], { broker: { limits } });
  for (let count = 0; count < 2; count++) await (await navigator.openTCPSocket(DESTINATION)).close();
  await assert.rejects(navigator.openTCPSocket(DESTINATION), {
    name: "NotAllowedError",
    message: "Not allowed to connect to host.example:7",
  });
  assert.equal(network.connects.length, 2);
  await clock.advance(1_000);
  await (await navigator.openTCPSocket(DESTINATION)).close();
});

test("RS-21 an administrator's policy forbids the API, or limits it, whatever was approved otherwise", async () => {
  const forbidding = policy([
    rule("managed", "deny", "*:*", { to: null }),
    rule("operator", "allow", "host.example:7"),
  ]);
  const forbidden = makeFaces([RUN], { broker: { policy: fixedPolicy(forbidding) } });
  await assert.rejects(forbidden.navigator.openTCPSocket(DESTINATION), { name: "NotAllowedError" });
  assert.equal(forbidden.questions.length, 0);
  const limiting = policy([rule("managed", "allow", "host.example:7")], { locked: true, prompt: false });
  const limited = makeFaces([RUN], { broker: { policy: fixedPolicy(limiting) } });
  await (await limited.navigator.openTCPSocket(DESTINATION)).close();
  const other = { remoteAddress: "other.example", remotePort: PORT };
  await assert.rejects(limited.navigator.openTCPSocket(other), { name: "NotAllowedError" });
  assert.equal(limited.questions.length, 0);
});

test("RS-24 a destination is remembered when the operator says so, and only then", async () => {
  for (const [answer, kept] of [[ONCE, 0], [RUN, 0], [ALWAYS, 1]] as const) {
    const { store, records } = storeOver(new ManualClock());
    const { navigator } = makeFaces([answer], { broker: { store } });
    await (await navigator.openTCPSocket(DESTINATION)).close();
    assert.equal(records.load().length, kept);
  }
});

test("RS-24 what was remembered opens without a question in the next run", async () => {
  const clock = new ManualClock();
  const { store, records } = storeOver(clock);
  const first = makeFaces([ALWAYS], { broker: { store } });
  await (await first.navigator.openTCPSocket(DESTINATION)).close();
  const again = new FileStore({ directory: records, clock, report: (line) => assert.fail(line) });
  const next = makeFaces([], { broker: { store: again } });
  await (await next.navigator.openTCPSocket(DESTINATION)).close();
  assert.equal(next.questions.length, 0);
});

test("RS-24 DS-64 in private mode nothing is remembered, and it is not offered", async () => {
  const store = new FileStore({
    directory: noRecords("private mode is on"),
    clock: new ManualClock(),
    report: () => {},
  });
  const faces = makeFaces([ALWAYS, ONCE], { broker: { store } });
  await (await faces.navigator.openTCPSocket(DESTINATION)).close();
  const socket = new faces.directSockets.TCPSocket("host.example", PORT);
  await socket.opened;
  await socket.close();
  assert.deepEqual(faces.questions.map(({ lifetimes }) => lifetimes.includes("always")), [false, false]);
});
