import assert from "node:assert/strict";
import { parseIpAddress } from "../core/ip_address.ts";
import { brokerFixture, NO, ONCE, REQUESTER, RUN, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import type { TlsClaims } from "./descriptor.ts";
import { Grant } from "./grant.ts";
import { mainRequester } from "./main_requester.ts";
import { connectDescriptor } from "./descriptor.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
const PLAIN_TLS: TlsClaims = {
  mode: "open",
  serverName: "mail.example",
  caSha256: null,
  clientCertSha256: null,
  required: true,
};

test("CON-01 nothing is granted without an answer: the default is no", async () => {
  const { broker, questions } = brokerFixture([]);
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 1);
});

test("CON-04 once is one open: the next request asks again", async () => {
  const { broker, questions } = brokerFixture([ONCE, ONCE]);
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.equal(grant.lifetime, "once");
  await broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.equal(questions.length, 2);
});

test("CON-14 this run: the same request is not asked again, another port or other TLS terms are", async () => {
  const { broker, questions } = brokerFixture([RUN]);
  await broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.equal((await broker.request(REQUESTER, tcp("MAIL.example.", 25), options)).source, "run");
  assert.equal(questions.length, 1);
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 26), options), { code: "PERM_DENIED" });
  const other: TlsClaims = { ...PLAIN_TLS, mode: "upgrade", caSha256: "00".repeat(32) };
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25, other), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 3);
});

test("CON-14 another origin is another question", async () => {
  const { broker, questions } = brokerFixture([RUN]);
  await broker.request(REQUESTER, tcp("mail.example", 25), options);
  const other = mainRequester("https://lib.example/x.ts", 42);
  await assert.rejects(broker.request(other, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 2);
});

test("CON-12 a destination approved at launch is not asked about; others are", async () => {
  const { broker, questions } = brokerFixture([], { allow: ["mail.example:25"] });
  assert.equal((await broker.request(REQUESTER, tcp("mail.example", 25), options)).source, "flag");
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 587), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 1);
});

test("NET-06 a tls:// rule approves only TLS that is checked against the runtime's own roots, for the host's own name", async () => {
  const { broker, questions } = brokerFixture([], { allow: ["tls://mail.example:993"] });
  await broker.request(REQUESTER, tcp("mail.example", 993, PLAIN_TLS), options);
  for (const tls of [null, { ...PLAIN_TLS, caSha256: "00".repeat(32) }, { ...PLAIN_TLS, serverName: "evil.example" }]) {
    await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 993, tls), options), { code: "PERM_DENIED" });
  }
  assert.equal(questions.length, 3);
});

test("CON-17 refusals come before approvals: what the program gave up stays refused, whatever was approved", async () => {
  const { broker, questions } = brokerFixture([RUN], { allow: ["mail.example:25"] });
  broker.restrict(({ port }) => port === 25);
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 0);
});

test("CON-17 what the runtime refuses is refused without a question", async () => {
  const { broker, questions } = brokerFixture([RUN], { runtimeState: () => Promise.resolve("denied") });
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 0);
});

test("CON-01 where the runtime will ask too, the question says so, and Parley asks first", async () => {
  const asking = brokerFixture([ONCE], { runtimeState: () => Promise.resolve("prompt") });
  await asking.broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.equal(asking.questions[0]?.runtimeAsksToo, true);
  const granted = brokerFixture([ONCE]);
  await granted.broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.equal(granted.questions[0]?.runtimeAsksToo, false);
});

test("NET-13 a Worker is refused without a question, even for what was approved at launch", async () => {
  const { broker, questions } = brokerFixture([RUN], { context: () => "worker", allow: ["mail.example:25"] });
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_CONTEXT" });
  assert.equal(questions.length, 0);
});

test("NET-16 code that came over plain http is refused without a question", async () => {
  const { broker, questions } = brokerFixture([RUN]);
  const insecure = mainRequester("http://cdn.example/x.ts", 1);
  await assert.rejects(broker.request(insecure, tcp("mail.example", 25), options), { code: "PERM_INSECURE" });
  assert.equal(questions.length, 0);
});

test("NET-16 code without a name, from -e or the REPL, is asked about each time", async () => {
  const { broker, questions } = brokerFixture([RUN, RUN]);
  const opaque = mainRequester(null, 1);
  assert.equal((await broker.request(opaque, tcp("mail.example", 25), options)).lifetime, "once");
  await broker.request(opaque, tcp("mail.example", 25), options);
  assert.equal(questions.length, 2);
});

test("CON-10 the same question is put at most twice after a refusal", async () => {
  const { broker, questions, reports } = brokerFixture([NO, NO, ONCE]);
  for (let i = 0; i < 4; i++) {
    await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  }
  assert.equal(questions.length, 2);
  assert.match(reports.at(-1) ?? "", /refused too often/);
});

test("CON-10 after five refusals in a row the program is not asked about any more", async () => {
  const { broker, questions } = brokerFixture([]);
  for (let port = 1; port <= 9; port++) {
    await assert.rejects(broker.request(REQUESTER, tcp("mail.example", port), options), { code: "PERM_DENIED" });
  }
  assert.equal(questions.length, 5);
});

for (
  const [host, risk] of [
    ["localhost", "loopback"],
    ["127.0.0.1", "loopback"],
    ["192.168.1.9", "private"],
    ["[fe80::1%eth0]", "private"],
    ["169.254.169.254", "metadata"],
    ["mail.example", null],
    ["9.9.9.9", null],
  ] as const
) {
  test(`CON-10 ${host} needs ${risk === null ? "one key" : `a word (${risk})`}`, async () => {
    const { broker, questions } = brokerFixture([ONCE]);
    await broker.request(REQUESTER, tcp(host, 25), options);
    assert.equal(questions[0]?.risk, risk);
  });
}

for (const host of ["0.0.0.0", "[::]", "224.0.0.1", "255.255.255.255", "[ff02::1]"]) {
  test(`NET-14 no connection is made to ${host}, whoever approves`, async () => {
    const { broker, questions } = brokerFixture([ONCE], { allow: [`${host}:25`] });
    await assert.rejects(broker.request(REQUESTER, tcp(host, 25), options), { code: "PERM_DENIED" });
    assert.equal(questions.length, 0);
  });
}

test("NET-02 without an address the operator chooses the host, and refusals hold for it", async () => {
  const chosen = { kind: "allow", lifetime: "once", host: "mail.example" } as const;
  const { broker } = brokerFixture([chosen, { ...chosen, host: "0.0.0.0" }]);
  const open = connectDescriptor({ destination: null, port: 25 });
  const grant = await broker.request(REQUESTER, open, options);
  assert.equal(grant.destination.host.text, "mail.example");
  await assert.rejects(broker.request(REQUESTER, open, options), { code: "PERM_DENIED" });
});

test("NET-14 a name may lead to public addresses only, all or none, and only those are covered", async () => {
  const { broker } = brokerFixture([ONCE]);
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  const [one, two, inside] = ["9.9.9.9", "149.112.112.112", "192.168.1.1"].map((text) => parseIpAddress(text)!);
  assert.equal(grant.covers(one!, 25), false);
  assert.throws(() => grant.vet([one!, inside!]), { code: "PERM_ADDRESS" });
  assert.equal(grant.covers(one!, 25), false);
  grant.vet([one!]);
  assert.equal(grant.covers(one!, 25), true);
  assert.equal(grant.covers(one!, 26), false);
  assert.equal(grant.covers(two!, 25), false);
});

test("CON-19 a grant is spent at the first open and dies with its approval", async () => {
  const { broker } = brokerFixture([RUN, RUN]);
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  grant.spend();
  assert.throws(() => grant.spend(), { code: "PERM_SPENT" });
  const second = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  broker.revokeAll();
  assert.equal(second.signal.aborted, true);
  assert.throws(() => second.spend(), { code: "PERM_REVOKED" });
});

test("CON-19 a grant cannot be made, cloned or serialised", async () => {
  const { broker } = brokerFixture([ONCE]);
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  assert.throws(() => new Grant(Symbol("mint"), grant as never), TypeError);
  assert.throws(() => JSON.stringify(grant), TypeError);
  assert.equal(Grant.isGrant(structuredClone({ ...grant })), false);
  assert.equal(Grant.isGrant(Object.create(grant)), false);
  assert.equal(Grant.isGrant(grant), true);
});

test("CON-23 an approval for the run ends after twelve hours", async () => {
  const { broker, clock, questions } = brokerFixture([RUN]);
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  await clock.advance(12 * 3600 * 1000 + 1);
  assert.equal(grant.signal.aborted, true);
  await assert.rejects(broker.request(REQUESTER, tcp("mail.example", 25), options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 2);
});

test("CON-12 without a terminal the operator is told the exact rule, and the script is not", async () => {
  const { broker, reports } = brokerFixture([{ kind: "deny", reason: "no-terminal" }]);
  const refused = broker.request(REQUESTER, tcp("mail.example", 25), options);
  await assert.rejects(refused, { code: "PERM_NO_TERMINAL" });
  assert.match(reports[0] ?? "", /mail\.example:25.*PARLEY_ALLOW=x/);
});

test("CON-11 what the operator is told about a request is escaped", async () => {
  const { broker, reports } = brokerFixture([{ kind: "deny", reason: "no-terminal" }]);
  const hostile = { ...REQUESTER, origin: "file:///\u001b[2J\u202emain.ts" };
  await assert.rejects(broker.request(hostile, tcp("mail.example", 25), options));
  assert.doesNotMatch(reports.join(), /[\p{Cc}\p{Cf}]/u);
});
