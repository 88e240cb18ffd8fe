import assert from "node:assert/strict";
import { brokerFixture, ONCE, REQUESTER, RUN, tcp } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { policy, rule } from "../tests/support/policy_fixture.ts";
import { makeDestination } from "../core/destination.ts";
import { canonicalHost } from "../core/host.ts";
import type { ListenDescriptor } from "./descriptor.ts";
import { fixedPolicy } from "./policy.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
const MAIL = tcp("mail.example", 25);

test("CON-08 consent for one use ends with it: a later use asks again, in this run and in the next", async () => {
  const { broker, questions } = brokerFixture([ONCE, ONCE]);
  const first = await broker.request(REQUESTER, MAIL, options);
  first.spend();
  first.markConnected();
  await broker.request(REQUESTER, MAIL, options);
  assert.equal(questions.length, 2);
  const next = brokerFixture([ONCE]);
  await next.broker.request(REQUESTER, MAIL, options);
  assert.equal(next.questions.length, 1);
});

test("CON-08 CON-14 an answer for the run does not reach the next run", async () => {
  const { broker } = brokerFixture([RUN]);
  await broker.request(REQUESTER, MAIL, options);
  const next = brokerFixture([]);
  await assert.rejects(next.broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  assert.equal(next.questions.length, 1);
});

test("CON-03 a rule for a device says nothing of the network, and the other way round", async () => {
  const devices = ["hid", "usb", "camera", "microphone", "xr-spatial-tracking"] as const;
  const rules = devices.map((feature) => rule("operator", "allow", "mail.example:25", { feature, to: null }));
  const { broker, questions } = brokerFixture([], { policy: fixedPolicy(policy(rules)) });
  await assert.rejects(broker.request(REQUESTER, MAIL, options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 1);
  const network = [rule("operator", "allow", "mail.example:25"), rule("managed", "deny", "*:*", { to: null })];
  const { broker: other } = brokerFixture([], { policy: fixedPolicy(policy(network)) });
  assert.equal(other.state(REQUESTER, "direct-sockets", null), "denied");
  for (const feature of devices) assert.equal(other.state(REQUESTER, feature, null), "prompt");
});

test("CON-03 being connected to is another consent than connecting", async () => {
  const { broker, questions } = brokerFixture([RUN]);
  await broker.request(REQUESTER, tcp("127.0.0.1", 8080), options);
  const destination = makeDestination({ scheme: "listen", host: canonicalHost("127.0.0.1"), port: 8080 });
  const listen: ListenDescriptor = { name: "listen", transport: "tcp", destination, port: 8080, tls: null };
  await assert.rejects(broker.request(REQUESTER, listen, options), { code: "PERM_DENIED" });
  assert.equal(questions.length, 2);
});
