import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { connectedUdp, datagram, udpFixture, udpOptions } from "../../../tests/support/udp_fixture.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { test } from "../../../tests/support/harness.ts";
import { openUdp } from "./open_udp.ts";

const GROUP = { scheme: "multicast", host: "239.255.0.1", port: 5000 } as const;
const FAR = { timeToLive: 9, loopback: false, interfaceName: null };

test("NET-27 a socket that sends to a group does so as it is told, without a limit until somebody answers", async () => {
  const { socket, link } = await connectedUdp({ multicast: FAR }, GROUP);
  assert.deepEqual(link.multicast, FAR);
  for (let count = 0; count < 40; count++) assert.equal(socket.send(datagram(1000), null), undefined);
  assert.deepEqual(link.log, Array.from({ length: 40 }, () => "239.255.0.1:5000 1000"));
  assert.equal(socket.counters.sent, 40);
  await socket.close();
});

test("NET-27 options for groups change nothing for a single peer, and none are set that nobody gave", async () => {
  const single = await connectedUdp({ multicast: FAR });
  const silent = await connectedUdp({}, GROUP);
  const none = await connectedUdp({ multicast: null }, GROUP);
  for (const { socket, link } of [single, silent, none]) {
    assert.equal(link.multicast, null);
    await socket.close();
  }
});

test("DS-14 options that the system refuses leave no socket behind", async () => {
  const { network, host, errors } = udpFixture();
  const refusal = new ParleyError("RUNTIME_UNSUPPORTED", "Cannot set a time to live of 0: this runtime has no way to");
  const { connectDatagram } = network;
  network.connectDatagram = async (...given) => {
    const link = await connectDatagram.apply(network, given);
    network.link.groupError = refusal;
    return link;
  };
  const opening = openUdp(host, testGrant(GROUP), { ...udpOptions(errors), multicast: { ...FAR, timeToLive: 0 } });
  await assert.rejects(opening, refusal);
  assert.equal(network.link.closed, true);
  assert.equal(host.inventory.size, 0);
});
