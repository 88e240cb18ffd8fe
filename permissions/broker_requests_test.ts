import assert from "node:assert/strict";
import { parseDestination } from "../core/destination.ts";
import { brokerFixture, ONCE, REQUESTER, RUN, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { requestFor } from "../tests/support/test_grant.ts";
import { connectDescriptor, type Descriptor, type DirectSocketsDescriptor } from "./descriptor.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };

function connectTo(text: string, extra: Partial<DirectSocketsDescriptor> = {}): DirectSocketsDescriptor {
  const destination = parseDestination(text);
  const transport = destination.scheme === "udp" ? "udp" : "tcp";
  return connectDescriptor({ destination, port: destination.port, transport, ...extra });
}

for (
  const text of [
    "udp://0.0.0.0:53",
    "udp://239.1.1.1:5000",
    "udp://255.255.255.255:9",
    "listen://239.1.1.1:80",
    "listen://255.255.255.255:80",
    "listen://server.example:80",
    "multicast://192.168.1.1:5000",
    "multicast://group.example:5000",
  ]
) {
  test(`NET-27 RS-07 ${text} is refused without a question, even where a rule names it`, async () => {
    const { broker, questions } = brokerFixture([ONCE], { allow: [text] });
    await assert.rejects(broker.request(REQUESTER, requestFor(text), options), { code: "PERM_DENIED" });
    assert.equal(questions.length, 0);
  });
}

test("NET-22 leave to connect to a local socket is none to listen at its path, nor the other way round", async () => {
  for (
    const [rule, text] of [["unix:///run/x", "listen+unix:///run/x"], [
      "listen+unix:///run/x",
      "unix:///run/x",
    ]] as const
  ) {
    const { broker, questions } = brokerFixture([], { allow: [rule] });
    await assert.rejects(broker.request(REQUESTER, requestFor(text), options), { code: "PERM_DENIED" });
    assert.equal(questions.length, 1);
  }
});

for (
  const text of [
    "listen://0.0.0.0:80",
    "listen+unix:///run/x.sock",
    "listen+udp://[::]:0",
    "multicast://239.1.1.1:5000",
    "unix:///run/x.sock",
  ]
) {
  test(`NET-22 ${text} is asked about, and approved by a rule that names it`, async () => {
    const asked = brokerFixture([ONCE]);
    await asked.broker.request(REQUESTER, requestFor(text), options);
    assert.notEqual(asked.questions[0]?.risk, null);
    const ruled = brokerFixture([], { allow: [text] });
    assert.equal((await ruled.broker.request(REQUESTER, requestFor(text), options)).source, "flag");
    assert.equal(ruled.questions.length, 0);
  });
}

test("NET-27 broadcast has its own request: a rule for it names its address, and a plain answer does not include it", async () => {
  const { broker, questions } = brokerFixture([RUN, ONCE], { allow: ["udp://255.255.255.255:9"] });
  const grant = await broker.request(REQUESTER, connectTo("udp://255.255.255.255:9", { broadcast: true }), options);
  assert.equal(grant.source, "flag");
  await broker.request(REQUESTER, connectTo("udp://192.168.1.255:9"), options);
  await broker.request(REQUESTER, connectTo("udp://192.168.1.255:9", { broadcast: true }), options);
  assert.deepEqual(questions.map(({ risk }) => risk), ["private", "broadcast"]);
});

test("NET-28 udp-peers is asked with its risk named, and never for the whole run", async () => {
  const { broker, questions } = brokerFixture([RUN]);
  const grant = await broker.request(REQUESTER, requestFor("udp-peers://0.0.0.0:6881"), options);
  assert.equal(grant.lifetime, "once");
  assert.deepEqual(questions[0]?.lifetimes, ["once"]);
  assert.equal(questions[0]?.risk, "udp-peers");
});

test("NET-26 a name that a proxy looks up is approved once only, and by no rule", async () => {
  const via = { protocol: "http", destination: parseDestination("proxy.example:8080"), remoteDns: true } as const;
  const { broker, questions } = brokerFixture([RUN], { allow: ["mail.example:25"] });
  const grant = await broker.request(REQUESTER, connectTo("mail.example:25", { via }), options);
  assert.equal(grant.lifetime, "once");
  assert.equal(questions.length, 1);
});

test("NET-26 the way through a proxy is another question than the direct one", async () => {
  const via = { protocol: "http", destination: parseDestination("proxy.example:8080"), remoteDns: false } as const;
  const { broker, questions } = brokerFixture([RUN, RUN, RUN]);
  const other = { ...via, destination: parseDestination("other.example:8080") };
  for (const extra of [{}, { via }, { via: other }, { via }]) {
    await broker.request(REQUESTER, connectTo("mail.example:25", extra), options);
  }
  assert.equal(questions.length, 3);
});

test("NET-11 an approval for one time includes the reconnection of what it opened, and nothing before that", async () => {
  const { broker, questions } = brokerFixture([ONCE]);
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  await assert.rejects(broker.reconnect(grant), { code: "PERM_SPENT" });
  grant.spend();
  await assert.rejects(broker.reconnect(grant), { code: "PERM_SPENT" });
  grant.markConnected();
  const again = await broker.reconnect(grant);
  again.spend();
  assert.equal(again.destination, grant.destination);
  assert.equal(questions.length, 1);
});

test("NET-11 a reconnection is refused once the approval was taken back, or the program gave it up", async () => {
  const { broker } = brokerFixture([RUN, ONCE]);
  const connected = async (descriptor: Descriptor): ReturnType<typeof broker.request> => {
    const grant = await broker.request(REQUESTER, descriptor, options);
    grant.spend();
    grant.markConnected();
    return grant;
  };
  const run = await connected(tcp("mail.example", 25));
  const once = await connected(tcp("mail.example", 26));
  broker.revokeAll();
  await assert.rejects(broker.reconnect(run), { code: "PERM_REVOKED" });
  broker.restrict(({ port }) => port === 26);
  await assert.rejects(broker.reconnect(once), { code: "PERM_DENIED" });
});
