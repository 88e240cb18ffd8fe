import assert from "node:assert/strict";
import { fixedPolicy } from "../permissions/policy.ts";
import { applyRestriction } from "../permissions/restrict.ts";
import { MemoryNetwork } from "../runtime/memory/net.ts";
import { NO, RUN } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { policy, rule } from "../tests/support/policy_fixture.ts";
import { toldLate } from "../tests/support/late_refusal.ts";
import { requestFor } from "../tests/support/test_grant.ts";
import { addMachine, type UdpFaceFixture, udpFaceFixture } from "../tests/support/udp_face_fixture.ts";
import { bindOptions, datagram } from "../tests/support/udp_fixture.ts";
import type { BoundUdp } from "./engine/udp/bound_udp.ts";
import { bindApprovedUdp } from "./open_approved_udp.ts";

const DEVICE = { address: "192.168.1.20", port: 5683 };
const HERE = { address: "127.0.0.1", port: 5000 };

interface Scene extends UdpFaceFixture<MemoryNetwork> {
  readonly socket: BoundUdp;
}

async function bound(request = "listen+udp://127.0.0.1:5000"): Promise<Scene> {
  const fixture = udpFaceFixture(new MemoryNetwork(), [RUN, NO]);
  const descriptor = requestFor(request);
  assert.ok(descriptor.name === "listen" || descriptor.name === "udp-peers");
  const socket = await bindApprovedUdp(fixture.context, { descriptor, options: bindOptions([]) });
  return { ...fixture, socket };
}

test("NET-27 CON-16 who wrote is answered no longer once the program gave that up", async () => {
  const { network, socket, broker, questions, reports } = await bound();
  const device = await addMachine(network, DEVICE);
  device.send("0123456789", HERE);
  await socket.receive();
  await socket.send(datagram("one", DEVICE), null);
  applyRestriction(broker, { deny: ["udp://192.168.0.0/16:*"] });
  const answer = socket.send(datagram("two", DEVICE), null) as Promise<void>;
  await assert.rejects(answer, { code: "PERM_DENIED" });
  assert.deepEqual(device.heard.map(({ text }) => text), ["one"]);
  assert.equal(questions.length, 1, "nobody was asked");
  assert.match(reports.join("\n"), /refused .*udp:\/\/192\.168\.1\.20:5683: the program gave this up earlier/);
  await socket.close();
});

test("NET-28 CON-16 a new public peer that the program gave up is refused, by address and by name", async () => {
  const { network, socket, broker, questions, reports, clock } = await bound("udp-peers://127.0.0.1:5000");
  network.addName("node.example", "9.9.9.9");
  network.addName("named.example", "8.8.8.8");
  const known = { address: "9.9.9.1", port: 6881 };
  await socket.send(datagram(1, known), null);
  applyRestriction(broker, { deny: ["udp://9.9.9.0/24:*", "udp://named.example:*"] });
  assert.equal(socket.send(datagram(1, known), null), undefined, "a peer from before goes on, as a connection does");
  for (const address of ["9.9.9.9", "named.example"]) {
    await assert.rejects(socket.send(datagram(1, { address, port: 6881 }), null) as Promise<void>, {
      code: "PERM_DENIED",
    });
  }
  // What a name leads to is found out by a lookup, and told as late as one that fails.
  const led = socket.send(datagram(1, { address: "node.example", port: 6881 }), null);
  await assert.rejects(toldLate(clock, led), { code: "PERM_DENIED" });
  await socket.send(datagram(1, { address: "8.8.4.4", port: 6881 }), null);
  assert.equal(questions.length, 1);
  assert.match(reports.join("\n"), /node\.example: the program gave up what it points to/);
  assert.ok(!network.log.some((line) => line.includes("named.example")), "a name that was given up was looked up");
  await socket.close();
});

test("CON-16 a socket that was closed, and one that could not be bound, watch nothing any more", async () => {
  const { socket, context, broker } = await bound();
  let listening = 0;
  const { onChange } = broker;
  broker.onChange = (callback) => {
    const stop = onChange.call(broker, callback);
    listening++;
    return () => {
      listening--;
      stop();
    };
  };
  const descriptor = requestFor("listen+udp://127.0.0.1:5000");
  assert.ok(descriptor.name === "listen");
  const second = { ...context, requester: context.requester };
  await assert.rejects(bindApprovedUdp(second, { descriptor, options: bindOptions([]) }), { code: "NET_IN_USE" });
  assert.equal(listening, 0);
  await socket.close();
  const again = await bindApprovedUdp(second, { descriptor, options: bindOptions([]) });
  assert.equal(listening, 1);
  await again.close();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(listening, 0);
});

for (const request of ["listen+udp://127.0.0.1:5000", "udp-peers://127.0.0.1:5000"]) {
  test(`CON-17 by ${request.split(":")[0]} nothing leaves for where a rule refuses it, although nobody is asked there`, async () => {
    const network = new MemoryNetwork();
    const refusing = fixedPolicy(policy([rule("managed", "deny", "udp://9.9.9.0/24:*")]));
    const { context } = udpFaceFixture(network, [RUN], { policy: refusing });
    const descriptor = requestFor(request);
    assert.ok(descriptor.name === "listen" || descriptor.name === "udp-peers");
    const socket = await bindApprovedUdp(context, { descriptor, options: bindOptions([]) });
    const peer = await addMachine(network, { address: "9.9.9.9", port: 6881 });
    peer.send("who is there?", HERE);
    await socket.receive();
    const answer = socket.send(datagram("me", { address: "9.9.9.9", port: 6881 }), null) as Promise<void>;
    await assert.rejects(answer, { code: "PERM_DENIED" });
    assert.deepEqual(peer.heard, []);
    await socket.close();
  });
}
