import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { bindOptions, boundUdp, datagram, PEER, udpFixture } from "../../../tests/support/udp_fixture.ts";
import { bindUdp } from "./bind_udp.ts";

const STRANGER = { address: "192.168.1.20", port: 5683 };

test("NET-27 binds to the approved address and port, with what was asked for", async () => {
  const multicast = { timeToLive: 4, loopback: false, interfaceName: "eth0" };
  const { socket, link } = await boundUdp({
    grant: { host: "::", port: 0 },
    ipv6Only: true,
    broadcast: true,
    addressSharing: true,
    sendBufferSize: 1,
    receiveBufferSize: 2,
    multicast,
  });
  assert.deepEqual([link.init.at.address.text, link.init.at.port, socket.local.port], ["::", 0, 40_000]);
  assert.deepEqual(link.init.options, {
    sendBufferSize: 1,
    receiveBufferSize: 2,
    broadcast: true,
    ipv6Only: true,
    addressSharing: true,
  });
  assert.deepEqual(link.multicast, multicast);
  await socket.close();
});

test("CON-19 a grant binds one socket: the second is refused before anything is bound", async () => {
  const { host, network } = udpFixture();
  const grant = testGrant({ scheme: "listen+udp", host: "127.0.0.1", port: 0 });
  const socket = await bindUdp(host, grant, bindOptions([]));
  assert.equal(grant.connected, true);
  await assert.rejects(bindUdp(host, grant, bindOptions([])), { code: "PERM_SPENT" });
  assert.equal(network.links.length, 1);
  await socket.close();
});

test("NET-04 what the system refuses, and an approval taken back meanwhile, leave nothing open", async () => {
  const fixture = udpFixture();
  fixture.network.refusals.push(new ParleyError("NET_IN_USE", "Cannot bind: in use"));
  await assert.rejects(boundUdp({ fixture }), { code: "NET_IN_USE" });
  fixture.network.onOpen = () => {
    fixture.network.link.groupError = new ParleyError("RUNTIME_UNSUPPORTED", "Cannot set the time to live");
  };
  const multicast = { timeToLive: 0, loopback: true, interfaceName: null };
  await assert.rejects(boundUdp({ fixture, multicast }), { code: "RUNTIME_UNSUPPORTED" });
  assert.equal(fixture.network.link.closed, true);
  const approval = new AbortController();
  fixture.network.onOpen = () => approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  await assert.rejects(boundUdp({ fixture, grant: { signal: approval.signal } }), { code: "PERM_REVOKED" });
  assert.deepEqual([fixture.network.link.closed, fixture.host.inventory.size], [true, 0]);
});

test("DS-44 messages say from whom they are, and nothing else", async () => {
  const { socket, link } = await boundUdp();
  const from = { ...STRANGER };
  link.arrive("hello", from);
  from.address = "changed by the back end";
  const message = await socket.receive();
  assert.deepEqual(Object.keys(message ?? {}), ["data", "remoteAddress", "remotePort"]);
  assert.deepEqual([message?.remoteAddress, message?.remotePort], [STRANGER.address, STRANGER.port]);
  await socket.close();
});

test("NET-04 the approval of the socket itself, taken back, ends it", async () => {
  const approval = new AbortController();
  const { socket, link } = await boundUdp({ grant: { signal: approval.signal } });
  await socket.send(datagram(4096, PEER), null);
  const waiting = assert.rejects(socket.send(datagram(1, PEER), null) as Promise<void>, { code: "PERM_REVOKED" });
  const reading = assert.rejects(socket.receive(), { code: "PERM_REVOKED" });
  approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  await Promise.all([waiting, reading]);
  await assert.rejects(socket.closed, { code: "PERM_REVOKED" });
  assert.equal(link.closed, true);
});

test("NET-27 a flood of 100,000 senders costs a bounded memory, and their datagrams are dropped and counted", async () => {
  const { socket, link } = await boundUdp();
  const from = { address: "", port: 9 };
  const bytes = new Uint8Array(100);
  for (let number = 0; number < 100_000; number++) {
    from.address = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    link.arrive(bytes, from);
  }
  assert.deepEqual([socket.queued, socket.counters.dropped], [1024, 100_000 - 1024]);
  await socket.close();
});

test("DS-45 what is written to the stream needs a destination, and is decided like anything else", async () => {
  const { socket, link, questions } = await boundUdp();
  const writer = socket.writable.getWriter();
  await writer.write({ data: new Uint8Array(1), remoteAddress: PEER.address, remotePort: PEER.port });
  assert.deepEqual([link.log, questions.length], [["9.9.9.9:53 1"], 1]);
  await assert.rejects(writer.write({ data: new Uint8Array(1) }), TypeError);
  assert.equal(socket.isOpen, true);
  writer.releaseLock();
  await socket.close();
});

test("NET-03 the list of open sockets has it as bound, without a far end", async () => {
  const { socket, host } = await boundUdp();
  const [snapshot] = host.inventory.snapshot();
  assert.deepEqual([snapshot?.kind, snapshot?.destination, snapshot?.remote], [
    "udp-bound",
    "listen+udp://0.0.0.0:5000",
    null,
  ]);
  await socket.close();
  assert.equal(host.inventory.size, 0);
});
