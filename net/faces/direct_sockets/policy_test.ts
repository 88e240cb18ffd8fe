import assert from "node:assert/strict";
import { canonicalHost } from "../../../core/host.ts";
import { construct, directSocketsPage, reasonOf } from "../../../tests/support/direct_sockets_page.ts";
import { ONCE } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { type DirectSocketsPolicy, NO_POLICY, SELF_POLICY } from "./mod.ts";
import { featureToReach, toPolicy } from "./policy.ts";

const ALL: DirectSocketsPolicy = {
  "direct-sockets": true,
  "local-network": true,
  "loopback-network": true,
  "direct-sockets-multicast": true,
};

/** Arguments that would each be a TypeError. */
const WRONG: readonly (readonly [of: "TCPSocket" | "UDPSocket" | "TCPServerSocket", given: readonly unknown[]])[] = [
  ["TCPSocket", ["host.example", 80, { keepAliveDelay: 1 }]],
  ["UDPSocket", [{ remoteAddress: "host.example", localPort: 0 }]],
  ["TCPServerSocket", ["no address", { backlog: 0 }]],
];

for (const [of, given] of WRONG) {
  test(`DS-07 without direct-sockets new ${of}() throws NotAllowedError before it looks at an option`, () => {
    const { questions, network, ...page } = directSocketsPage({ policy: { ...ALL, "direct-sockets": false } });
    const read: PropertyKey[] = [];
    const watched = given.map((value) =>
      typeof value !== "object" ? value : new Proxy(value as object, {
        get: (_, name) => void read.push(name),
        has: (_, name) => read.push(name) > 0,
        getOwnPropertyDescriptor: (_, name) => void read.push(name),
      })
    );
    assert.throws(() => construct<object>(page[of], ...watched), { name: "NotAllowedError" });
    assert.throws(() => construct<object>(page[of], ...given), { name: "NotAllowedError" });
    assert.deepEqual(read, []);
    assert.deepEqual([questions, network.log], [[], []]);
  });
}

test("DS-07 with direct-sockets the same arguments are TypeErrors", () => {
  const page = directSocketsPage();
  for (const [of, given] of WRONG) assert.throws(() => construct<object>(page[of], ...given), TypeError);
});

test("DS-63 nothing is allowed by default: each feature has to be there, its own, and true", () => {
  assert.deepEqual(Object.values(NO_POLICY), [false, false, false, false]);
  assert.deepEqual({ ...SELF_POLICY }, ALL);
  assert.ok(Object.isFrozen(NO_POLICY) && Object.isFrozen(SELF_POLICY));
  assert.deepEqual(Object.values(toPolicy({ "direct-sockets": 1 as never, "local-network": "true" as never })), [
    false,
    false,
    false,
    false,
  ]);
  const { TCPSocket } = directSocketsPage({ policy: {} as DirectSocketsPolicy });
  assert.throws(() => new TCPSocket("host.example", 80), { name: "NotAllowedError" });
});

test("CORE-01 DS-63 what stands on Object.prototype allows nothing", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  prototype["direct-sockets"] = true;
  try {
    assert.equal(toPolicy({})["direct-sockets"], false);
    assert.equal(NO_POLICY["direct-sockets"], false);
  } finally {
    delete prototype["direct-sockets"];
  }
});

test("DS-63 a policy that is changed afterwards allows no more", () => {
  const policy = { ...ALL, "direct-sockets": false };
  const { TCPSocket } = directSocketsPage({ policy });
  policy["direct-sockets"] = true;
  assert.throws(() => new TCPSocket("host.example", 80), { name: "NotAllowedError" });
});

const LOCAL = ["192.168.1.1", "10.0.0.1", "169.254.0.1", "169.254.169.254", "100.64.0.1", "fc00::1", "fe80::1%lo"];
const LOOPBACK = ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "localhost", "app.localhost"];

for (const [feature, hosts] of [["local-network", LOCAL], ["loopback-network", LOOPBACK]] as const) {
  for (const host of hosts) {
    test(`DS-19 without ${feature} both promises of sockets to ${host} reject NotAllowedError, and nobody is asked`, async () => {
      const page = directSocketsPage({ script: [ONCE, ONCE], policy: { ...ALL, [feature]: false } });
      const sockets = [new page.TCPSocket(host, 80), new page.UDPSocket({ remoteAddress: host, remotePort: 80 })];
      for (const socket of sockets) {
        const reason = await reasonOf(socket.opened);
        assert.equal(reason.name, "NotAllowedError");
        assert.equal(await reasonOf(socket.closed), reason);
        assert.doesNotMatch(reason.message, /policy|network/);
      }
      assert.deepEqual([page.questions, page.network.log], [[], []]);
      assert.equal(page.reports.filter((line) => line.includes(`its policy does not allow ${feature}`)).length, 2);
    });
  }
}

test("DS-19 each policy stands for its own address space, and public addresses need neither", () => {
  const feature = (host: string): string | null => featureToReach(canonicalHost(host));
  assert.deepEqual(LOCAL.map(feature), LOCAL.map(() => "local-network"));
  assert.deepEqual(LOOPBACK.map(feature), LOOPBACK.map(() => "loopback-network"));
  assert.deepEqual(["93.184.215.14", "2606:2800::1", "host.example"].map(feature), [null, null, null]);
});

test("DS-19 DS-63 with the policy the operator decides", async () => {
  const { TCPSocket, network, questions } = directSocketsPage({ script: [ONCE], policy: ALL });
  network.listen({ address: "127.0.0.1", port: 80 }, () => new Promise(() => {}));
  const socket = new TCPSocket("127.0.0.1", 80);
  await socket.opened;
  assert.equal(questions.length, 1);
  await assert.rejects(new TCPSocket("192.168.1.1", 80).opened, { name: "NotAllowedError" });
  assert.equal(questions.length, 2);
  await socket.close();
});

for (const localAddress of ["127.0.0.1", "0.0.0.0", "93.184.215.14", "::1"]) {
  test(`DS-20 without local-network a socket bound to ${localAddress} rejects NotAllowedError, and nobody is asked`, async () => {
    const page = directSocketsPage({ script: [ONCE], policy: { ...ALL, "local-network": false } });
    const socket = new page.UDPSocket({ localAddress, localPort: 5000 });
    const reason = await reasonOf(socket.opened);
    assert.equal(reason.name, "NotAllowedError");
    assert.equal(await reasonOf(socket.closed), reason);
    assert.deepEqual([page.questions, page.network.log], [[], []]);
  });
}

test("DS-20 NET-17 refused by the policy or by the operator, a script cannot tell", async () => {
  const denied = directSocketsPage({ policy: { ...ALL, "local-network": false } });
  const refused = directSocketsPage();
  const reasons = await Promise.all(
    [denied, refused].map(({ UDPSocket }) => reasonOf(new UDPSocket({ localAddress: "127.0.0.1" }).opened)),
  );
  const [one, other] = reasons.map(({ name, message, cause }) => ({ name, message, cause }));
  assert.deepEqual(one, other);
});

for (const option of ["multicastAllowAddressSharing", "multicastLoopback", "multicastTimeToLive"]) {
  for (const mode of [{ localAddress: "0.0.0.0" }, { remoteAddress: "224.0.0.9", remotePort: 9 }]) {
    test(`DS-14 without direct-sockets-multicast ${option} with ${Object.keys(mode)[0]} throws NotAllowedError`, () => {
      const { UDPSocket, questions } = directSocketsPage({ policy: { ...ALL, "direct-sockets-multicast": false } });
      for (const value of [0, false, 1]) {
        assert.throws(() => construct(UDPSocket, { ...mode, [option]: value }), { name: "NotAllowedError" });
      }
      assert.throws(() => construct(UDPSocket, { ...mode, sendBufferSize: 0, [option]: 1 }), TypeError);
      assert.deepEqual(questions, []);
    });
  }
}

test("DS-49 without direct-sockets-multicast a bound socket has no controller", async () => {
  const { UDPSocket } = directSocketsPage({ script: [ONCE], policy: { ...ALL, "direct-sockets-multicast": false } });
  const socket = new UDPSocket({ localAddress: "0.0.0.0" });
  assert.deepEqual(Object.keys(await socket.opened), ["localAddress", "localPort", "readable", "writable"]);
  await socket.close();
});
