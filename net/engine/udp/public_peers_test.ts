import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import {
  type BoundFixture,
  type BoundFixtureOptions,
  boundUdp,
  datagram,
  hasSettled,
  refused,
  udpFixture,
} from "../../../tests/support/udp_fixture.ts";

const PUBLIC: BoundFixtureOptions = { grant: { scheme: "udp-peers", host: "0.0.0.0", port: 6881 }, answer: refused };

function publicUdp(options: BoundFixtureOptions = {}): Promise<BoundFixture> {
  return boundUdp({ ...PUBLIC, ...options });
}

const node = (number: number, port = 6881): { address: string; port: number } => ({
  address: `9.${number >> 16}.${(number >> 8) & 255}.${number & 255}`,
  port,
});

test("NET-28 any public address can be sent to at ports from 1024, without a further question", async () => {
  const { socket, link, questions } = await publicUdp();
  await socket.send(datagram(1, node(1)), null);
  await socket.send(datagram(2, node(2, 1024)), null);
  assert.deepEqual([questions, link.log], [[], ["9.0.0.1:6881 1", "9.0.0.2:1024 2"]]);
  await socket.close();
});

test("NET-28 local addresses, this machine, low ports and localhost are refused without a question", async () => {
  const { socket, link, questions } = await publicUdp();
  const places = [
    { address: "192.168.1.1", port: 6881 },
    { address: "127.0.0.1", port: 6881 },
    { address: "169.254.169.254", port: 6881 },
    { address: "localhost", port: 6881 },
    node(1, 1023),
    node(1, 53),
  ];
  for (const place of places) {
    await assert.rejects(socket.send(datagram(1, place), null) as Promise<void>, { code: "PERM_ADDRESS" });
  }
  assert.deepEqual([questions, link.log], [[], []]);
  await socket.close();
});

test("NET-28 a local node that wrote is answered, within the limit for answers", async () => {
  const { socket, link } = await publicUdp();
  const local = { address: "192.168.1.5", port: 6881 };
  link.arrive("find_node", local);
  assert.equal(socket.send(datagram(27, local), null), undefined);
  await assert.rejects(socket.send(datagram(1, local), null) as Promise<void>, { code: "PERM_ADDRESS" });
  link.arrive("again", local);
  assert.equal(socket.send(datagram(15, local), null), undefined, "what was too much closes nothing");
  await socket.close();
});

test("NET-28 50 new peers in any minute; more are refused at once, with the time after which there is room", async () => {
  const { socket, clock, link } = await publicUdp();
  for (let number = 0; number < 30; number++) await socket.send(datagram(1, node(number)), null);
  await clock.advance(20_000);
  for (let number = 30; number < 50; number++) await socket.send(datagram(1, node(number)), null);
  const error = await (socket.send(datagram(1, node(50)), null) as Promise<void>).catch((error) => error);
  assert.ok(error instanceof ParleyError);
  assert.deepEqual([error.code, error.detail], ["NET_LIMIT", { limit: "new-peers", retryAfterMs: 40_000 }]);
  assert.equal(socket.send(datagram(1, node(0)), null), undefined, "known peers go on");
  await clock.advance(40_000);
  for (let number = 50; number < 80; number++) await socket.send(datagram(1, node(number)), null);
  await assert.rejects(socket.send(datagram(1, node(80)), null) as Promise<void>, { code: "NET_LIMIT" });
  await clock.advance(20_000);
  await socket.send(datagram(1, node(80)), null);
  assert.equal(link.log.length, 82);
  await socket.close();
});

test("NET-28 answering strangers takes nothing from the new peers", async () => {
  const { socket, link } = await publicUdp();
  for (let number = 0; number < 200; number++) {
    link.arrive("ping", node(number));
    assert.equal(socket.send(datagram(12, node(number)), null), undefined);
  }
  await socket.send(datagram(1, node(1000)), null);
  await socket.close();
});

test("NET-28 the limit for peers that have not answered holds, too", async () => {
  const { socket, link } = await publicUdp();
  for (let count = 0; count < 10; count++) await socket.send(datagram(1, node(1)), null);
  const eleventh = socket.send(datagram(1, node(1)), null);
  assert.equal(await hasSettled(eleventh), false);
  link.arrive("answer", node(1));
  await eleventh;
  await socket.close();
});

test("NET-28 a name for the first contact is looked up and vetted under the same approval, once", async () => {
  const fixture = udpFixture();
  fixture.network.addName("router.example", "9.9.9.9");
  fixture.network.addName("rebind.example", "9.9.9.9", "10.0.0.1");
  const { socket, link, questions, network, clock } = await publicUdp({ fixture });
  await socket.send(datagram(1, { address: "router.example", port: 6881 }), null);
  await socket.send(datagram(2, { address: "router.example", port: 6881 }), null);
  const rebind = socket.send(datagram(1, { address: "rebind.example", port: 6881 }), null);
  await assert.rejects(toldLate(clock, rebind), { code: "PERM_ADDRESS" });
  const low = socket.send(datagram(1, { address: "router.example", port: 53 }), null);
  await assert.rejects(low as Promise<void>, { code: "PERM_ADDRESS" });
  assert.deepEqual([questions, link.log], [[], ["9.9.9.9:6881 1", "9.9.9.9:6881 2"]]);
  assert.deepEqual(network.log.filter((line) => line.includes("rebind")).length, 1);
  await socket.close();
});

test("NET-28 a name that leads to a known peer is no new one", async () => {
  const fixture = udpFixture();
  fixture.network.addName("router.example", "9.0.0.0");
  const { socket } = await publicUdp({ fixture });
  for (let number = 0; number < 50; number++) await socket.send(datagram(1, node(number)), null);
  await socket.send(datagram(1, { address: "router.example", port: 6881 }), null);
  await socket.close();
});

test("NET-28 10,000 peers are remembered; the one that was idle for longest is forgotten, and is new again", async () => {
  const { socket, link, clock } = await publicUdp();
  for (let number = 0; number < 10_000; number++) {
    if (number % 50 === 0) await clock.advance(60_000);
    await socket.send(datagram(1, node(number)), null);
    // The first one is busy all the time, and the second answers.
    if (number % 1000 === 0) socket.send(datagram(0, node(0)), null);
    if (number === 5000) link.arrive("here", node(1));
  }
  await clock.advance(60_000);
  for (let number = 10_000; number < 10_050; number++) await socket.send(datagram(1, node(number)), null);
  for (const remembered of [0, 1, 52]) assert.equal(socket.send(datagram(0, node(remembered)), null), undefined);
  for (const forgotten of [2, 51]) {
    await assert.rejects(socket.send(datagram(1, node(forgotten)), null) as Promise<void>, { code: "NET_LIMIT" });
  }
  await socket.close();
});

test("NET-28 the approval, taken back, ends the socket", async () => {
  const approval = new AbortController();
  const { socket } = await publicUdp({ grant: { ...PUBLIC.grant, signal: approval.signal } });
  await socket.send(datagram(1, node(1)), null);
  approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  await assert.rejects(socket.send(datagram(1, node(1)), null) as Promise<void>, { code: "PERM_REVOKED" });
  await assert.rejects(socket.closed, { code: "PERM_REVOKED" });
});

test("NET-28 groups and broadcast are asked about as on any other socket", async () => {
  const { socket, questions } = await publicUdp({ answer: () => {}, broadcast: true });
  await socket.send(datagram(1, { address: "239.1.2.3", port: 6771 }), null);
  await socket.send(datagram(1, { address: "255.255.255.255", port: 6771 }), null);
  assert.deepEqual(questions, [
    "direct-sockets-multicast multicast://239.1.2.3:6771",
    "direct-sockets udp://255.255.255.255:6771 broadcast",
  ]);
  await socket.close();
});

test("NET-28 NET-14 an address of this machine or of its neighbours is none of the Internet's, public as it is", async () => {
  const fixture = udpFixture();
  fixture.network.ownAddresses = [interfaceAddress("81.2.3.4", 29)];
  const { socket, link } = await publicUdp({ fixture });
  const send = (address: string) => socket.send(datagram("x", { address, port: 6881 }), null);
  for (const near of ["81.2.3.4", "81.2.3.1"]) {
    await assert.rejects(send(near) as Promise<void>, { code: "PERM_ADDRESS" });
  }
  await send("81.2.3.9");
  assert.deepEqual(link.log, ["81.2.3.9:6881 1"]);
  await socket.close();
});
