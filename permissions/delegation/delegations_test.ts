import assert from "node:assert/strict";
import { brokerFixture, ONCE, REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import type { FeatureName } from "../feature.ts";
import type { Requester } from "../requester.ts";
import { Delegations } from "./delegations.ts";
import { type FeaturePolicy, forOwner, policyForFeatures, readFeaturePolicy } from "./feature_policy.ts";
import { readModuleMeta } from "./module_meta.ts";
import { navigatorRequester } from "./navigator_requester.ts";

const MQTT = "file:///home/me/node_modules/mqtt/index.js";
const LAUNCH = { mainModule: "file:///home/me/main.ts", pid: 42, initialEnv: () => undefined };
const AMBIENT = { ambient: true };
const options = { signal: new AbortController().signal, lifetimes: null, claim: null };

function requester(url: string, program: Requester = REQUESTER): Requester {
  return navigatorRequester(readModuleMeta({ url }), program, LAUNCH);
}

function policy(lists: object, own: Requester): FeaturePolicy {
  return forOwner(readFeaturePolicy(lists, { self: true }), own.origin);
}

test("NET-13 a library has nothing until it is delegated to, and then that only", () => {
  const delegations = new Delegations();
  const library = requester(MQTT);
  const may = (feature: FeatureName): string => delegations.context(library, feature, AMBIENT);
  assert.equal(may("direct-sockets"), "not-delegated");
  delegations.delegate(readFeaturePolicy({ "direct-sockets": ["npm:mqtt"] }, { self: false }));
  assert.equal(may("direct-sockets"), "allowed");
  assert.equal(may("listen"), "not-delegated");
  assert.equal(delegations.context(requester("https://mqtt/x.js"), "direct-sockets", AMBIENT), "not-delegated");
  delegations.delegate(readFeaturePolicy({ listen: ["npm:mqtt"], "direct-sockets": ["npm:other"] }, { self: false }));
  assert.deepEqual([may("direct-sockets"), may("listen")], ["allowed", "allowed"]);
});

test("NET-13 features that everybody has need no delegation", () => {
  assert.equal(new Delegations().context(requester(MQTT), "mediasession", AMBIENT), "allowed");
});

test("NET-13 a navigator's own policy narrows and never widens", () => {
  const delegations = new Delegations();
  delegations.delegate(readFeaturePolicy({ "direct-sockets": ["npm:mqtt"], listen: ["npm:mqtt"] }, { self: false }));
  const narrowed = requester(MQTT);
  delegations.register(narrowed, policy({ "direct-sockets": [], hid: ["self"], listen: ["self"] }, narrowed));
  const may = (feature: FeatureName): string => delegations.context(narrowed, feature, AMBIENT);
  assert.deepEqual(["direct-sockets", "listen", "hid"].map((name) => may(name as FeatureName)), [
    "not-delegated",
    "allowed",
    "not-delegated",
  ]);
  const program = requester(LAUNCH.mainModule);
  delegations.register(program, policy({ "direct-sockets": [] }, program));
  assert.equal(delegations.context(program, "direct-sockets", AMBIENT), "not-delegated");
  assert.equal(delegations.context(program, "listen", AMBIENT), "allowed");
  assert.equal(delegations.context(REQUESTER, "direct-sockets", AMBIENT), "allowed");
});

test("NET-13 a policy can switch off what an import has, but not a navigator of the main module's own", () => {
  const delegations = new Delegations();
  const off = { ambient: false };
  assert.equal(delegations.context(REQUESTER, "direct-sockets", off), "ambient-off");
  const own = requester(LAUNCH.mainModule);
  delegations.register(own, policy({}, own));
  assert.equal(delegations.context(own, "direct-sockets", off), "allowed");
  assert.equal(delegations.context({ ...REQUESTER, role: "command" }, "direct-sockets", off), "allowed");
});

test("NET-13 a Worker has what was delegated to it, by the object that it was made with", () => {
  const delegations = new Delegations();
  const worker: Requester = { ...REQUESTER, role: "worker" };
  assert.equal(delegations.context(worker, "direct-sockets", AMBIENT), "worker");
  delegations.register(worker, policyForFeatures(["direct-sockets"], worker.origin));
  assert.equal(delegations.context(worker, "direct-sockets", AMBIENT), "allowed");
  assert.equal(delegations.context(worker, "listen", AMBIENT), "worker");
  assert.equal(delegations.context({ ...worker }, "direct-sockets", AMBIENT), "worker");
});

test("NET-13 an undelegated request is refused without a question; a delegated one is asked about in the library's name", async () => {
  const delegations = new Delegations();
  const { broker, questions, reports } = brokerFixture([ONCE], {
    context: (who, feature) => delegations.context(who, feature, AMBIENT),
  });
  const library = requester(MQTT);
  await assert.rejects(broker.request(library, tcp("mail.example", 25), options), { code: "PERM_CONTEXT" });
  assert.equal(questions.length, 0);
  assert.match(reports.join("\n"), /npm:mqtt/);
  assert.equal(broker.state(library, "direct-sockets", null), "denied");
  delegations.delegate(readFeaturePolicy({ "direct-sockets": ["npm:mqtt"] }, { self: false }));
  await broker.request(library, tcp("mail.example", 25), options);
  const { role, origin, inside } = questions[0]?.requester ?? {};
  assert.deepEqual({ role, origin, inside }, {
    role: "library",
    origin: "npm:mqtt",
    inside: "file:///home/me/main.ts",
  });
});

test("CON-09 a library is no more to be trusted than its program, nor than where it came from", () => {
  assert.equal(requester(MQTT).insecure, null);
  assert.equal(requester(MQTT).rememberable, true);
  assert.equal(requester(MQTT, { ...REQUESTER, insecure: "so" }).insecure, "so");
  assert.match(requester("http://cdn.example/a.js").insecure ?? "", /plain http/);
  assert.match(requester("data:text/javascript,1").insecure ?? "", /data:/);
  assert.equal(requester("data:text/javascript,1").rememberable, false);
});

test("NET-13 whoever wants to know is told of a delegation", () => {
  const delegations = new Delegations();
  let told = 0;
  const stop = delegations.onChange(() => told++);
  delegations.delegate(readFeaturePolicy({ listen: ["npm:mqtt"] }, { self: false }));
  stop();
  delegations.delegate(readFeaturePolicy({ listen: ["npm:ms"] }, { self: false }));
  assert.equal(told, 1);
});
