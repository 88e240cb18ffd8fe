import assert from "node:assert/strict";
import {
  type BrokerFixture,
  brokerFixture,
  NO,
  ONCE,
  REQUESTER,
  RUN,
  type Script,
  tcp,
} from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { ChangingPolicy, policy, rule } from "../../tests/support/policy_fixture.ts";
import { messagesArrive, realmPair, type TestRealmPort } from "../../tests/support/realm_pair.ts";
import { makeDestination, parseDestination } from "../../core/destination.ts";
import { canonicalHost } from "../../core/host.ts";
import { type AddressBlock, parseAddressBlock } from "../../core/ip_address.ts";
import { ManualClock } from "../../core/manual_clock.ts";
import type { RequestOptions } from "../broker.ts";
import { connectDescriptor, type Descriptor } from "../descriptor.ts";
import { decisionKey } from "../decision_key.ts";
import type { Grant } from "../grant.ts";
import type { PolicySource } from "../policy.ts";
import type { Prompter } from "../prompter.ts";
import type { Requester } from "../requester.ts";
import { Delegations } from "./delegations.ts";
import { fromDescriptorMessage, toDescriptorMessage } from "./descriptor_message.ts";
import { policyForFeatures } from "./feature_policy.ts";
import { WorkerBroker } from "./worker_broker.ts";
import { WorkerService } from "./worker_service.ts";

const WORKER: Requester = Object.freeze({ ...REQUESTER, role: "worker", origin: "opaque:main" });
const OPTIONS: RequestOptions = { signal: new AbortController().signal, lifetimes: null, claim: null };
const MAIL = tcp("mail.example", 25);

interface Realms {
  readonly main: BrokerFixture;
  readonly worker: WorkerBroker;
  /** The Worker's end. */
  readonly port: TestRealmPort;
  readonly mainPort: TestRealmPort;
  readonly told: string[];
}

/** A main realm whose operator gives the answers, and a Worker with TCP and UDP. */
function realms(
  script: Script,
  given: { readonly prompter?: Prompter; readonly delegated?: boolean; readonly policy?: PolicySource } = {},
): Realms {
  const [mainPort, port] = realmPair();
  const delegations = new Delegations();
  const { prompter, policy: rules, delegated = true } = given;
  const main = brokerFixture(script, {
    context: (requester, feature) => delegations.context(requester, feature, { ambient: true }),
    ...(prompter === undefined ? {} : { prompter }),
    ...(rules === undefined ? {} : { policy: rules }),
  });
  const requester: Requester = Object.freeze({ ...REQUESTER, role: "worker", inside: REQUESTER.origin });
  const features = policyForFeatures(["direct-sockets"], requester.origin);
  delegations.register(requester, features);
  const told: string[] = [];
  const worker = new WorkerBroker({
    realms: {
      connect: () => assert.fail("a Worker connects to none"),
      accept: () => Promise.resolve(delegated ? port : null),
    },
    clock: new ManualClock(),
    report: (line) => told.push(line),
  });
  if (delegated) new WorkerService({ port: mainPort, broker: main.broker, requester, policy: features });
  return { main, worker, port, mainPort, told };
}

function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(() => "granted", (error) => error.code);
}

test("NET-13 a Worker's request is decided in the main realm, in the program's name, and granted in the Worker", async () => {
  const { main, worker, port } = realms([ONCE]);
  const grant = await worker.request(WORKER, MAIL, OPTIONS);
  assert.equal(grant.destination.host.text, "mail.example");
  assert.deepEqual(grant.descriptor, MAIL);
  const [question] = main.questions;
  assert.deepEqual([question?.requester.role, question?.requester.origin], ["worker", REQUESTER.origin]);
  assert.equal(port.held, 0);
});

test("NET-13 one question, one open: each open of a Worker is decided anew", async () => {
  const { main, worker } = realms([ONCE, NO]);
  await worker.request(WORKER, MAIL, OPTIONS);
  assert.equal(await code(worker.request(WORKER, MAIL, OPTIONS)), "PERM_DENIED");
  assert.equal(main.questions.length, 2);
});

test("NET-13 a refusal keeps its code, and the Worker may ask as often as the main realm lets it", async () => {
  const { worker } = realms([NO, { kind: "deny", reason: "no-terminal" }, ONCE]);
  const answers = [];
  for (let times = 0; times < 3; times++) {
    answers.push(await code(worker.request(WORKER, tcp(`a${times}.example`, 1), OPTIONS)));
  }
  assert.deepEqual(answers, ["PERM_DENIED", "PERM_NO_TERMINAL", "granted"]);
});

test("NET-13 what was not delegated to the Worker is refused, and nobody is asked", async () => {
  const { main, worker } = realms([ONCE]);
  const destination = parseDestination("listen://127.0.0.1:8000");
  const listen: Descriptor = { name: "listen", transport: "tcp", destination, port: 8000, tls: null };
  assert.equal(await code(worker.request(WORKER, listen, OPTIONS)), "PERM_CONTEXT");
  assert.equal(main.questions.length, 0);
  assert.equal(worker.state(WORKER, "listen", null), "denied");
  assert.equal(worker.state(WORKER, "direct-sockets", null), "prompt");
});

test("NET-13 a Worker that nothing was delegated to is refused, and the operator learns why", async () => {
  const { main, worker, told } = realms([ONCE], { delegated: false });
  assert.equal(worker.state(WORKER, "direct-sockets", null), "denied");
  assert.equal(await code(worker.request(WORKER, MAIL, OPTIONS)), "PERM_CONTEXT");
  assert.match(told.join(), /nothing was delegated/);
  assert.equal(main.questions.length, 0);
});

test("CON-13 a Worker knows what was delegated to it before it asks for anything", async () => {
  const { worker } = realms([]);
  assert.equal(await worker.connect(), true);
  assert.equal(worker.state(WORKER, "direct-sockets", null), "prompt");
  assert.equal(worker.state(WORKER, "udp-peers", null), "denied");
  assert.equal(await realms([], { delegated: false }).worker.connect(), false);
});

test("NET-02 the host that the operator chose is the Worker's", async () => {
  const { worker } = realms([{ kind: "allow", lifetime: "once", host: "chosen.example" }]);
  const grant = await worker.request(WORKER, connectDescriptor({ destination: null, port: 25 }), OPTIONS);
  assert.equal(grant.destination.host.text, "chosen.example");
});

test("CON-13 what is taken back in the main realm ends in the Worker", async () => {
  const { main, worker } = realms([RUN, ONCE]);
  const [mail, other] = [
    await worker.request(WORKER, MAIL, OPTIONS),
    await worker.request(WORKER, tcp("other.example", 25), OPTIONS),
  ];
  main.broker.revoke(REQUESTER, "direct-sockets", {
    transport: "tcp",
    host: canonicalHost("mail.example"),
    port: 25,
  });
  await messagesArrive();
  assert.deepEqual([mail.signal.aborted, other.signal.aborted], [true, false]);
});

test("CON-05 NET-14 what rules of the main realm ask for and let through holds in the Worker, on reconnection too", async () => {
  const spki = "ab".repeat(32);
  const addresses = [parseAddressBlock("192.168.1.0/24") as AddressBlock];
  const keyed = rule("operator", "allow", `mail.example:25#spki=${spki}`, { addresses, skipCors: true });
  const source = new ChangingPolicy(policy([keyed]));
  const { worker, main } = realms([], { policy: source });
  const tls = {
    mode: "upgrade",
    serverName: "mail.example",
    caSha256: null,
    clientCertSha256: null,
    required: true,
  } as const;
  const asked = tcp("mail.example", 25, tls);
  const grant = await worker.request(WORKER, asked, OPTIONS);
  const own = await main.broker.request(REQUESTER, asked, OPTIONS);
  assert.deepEqual(grant.terms, own.terms);
  assert.equal(grant.terms.key?.spkiSha256, spki);
  grant.spend();
  grant.markConnected();
  source.change(policy([{ ...keyed, addresses: [], skipCors: false }]));
  const { terms } = await worker.reconnect(grant);
  assert.deepEqual([terms.addresses, terms.skipCors, terms.key?.spkiSha256], [[], false, spki]);
});

test("NET-11 a reconnection in a Worker is decided in the main realm, without a question", async () => {
  const { main, worker } = realms([RUN]);
  const grant = await worker.request(WORKER, MAIL, OPTIONS);
  assert.equal(await code(worker.reconnect(grant)), "PERM_SPENT");
  grant.spend();
  grant.markConnected();
  const again = await worker.reconnect(grant);
  again.spend();
  again.markConnected();
  main.broker.restrict(() => true);
  assert.equal(await code(worker.reconnect(again)), "PERM_DENIED");
  assert.equal(main.questions.length, 1);
});

test("CON-16 what a Worker gave up is refused in it, and stays the main realm's", async () => {
  const { main, worker } = realms([ONCE, ONCE]);
  worker.restrict(({ port }) => port === 25);
  assert.equal(await code(worker.request(WORKER, MAIL, OPTIONS)), "PERM_DENIED");
  assert.equal(main.questions.length, 0);
  assert.equal(await code(main.broker.request(REQUESTER, MAIL, OPTIONS)), "granted");
});

test("NET-13 a withdrawn request withdraws the question", async () => {
  const withdrawn = Promise.withResolvers<void>();
  const { worker, port } = realms([], {
    prompter: {
      ask: (_, signal) =>
        new Promise((resolve) =>
          signal.addEventListener("abort", () => {
            withdrawn.resolve();
            resolve({ kind: "deny", reason: "aborted" });
          })
        ),
    },
  });
  const controller = new AbortController();
  const asked = code(worker.request(WORKER, MAIL, { ...OPTIONS, signal: controller.signal }));
  await messagesArrive();
  assert.equal(port.held, 1, "an awaited answer keeps the Worker alive");
  controller.abort();
  assert.equal(await asked, "NET_ABORTED");
  await withdrawn.promise;
  assert.equal(port.held, 0);
});

test("NET-13 the end of a Worker withdraws its questions and frees what it held", async () => {
  const withdrawn = Promise.withResolvers<void>();
  const { main, worker, port } = realms([], {
    prompter: {
      ask: ({ descriptor }, signal) =>
        descriptor.port === 25
          ? Promise.resolve(RUN)
          : new Promise((resolve) =>
            signal.addEventListener("abort", () => {
              withdrawn.resolve();
              resolve({ kind: "deny", reason: "aborted" });
            })
          ),
    },
  });
  await worker.request(WORKER, MAIL, OPTIONS);
  void code(worker.request(WORKER, tcp("mail.example", 26), OPTIONS));
  await messagesArrive();
  port.close();
  await withdrawn.promise;
  // Nobody is told any more: a message to a Worker that is gone would throw nothing, but stay for ever.
  main.broker.revokeAll();
});

test("NET-13 the end of the main realm ends what the Worker has", async () => {
  const { worker, mainPort } = realms([ONCE]);
  const grant = await worker.request(WORKER, MAIL, OPTIONS);
  mainPort.close();
  await messagesArrive();
  assert.equal(grant.signal.aborted, true);
  assert.equal(await code(worker.request(WORKER, MAIL, OPTIONS)), "PERM_CONTEXT");
});

test("CON-19 what a Worker says is data: a request that is none is refused, and nobody is asked", async () => {
  const { main, port } = realms([ONCE]);
  const answers: unknown[] = [];
  port.listen((message) => answers.push(message), () => {});
  const descriptor = toDescriptorMessage(MAIL);
  const bad: unknown[] = [
    null,
    7,
    {},
    { ...descriptor, destination: "udp://mail.example:25" },
    { ...descriptor, destination: "mail.example:26" },
    { ...descriptor, destination: "MAIL.example..:25" },
    { ...descriptor, destination: null, transport: "unix" },
    { ...descriptor, name: "listen" },
    { ...descriptor, via: { destination: 7 } },
    { ...descriptor, tls: { mode: { deep: { deeper: 1 } } } },
    { ...descriptor, constructor: 1 },
    { ...descriptor, tls: { serverName: "x".repeat(5_000) } },
  ];
  for (const [id, one] of bad.entries()) port.post({ kind: "request", id, descriptor: one });
  for (const message of [null, 7, { kind: "none" }, { kind: "request", id: "x" }, { kind: "release", grant: 99 }]) {
    port.post(message);
  }
  port.post({ kind: "reconnect", id: 50, grant: 99 });
  await messagesArrive();
  await messagesArrive();
  const refused = answers.filter((answer) => (answer as { kind?: string }).kind === "refused");
  assert.equal(refused.length, bad.length + 1);
  assert.equal(main.questions.length, 0);
});

test("CON-19 requests of every kind arrive as they were sent", () => {
  const proxied = connectDescriptor({
    ...tcp("mail.example", 993, {
      mode: "open",
      serverName: "mail.example",
      caSha256: null,
      clientCertSha256: "00",
      required: true,
    }),
    via: {
      protocol: "socks5",
      destination: makeDestination({ scheme: "tcp", host: canonicalHost("10.0.0.1"), port: 1080 }),
      remoteDns: false,
    },
  });
  const udp = parseDestination("udp-peers://0.0.0.0:6881");
  const group = parseDestination("multicast://239.1.2.3:5353");
  for (
    const descriptor of [
      MAIL,
      proxied,
      connectDescriptor({ destination: null, port: 631 }),
      connectDescriptor({ destination: parseDestination("unix:///run/x.sock"), port: 0, transport: "unix" }),
      { name: "udp-peers", transport: "udp", destination: udp, port: 6881, tls: null },
      { name: "direct-sockets-multicast", transport: "udp", destination: group, port: 5353, source: null, tls: null },
    ] as Descriptor[]
  ) {
    const arrived = fromDescriptorMessage(structuredClone(toDescriptorMessage(descriptor)));
    assert.equal(decisionKey(WORKER, arrived), decisionKey(WORKER, descriptor));
    assert.deepEqual(JSON.parse(JSON.stringify(arrived)), JSON.parse(JSON.stringify(descriptor)));
  }
});

test("CON-19 a Grant of the main realm never leaves it", async () => {
  const { worker } = realms([ONCE]);
  const grant: Grant = await worker.request(WORKER, MAIL, OPTIONS);
  assert.throws(() => JSON.stringify(grant), TypeError);
});
