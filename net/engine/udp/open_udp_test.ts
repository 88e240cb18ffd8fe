import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant, type TestGrantOptions } from "../../../tests/support/test_grant.ts";
import {
  connectedUdp,
  datagram,
  hasSettled,
  PEER,
  type UdpFixture,
  udpFixture,
  udpOptions,
} from "../../../tests/support/udp_fixture.ts";
import { type ConnectedUdp, openUdp, type OpenUdpOptions } from "./open_udp.ts";

function open(
  { host, errors }: UdpFixture,
  grant: TestGrantOptions,
  options: Partial<OpenUdpOptions> = {},
): Promise<ConnectedUdp> {
  const approval = testGrant({ scheme: "udp", port: 53, ...grant });
  return openUdp(host, approval, { ...udpOptions(errors), ...options });
}

test("CON-19 a grant opens one socket: the second open is refused before anything is opened", async () => {
  const fixture = udpFixture();
  const grant = testGrant({ scheme: "udp", host: "9.9.9.9", port: 53 });
  const socket = await openUdp(fixture.host, grant, udpOptions([]));
  assert.equal(grant.connected, true);
  await assert.rejects(openUdp(fixture.host, grant, udpOptions([])), { code: "PERM_SPENT" });
  assert.equal(fixture.network.links.length, 1);
  await socket.close();
});

test("NET-14 a name is looked up once and vetted whole; the socket is connected to a vetted address", async () => {
  const fixture = udpFixture();
  fixture.network.addName("peer.example", "2620:fe::fe", "9.9.9.9");
  const socket = await open(fixture, { host: "peer.example" });
  assert.deepEqual(socket.remote, { address: "2620:fe::fe", port: 53 });
  assert.deepEqual(fixture.network.link.init.at, { address: parseIpAddress("2620:fe::fe"), port: 53 });
  assert.deepEqual(fixture.network.log, ["resolve peer.example"]);
  await socket.close();
  fixture.network.addName("rebind.example", "9.9.9.9", "10.0.0.1");
  await assert.rejects(open(fixture, { host: "rebind.example" }), { code: "PERM_ADDRESS" });
  assert.equal(fixture.network.links.length, 1);
});

test("DS-22 dnsQueryType chooses the family", async () => {
  const fixture = udpFixture();
  fixture.network.addName("peer.example", "2620:fe::fe", "9.9.9.9");
  const socket = await open(fixture, { host: "peer.example" }, { dnsQueryType: "ipv4" });
  assert.equal(socket.remote?.address, "9.9.9.9");
  await socket.close();
});

test("NET-14 an address without a route gives way to the next one", async () => {
  const fixture = udpFixture();
  fixture.network.addName("peer.example", "2620:fe::fe", "9.9.9.9");
  fixture.network.refusals.push(new ParleyError("NET_UNREACHABLE", "Cannot connect: no route"));
  const socket = await open(fixture, { host: "peer.example" });
  assert.equal(socket.remote?.address, "9.9.9.9");
  await socket.close();
  fixture.network.refusals.push(new ParleyError("NET_UNREACHABLE", "Cannot connect: no route"));
  await assert.rejects(open(fixture, { host: "9.9.9.9" }), { code: "NET_UNREACHABLE" });
});

test("RS-07 what reaches every machine of a network is no peer, by name or by address", async () => {
  const fixture = udpFixture();
  fixture.network.ownAddresses = [interfaceAddress("192.168.1.2", 24), interfaceAddress("9.9.9.1", 24)];
  fixture.network.addName("all.example", "9.9.9.255");
  for (const host of ["192.168.1.255", "all.example"]) {
    await assert.rejects(open(fixture, { host }), { code: "PERM_ADDRESS" });
  }
  assert.deepEqual(fixture.network.links, []);
});

test("NET-01 on a runtime that cannot look names up, a name is RUNTIME_UNSUPPORTED", async () => {
  const fixture = udpFixture();
  fixture.network.resolves = false;
  await assert.rejects(open(fixture, { host: "peer.example" }), { code: "RUNTIME_UNSUPPORTED" });
});

test("NET-04 a lookup that takes too long, or is aborted, leaves nothing open", async () => {
  const fixture = udpFixture();
  const { network, clock } = fixture;
  network.resolve = (_grant, _host, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new TypeError("in its own words"))));
  const late = assert.rejects(open(fixture, { host: "slow.example" }), { code: "NET_TIMEOUT" });
  await clock.advance(1000);
  await late;
  const controller = new AbortController();
  const reason = new TypeError("enough");
  const aborted = assert.rejects(
    open(fixture, { host: "slow.example" }, { signal: controller.signal }),
    (error) => error instanceof ParleyError && error.code === "NET_ABORTED" && error.cause === reason,
  );
  await clock.advance(1);
  controller.abort(reason);
  await aborted;
  assert.deepEqual([network.links, clock.pendingTimers, fixture.host.inventory.size], [[], 0, 0]);
});

test("NET-04 an approval that is taken back while the socket is opened leaves nothing open", async () => {
  const fixture = udpFixture();
  const approval = new AbortController();
  fixture.network.onOpen = () => approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  await assert.rejects(open(fixture, { host: "9.9.9.9", signal: approval.signal }), { code: "PERM_REVOKED" });
  assert.equal(fixture.network.link.closed, true);
  assert.equal(fixture.host.inventory.size, 0);
});

test("NET-07 delivers what the peer sends, and drops what comes from another address or port, and counts it", async () => {
  const { socket, link } = await connectedUdp();
  link.arrive("evil", { address: "9.9.9.8", port: 53 });
  link.arrive("evil", { address: "9.9.9.9", port: 54 });
  link.arrive("good", PEER);
  const message = await socket.receive();
  assert.deepEqual(Object.keys(message ?? {}), ["data"], "no address keys at all (DS-43)");
  assert.equal(new TextDecoder().decode(message?.data), "good");
  assert.deepEqual([socket.counters.received, socket.counters.filtered, socket.queued], [1, 2, 0]);
  await socket.close();
});

test("NET-07 a link-local peer is told from one behind another interface", async () => {
  const { socket, link } = await connectedUdp({}, { host: "fe80::1%eth0" });
  link.arrive("evil", { address: "fe80::1%eth1", port: 53 });
  link.arrive("evil", { address: "fe80::1", port: 53 });
  assert.deepEqual([socket.counters.filtered, socket.queued], [2, 0]);
  link.arrive("good", { address: "fe80::1%eth0", port: 53 });
  assert.equal(socket.queued, 1);
  await socket.close();
});

test("NET-27 what others send is no answer: the limit holds until the peer itself has answered", async () => {
  const { socket, link, clock } = await connectedUdp();
  for (let count = 0; count < 10; count++) await socket.send(datagram(1), null);
  const eleventh = socket.send(datagram(2), null);
  const twelfth = socket.send(datagram(3), null);
  link.arrive("evil", { address: "9.9.9.8", port: 53 });
  assert.equal(await hasSettled(eleventh), false);
  await clock.advance(1000);
  assert.equal(await hasSettled(eleventh), true);
  assert.equal(await hasSettled(twelfth), false);
  link.arrive("good", PEER);
  await twelfth;
  assert.deepEqual(link.log.slice(-2), ["9.9.9.9:53 2", "9.9.9.9:53 3"]);
  assert.deepEqual([socket.counters.sent, socket.counters.bytesSent], [12, 15]);
  await socket.close();
});

test("NET-27 what waits for its turn is refused when the socket is closed", async () => {
  const { socket, clock } = await connectedUdp();
  await socket.send(datagram(4096), null);
  const waiting = assert.rejects(socket.send(datagram(1), null) as Promise<void>, { code: "NET_CLOSED" });
  await socket.close();
  await waiting;
  assert.equal(clock.pendingTimers, 0);
});

test("DS-48 an ICMP message is an event: nothing rejects, and the socket goes on", async () => {
  const { socket, link, errors } = await connectedUdp();
  const refused = new ParleyError("NET_REFUSED", "Cannot reach the peer: nothing listens there");
  link.report(refused);
  assert.deepEqual([errors, socket.errors], [[refused], 1]);
  // The system reports it once more with the next send, which it then leaves out.
  link.refusals.push(refused);
  await socket.send(datagram("later"), null);
  assert.deepEqual([link.log, socket.errors, socket.isOpen], [["9.9.9.9:53 5"], 2, true]);
  await socket.writable.getWriter().write({ data: new Uint8Array(2) });
  assert.equal(socket.counters.sent, 2);
  await socket.close();
});

test("NET-07 what the system refuses rejects that datagram alone", async () => {
  const { socket, link } = await connectedUdp();
  link.refusals.push(new ParleyError("NET_UNREACHABLE", "Cannot send: no route"));
  await assert.rejects(socket.send(datagram(1), null) as Promise<void>, { code: "NET_UNREACHABLE" });
  const refusals = Array.from({ length: 3 }, () => new ParleyError("NET_REFUSED", "Cannot send: refused"));
  link.refusals.push(...refusals);
  await assert.rejects(socket.send(datagram(1), null) as Promise<void>, { code: "NET_REFUSED" });
  assert.equal(socket.send(datagram(1), null), undefined);
  assert.deepEqual([socket.counters.sent, socket.counters.bytesSent], [1, 1]);
  await socket.close();
});

test("DS-47 65,507 bytes and none are datagrams; 65,508 are too many, and nothing is sent of them", async () => {
  const { socket, link } = await connectedUdp();
  link.arrive("hello", PEER);
  await socket.send(datagram(65_507), null);
  await socket.send(datagram(0), null);
  await assert.rejects(socket.send(datagram(65_508), null) as Promise<void>, { code: "NET_MESSAGE_SIZE" });
  assert.deepEqual(link.log, ["9.9.9.9:53 65507", "9.9.9.9:53 0"]);
  link.arrive("", PEER);
  await socket.receive();
  assert.equal((await socket.receive())?.data.byteLength, 0);
  await socket.close();
});

test("NET-07 a datagram that the system cut off is dropped, counted and reported, not delivered as if whole", async () => {
  const { socket, link, errors } = await connectedUdp();
  link.arrive("only the beginn", PEER, { truncated: true });
  assert.deepEqual([socket.queued, socket.counters.dropped, errors[0]?.code], [0, 1, "NET_MESSAGE_SIZE"]);
  await socket.close();
});

test("RS-02 buffer sizes reach the system, and what it reports can be read", async () => {
  const { socket, link } = await connectedUdp({ sendBufferSize: 4096, receiveBufferSize: 8192 });
  const { sendBufferSize, receiveBufferSize, broadcast } = link.init.options;
  assert.deepEqual([sendBufferSize, receiveBufferSize, broadcast], [4096, 8192, false]);
  assert.deepEqual([socket.sendBufferSize, socket.receiveBufferSize], [4096, 8192]);
  await socket.close();
});

test("NET-03 the list of open sockets has it, with what passed, until it is closed", async () => {
  const { socket, link, host } = await connectedUdp();
  link.arrive("abc", PEER);
  link.arrive("evil", { address: "9.9.9.8", port: 53 });
  await socket.receive();
  await socket.send(datagram(2), null);
  const [snapshot] = host.inventory.snapshot();
  const { kind, destination, remote, received, bytesReceived, sent, bytesSent, filtered } = snapshot ?? {};
  assert.deepEqual(
    { kind, destination, remote, received, bytesReceived, sent, bytesSent, filtered },
    {
      kind: "udp",
      destination: "udp://9.9.9.9:53",
      remote: { address: "9.9.9.9", port: 53 },
      received: 1,
      bytesReceived: 3,
      sent: 1,
      bytesSent: 2,
      filtered: 1,
    },
  );
  await socket.close();
  assert.deepEqual(host.inventory.snapshot(), []);
});
