import assert from "node:assert/strict";
import type { Destination } from "../core/destination.ts";
import { onAbort } from "../core/abort.ts";
import type { ParleyError } from "../core/errors.ts";
import { parseAddressBlock, parseIpAddress } from "../core/ip_address.ts";
import { ManualClock } from "../core/manual_clock.ts";
import { brokerFixture, NO, ONCE, REQUESTER, RUN, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { ChangingPolicy, policy, rule } from "../tests/support/policy_fixture.ts";
import { AttemptLimits } from "./attempt_limits.ts";
import type { AuditEvent } from "./audit/audit_port.ts";
import type { Descriptor } from "./descriptor.ts";
import { mainRequester } from "./main_requester.ts";
import type { Place } from "./place.ts";
import { fixedPolicy } from "./policy.ts";
import type { Answer } from "./prompter.ts";
import { RefusalTick } from "./refusal_tick.ts";
import { MemoryStore } from "./store.ts";
import { FileStore } from "./store/file_store.ts";
import { MemoryRecordDirectory } from "../tests/support/memory_record_directory.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
const MAIL = tcp("mail.example", 25);
const WEB = tcp("web.example", 80);
const ALWAYS: Answer = { kind: "allow", lifetime: "always", host: null };

function placeOf({ transport, destination, port }: Descriptor): Place {
  return { transport, host: (destination as Destination).host, port };
}

/** Remembers, as far as this process is concerned. */
class RememberingStore extends MemoryStore {
  override readonly remembers: boolean = true;
}

test("CON-13 revoke ends the uses of what was approved, once or for the run, and asks again", async () => {
  for (const answer of [ONCE, RUN]) {
    const { broker, questions } = brokerFixture([answer, NO]);
    const grant = await broker.request(REQUESTER, MAIL, options);
    broker.revoke(REQUESTER, "direct-sockets", placeOf(MAIL));
    assert.equal(grant.signal.aborted, true);
    assert.equal((grant.signal.reason as { code: string }).code, "PERM_REVOKED");
    await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
    assert.equal(questions.length, 2);
  }
});

test("CON-13 revoke touches neither another destination nor another origin, unless the whole feature is meant", async () => {
  const { broker } = brokerFixture([RUN, RUN, RUN]);
  const other = mainRequester("https://lib.example/x.ts", 1);
  const mine = await broker.request(REQUESTER, MAIL, options);
  const elsewhere = await broker.request(REQUESTER, tcp("mail.example", 26), options);
  const theirs = await broker.request(other, MAIL, options);
  broker.revoke(REQUESTER, "direct-sockets", placeOf(MAIL));
  assert.deepEqual([mine, elsewhere, theirs].map(({ signal }) => signal.aborted), [true, false, false]);
  broker.revoke(REQUESTER, "listen", null);
  assert.equal(elsewhere.signal.aborted, false);
  broker.revoke(REQUESTER, "direct-sockets", null);
  assert.deepEqual([elsewhere, theirs].map(({ signal }) => signal.aborted), [true, false]);
});

test("CON-13 a further use of an approval for the run ends with it", async () => {
  const { broker } = brokerFixture([RUN]);
  const first = await broker.request(REQUESTER, MAIL, options);
  const second = await broker.request(REQUESTER, MAIL, options);
  second.spend();
  second.markConnected();
  const third = await broker.reconnect(second);
  broker.revokeAll();
  assert.deepEqual([first, second, third].map(({ signal }) => signal.aborted), [true, true, true]);
});

test("CON-13 the state is granted only for a destination that was connected to, else one answer for the feature", async () => {
  const { broker } = brokerFixture([RUN], { allow: ["secret.example:25"] });
  const state = (host: string): string => broker.state(REQUESTER, "direct-sockets", placeOf(tcp(host, 25)));
  assert.deepEqual(["mail.example", "secret.example", "x.example"].map(state), ["prompt", "prompt", "prompt"]);
  const grant = await broker.request(REQUESTER, MAIL, options);
  assert.equal(state("mail.example"), "prompt");
  grant.spend();
  grant.markConnected();
  assert.deepEqual(["mail.example", "secret.example"].map(state), ["granted", "prompt"]);
  const other = mainRequester("https://lib.example/x.ts", 1);
  assert.equal(broker.state(other, "direct-sockets", placeOf(MAIL)), "prompt");
  broker.revoke(REQUESTER, "direct-sockets", null);
  assert.equal(state("mail.example"), "prompt");
});

test("CON-13 ten thousand guesses against a hundred rules give one answer", () => {
  const rules = Array.from({ length: 100 }, (_, n) => [
    rule("operator", n % 2 === 0 ? "allow" : "deny", `host${n}.example:25`),
    rule("managed", "deny", `secret${n}.example:*`),
  ]).flat();
  const { broker } = brokerFixture([], { policy: fixedPolicy(policy(rules)) });
  const answers = new Set<string>();
  for (let n = 0; n < 10_000; n++) {
    const host = `${n % 3 === 0 ? "secret" : "host"}${n % 150}.example`;
    answers.add(broker.state(REQUESTER, "direct-sockets", placeOf(tcp(host, n % 2 === 0 ? 25 : 1 + n % 60_000))));
  }
  assert.deepEqual([...answers], ["prompt"]);
});

test("CON-13 a feature that is refused as a whole is denied, and so is all where code is not to be trusted", () => {
  const whole = policy([rule("managed", "deny", "listen://*:*", { to: null })]);
  const { broker } = brokerFixture([], { policy: fixedPolicy(whole) });
  assert.equal(broker.state(REQUESTER, "listen", null), "denied");
  assert.equal(broker.state(REQUESTER, "direct-sockets", null), "prompt");
  assert.equal(broker.state({ ...REQUESTER, insecure: "it came over plain http" }, "direct-sockets", null), "denied");
  const silent = brokerFixture([], { policy: fixedPolicy(policy([], { prompt: false })) });
  assert.equal(silent.broker.state(REQUESTER, "direct-sockets", null), "denied");
});

test("CON-13 listeners hear of a connection, a revocation and a change of the policy", async () => {
  const source = new ChangingPolicy(policy([]));
  const { broker } = brokerFixture([RUN], { policy: source });
  let heard = 0;
  const forget = broker.onChange(() => heard++);
  const grant = await broker.request(REQUESTER, MAIL, options);
  grant.spend();
  grant.markConnected();
  assert.equal(heard, 1);
  broker.revokeAll();
  assert.equal(heard, 2);
  source.change(policy([]));
  assert.equal(heard, 3);
  forget();
  source.change(policy([]));
  assert.equal(heard, 3);
});

test("CON-17 a refusal written during a run ends what it refuses, and nothing else", async () => {
  const source = new ChangingPolicy(policy([]));
  const { broker } = brokerFixture([RUN, ONCE], { policy: source });
  const mail = await broker.request(REQUESTER, MAIL, options);
  const web = await broker.request(REQUESTER, tcp("web.example", 80), options);
  source.change(policy([rule("operator", "deny", "mail.example:25")]));
  assert.deepEqual([mail.signal.aborted, web.signal.aborted], [true, false]);
});

test("CON-17 what a rule approved ends when the rule is gone; a file that is not valid any more ends nothing (CON-21)", async () => {
  const source = new ChangingPolicy(policy([rule("operator", "allow", "mail.example:25")]));
  const { broker } = brokerFixture([], { policy: source });
  const grant = await broker.request(REQUESTER, MAIL, options);
  source.change(policy([], {}, ["operator"]));
  assert.equal(grant.signal.aborted, false);
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  source.change(policy([]));
  assert.equal(grant.signal.aborted, true);
});

test("CON-23 a policy that only watches lets through what it would refuse, and says so", async () => {
  const events: AuditEvent[] = [];
  const watching = policy([rule("managed", "deny", "mail.example:25")], { auditOnly: true });
  const { broker, questions } = brokerFixture([], {
    policy: fixedPolicy(watching),
    audit: { record: (event) => events.push(event) > 0 },
  });
  assert.equal((await broker.request(REQUESTER, MAIL, options)).source, "audit-only");
  assert.equal((await broker.request(REQUESTER, tcp("web.example", 80), options)).source, "audit-only");
  assert.equal(questions.length, 0);
  assert.deepEqual(events.map((event) => event.event === "decision" && [event.decision, event.by, event.unenforced]), [
    ["deny", "managed", true],
    ["ask", null, true],
  ]);
});

test("CON-23 what cannot be is refused even where the policy only watches", async () => {
  const watching = fixedPolicy(policy([], { auditOnly: true }));
  const { broker } = brokerFixture([], { policy: watching, context: () => "worker" });
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_CONTEXT" });
  const { broker: limited } = brokerFixture([], { policy: watching, runtimeState: () => Promise.resolve("denied") });
  await assert.rejects(limited.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
});

test("CON-22 a log that is required and cannot be written refuses; one that is not required does not", async () => {
  const audit = { record: () => false };
  const required = fixedPolicy(policy([rule("managed", "allow", "mail.example:25")], { audit: "required" }));
  const { broker, reports } = brokerFixture([], { policy: required, audit });
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  assert.match(reports.join(), /audit log cannot be written/);
  const { broker: lenient } = brokerFixture([], { allow: ["mail.example:25"], audit });
  assert.equal((await lenient.request(REQUESTER, MAIL, options)).source, "flag");
});

test("NET-10 attempts are limited, refused ones count, and time gives them back", async () => {
  const limit = { burst: 3, perSecond: 1 };
  const clock = new ManualClock();
  const limits = new AttemptLimits({
    clock,
    counter: { count: () => 0 },
    settings: () => ({ requester: limit, destination: limit, accountPerMinute: 10 }),
  });
  const limited = brokerFixture([], { limits, allow: ["mail.example:25"] });
  await assert.rejects(limited.broker.request(REQUESTER, tcp("web.example", 1), options), { code: "PERM_DENIED" });
  for (let n = 0; n < 2; n++) await limited.broker.request(REQUESTER, MAIL, options);
  await assert.rejects(limited.broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  assert.match(limited.reports.at(-1) ?? "", /too many attempts/);
  await clock.advance(1_000);
  await limited.broker.request(REQUESTER, MAIL, options);
  await assert.rejects(limited.broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
});

test("NET-10 the account's count over all processes refuses, too", async () => {
  const clock = new ManualClock();
  const free = { burst: 1_000, perSecond: 1_000 };
  let others = 0;
  const limits = new AttemptLimits({
    clock,
    counter: { count: () => ++others },
    settings: () => ({ requester: free, destination: free, accountPerMinute: 100 }),
  });
  const { broker } = brokerFixture([], { limits, allow: ["mail.example:25"] });
  await broker.request(REQUESTER, MAIL, options);
  others = 100;
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
});

test("NET-10 a reconnection counts as an attempt", async () => {
  const clock = new ManualClock();
  const limit = { burst: 2, perSecond: 0 };
  const limits = new AttemptLimits({
    clock,
    counter: { count: () => 0 },
    settings: () => ({ requester: limit, destination: limit, accountPerMinute: 10 }),
  });
  const { broker } = brokerFixture([ONCE], { limits });
  const grant = await broker.request(REQUESTER, MAIL, options);
  grant.spend();
  grant.markConnected();
  await broker.reconnect(grant);
  await assert.rejects(broker.reconnect(grant), { code: "PERM_DENIED" });
});

test("CON-23 what was approved at a terminal ends with it; what a rule approved does not", async () => {
  const { broker } = brokerFixture([RUN, ONCE], { allow: ["web.example:80"] });
  const run = await broker.request(REQUESTER, MAIL, options);
  const once = await broker.request(REQUESTER, tcp("mail.example", 26), options);
  const flag = await broker.request(REQUESTER, tcp("web.example", 80), options);
  broker.endPrompted("the terminal hung up");
  assert.deepEqual([run, once, flag].map(({ signal }) => signal.aborted), [true, true, false]);
  const keeping = brokerFixture([ALWAYS], { store: new RememberingStore() });
  const kept = await keeping.broker.request(REQUESTER, MAIL, options);
  keeping.broker.endPrompted("the terminal hung up");
  assert.equal(kept.signal.aborted, false);
});

test("CON-04 always is offered only where it can be kept, and only for code with a name", async () => {
  const offered = async (init: Parameters<typeof brokerFixture>[1], host = "mail.example"): Promise<string> => {
    const { broker, questions } = brokerFixture([], init);
    await broker.request(REQUESTER, tcp(host, 25), options).catch(() => {});
    return questions[0]?.lifetimes.join(" ") ?? "";
  };
  assert.equal(await offered({}), "once run");
  assert.equal(await offered({ store: new RememberingStore() }), "once run always");
  const locked = fixedPolicy(policy([], { locked: true }));
  assert.equal(await offered({ store: new RememberingStore(), policy: locked }), "once run");
  // CON-18: nobody read this code, so nothing risky is remembered for it.
  assert.equal(await offered({ store: new RememberingStore() }, "192.168.1.9"), "once run");
});

test("CON-04 always: the next request is served from the store, and taking it back ends it", async () => {
  const store = new RememberingStore();
  const { broker, questions } = brokerFixture([ALWAYS], { store });
  const first = await broker.request(REQUESTER, MAIL, options);
  assert.equal(first.lifetime, "always");
  await broker.request(REQUESTER, MAIL, options);
  assert.equal(questions.length, 1);
  broker.revoke(REQUESTER, "direct-sockets", placeOf(MAIL));
  assert.equal(first.signal.aborted, true);
  assert.equal(store.find(REQUESTER, MAIL), null);
});

test("CON-04 a prompter that says always where it was not offered gives one time", async () => {
  const { broker } = brokerFixture([ALWAYS]);
  assert.equal((await broker.request(REQUESTER, MAIL, options)).lifetime, "once");
});

test("CON-23 an approval for the run ends after twelve hours", async () => {
  const { broker, clock } = brokerFixture([RUN]);
  const grant = await broker.request(REQUESTER, MAIL, options);
  await clock.advance(12 * 60 * 60 * 1000 - 1);
  assert.equal(grant.signal.aborted, false);
  await clock.advance(1);
  assert.equal(grant.signal.aborted, true);
});

test("CON-17 a policy that is locked during a run ends what flags, the operator's file and remembered answers approved", async () => {
  const rules = [
    rule("operator", "allow", "a.example:25"),
    rule("flag", "allow", "b.example:25"),
    rule("managed", "allow", "c.example:25"),
  ];
  const source = new ChangingPolicy(policy(rules));
  const { broker } = brokerFixture([ALWAYS], { policy: source, store: new RememberingStore() });
  const grants = [];
  for (const name of ["a", "b", "c", "remembered"]) {
    grants.push(await broker.request(REQUESTER, tcp(`${name}.example`, 25), options));
  }
  grants.push(await brokerFixture([RUN], { policy: source }).broker.request(REQUESTER, MAIL, options));
  source.change(policy(rules, { locked: true }));
  assert.deepEqual(grants.map(({ signal }) => signal.aborted), [true, true, false, true, false]);
});

test("CON-23 what a watching policy let through ends when it is enforced, and not before", async () => {
  const refusing = rule("managed", "deny", "mail.example:25");
  const source = new ChangingPolicy(policy([refusing], { auditOnly: true }));
  const { broker } = brokerFixture([], { policy: source });
  const [mail, web] = [await broker.request(REQUESTER, MAIL, options), await broker.request(REQUESTER, WEB, options)];
  source.change(policy([refusing, rule("managed", "deny", "x.example:25")], { auditOnly: true }));
  assert.deepEqual([mail.signal.aborted, web.signal.aborted], [false, false]);
  source.change(policy([refusing]));
  assert.deepEqual([mail.signal.aborted, web.signal.aborted], [true, true]);
});

test("CON-19 an approval by a rule is not renewed once the rule has ended", async () => {
  const untilMs = new ManualClock().nowMs() + 1_000;
  const source = fixedPolicy(policy([rule("operator", "allow", "mail.example:25", { untilMs })]));
  const { broker, clock } = brokerFixture([], { policy: source });
  const grant = await broker.request(REQUESTER, MAIL, options);
  grant.spend();
  grant.markConnected();
  await broker.reconnect(grant);
  await clock.advance(1_000);
  await assert.rejects(broker.reconnect(grant), { code: "PERM_REVOKED" });
  assert.equal(grant.signal.aborted, true);
});

test("NET-14 a reconnection is judged by the rules of now: where a name may lead, and by which key", async () => {
  const block = parseAddressBlock("192.168.1.0/24");
  const inside = parseIpAddress("192.168.1.9");
  assert.ok(block !== null && inside !== null);
  const source = new ChangingPolicy(policy([rule("operator", "allow", "mail.example:25", { addresses: [block] })]));
  const { broker } = brokerFixture([], { policy: source });
  const grant = await broker.request(REQUESTER, MAIL, options);
  grant.spend();
  grant.markConnected();
  grant.vet([inside]);
  source.change(policy([rule("operator", "allow", "mail.example:25")]));
  const again = await broker.reconnect(grant);
  assert.throws(() => again.vet([inside]), { code: "PERM_ADDRESS" });
});

test("CON-10 five refusals in a row end the questions of a program, under whatever name its libraries ask", async () => {
  const { broker, questions } = brokerFixture([]);
  for (let n = 1; n <= 9; n++) {
    const library = { ...REQUESTER, origin: `npm:library${n}`, role: "library", inside: REQUESTER.origin } as const;
    await assert.rejects(broker.request(library, tcp("mail.example", n), options), { code: "PERM_DENIED" });
  }
  assert.equal(questions.length, 5);
});

test("CON-04 what a library was approved in one program it is not in another", async () => {
  const store = new RememberingStore();
  const library = { ...REQUESTER, origin: "npm:mqtt", kind: "package", role: "library" } as const;
  const here = { ...library, inside: "https://one.example" };
  const { broker, questions } = brokerFixture([ALWAYS, NO], { store });
  await broker.request(here, MAIL, options);
  await broker.request(here, MAIL, options);
  assert.equal(questions.length, 1);
  const there = { ...library, inside: "https://two.example" };
  await assert.rejects(broker.request(there, MAIL, options), { code: "PERM_DENIED" });
});

/** What a prompter says of a question that is withdrawn, which takes it a while. */
async function withdrawn(signal: AbortSignal): Promise<Answer> {
  await new Promise<void>((resolve) => onAbort(signal, resolve));
  return { kind: "deny", reason: "aborted" };
}

for (const outcome of ["refused by a rule", "asked about", "nobody to ask"]) {
  test(`NET-17 whoever withdraws a request is told so at once, and not that it is ${outcome}`, async () => {
    const refusing = policy(outcome === "refused by a rule" ? [rule("managed", "deny", "mail.example:25")] : []);
    const nobody = { kind: "deny", reason: "no-terminal" } as const;
    const { broker } = brokerFixture([], {
      policy: fixedPolicy(refusing),
      refusalMoment: () => new RefusalTick(),
      ...(outcome === "asked about" ? { prompter: { ask: (_, signal) => withdrawn(signal) } } : {}),
      ...(outcome === "nobody to ask" ? { prompter: { ask: () => Promise.resolve(nobody) } } : {}),
    });
    const controller = new AbortController();
    let told: unknown = null;
    let turns = 0;
    broker.request(REQUESTER, MAIL, { ...options, signal: controller.signal }).catch((error) => told = error);
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    controller.abort("enough");
    for (; told === null && turns < 50; turns++) await Promise.resolve();
    assert.deepEqual([(told as ParleyError).code, (told as ParleyError).cause], ["NET_ABORTED", "enough"]);
    assert.ok(turns <= 2, `${turns} turns`);
  });
}

test("CON-13 with nobody to ask the state tells nothing of what other programs may do, nor of rules that have ended", () => {
  const state = (more: Parameters<typeof rule>[3], settings = {}): string => {
    const rules = [rule("operator", "allow", "mail.example:25", more)];
    const silent = fixedPolicy(policy(rules, { prompt: false, ...settings }));
    return brokerFixture([], { policy: silent }).broker.state(REQUESTER, "direct-sockets", null);
  };
  assert.equal(state({}), "prompt");
  assert.equal(state({ origins: [REQUESTER.origin] }), "prompt");
  assert.equal(state({ origins: ["file:///home/me/other.ts"] }), "denied");
  assert.equal(state({ untilMs: 0 }), "denied");
  assert.equal(state({}, { locked: true }), "denied");
});

test("CON-13 revoke takes back what was remembered and not used yet; a refusal of the operator's stays", async () => {
  const clock = new ManualClock();
  const records = new MemoryRecordDirectory(clock);
  const store = new FileStore({ directory: records, clock, report: (line) => assert.fail(line) });
  store.put(REQUESTER, MAIL, { effect: "allow", lifetime: "always" });
  store.put(REQUESTER, tcp("web.example", 80), { effect: "allow", lifetime: "always" });
  store.put(REQUESTER, tcp("evil.example", 80), { effect: "deny", lifetime: "always" });
  const other = mainRequester("https://lib.example/x.ts", 1);
  store.put(other, MAIL, { effect: "allow", lifetime: "always" });
  const { broker } = brokerFixture([NO], { store });
  broker.revoke(REQUESTER, "direct-sockets", placeOf(MAIL));
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  assert.equal((await broker.request(REQUESTER, tcp("web.example", 80), options)).source, "stored");
  broker.revoke(REQUESTER, "direct-sockets", null);
  assert.equal(store.find(REQUESTER, tcp("web.example", 80)), null);
  assert.equal(store.find(REQUESTER, tcp("evil.example", 80))?.effect, "deny");
  assert.equal(store.find(other, MAIL)?.effect, "allow");
});
