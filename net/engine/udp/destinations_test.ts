import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { boundUdp, datagram, hasSettled, PEER, refused, udpFixture } from "../../../tests/support/udp_fixture.ts";

const STRANGER = { address: "192.168.1.20", port: 5683 };

test("NET-27 each new destination is a decision of its own, made once for the socket", async () => {
  const { socket, link, questions, reports } = await boundUdp();
  await socket.send(datagram(1, PEER), null);
  assert.equal(socket.send(datagram(2, PEER), null), undefined, "a hit goes at once");
  await socket.send(datagram(3, { address: "9.9.9.9", port: 54 }), null);
  await socket.send(datagram(4, { address: "9.9.9.8", port: 53 }), null);
  assert.deepEqual(questions, [
    "direct-sockets udp://9.9.9.9:53",
    "direct-sockets udp://9.9.9.9:54",
    "direct-sockets udp://9.9.9.8:53",
  ]);
  assert.deepEqual(link.log, ["9.9.9.9:53 1", "9.9.9.9:53 2", "9.9.9.9:54 3", "9.9.9.8:53 4"]);
  assert.deepEqual(reports[0], "udp://9.9.9.9:53 9.9.9.9");
  await socket.close();
});

test("NET-27 nothing leaves before the answer, and whoever sends meanwhile waits for the same one", async () => {
  const answer = Promise.withResolvers<void>();
  const { socket, link, questions } = await boundUdp({ answer: () => answer.promise });
  const sends = [socket.send(datagram(1, PEER), null), socket.send(datagram(2, PEER), null)];
  assert.equal(await hasSettled(Promise.race(sends)), false);
  assert.deepEqual([link.log, questions.length], [[], 1]);
  answer.resolve();
  await Promise.all(sends);
  assert.deepEqual([link.log, questions.length], [["9.9.9.9:53 1", "9.9.9.9:53 2"], 1]);
  await socket.close();
});

test("NET-27 a refusal holds for the socket, too: it is not asked again", async () => {
  const { socket, link, questions } = await boundUdp({ answer: refused });
  const sends = [socket.send(datagram(1, PEER), null), socket.send(datagram(1, PEER), null)];
  for (const outcome of await Promise.allSettled(sends)) assert.equal(outcome.status, "rejected");
  await assert.rejects(socket.send(datagram(1, PEER), null) as Promise<void>, { code: "PERM_DENIED" });
  assert.deepEqual([questions.length, link.log, socket.isOpen], [1, [], true]);
  await socket.close();
});

test("NET-24 one destination has one decision, however its address is written", async () => {
  const { socket, questions, link } = await boundUdp({ grant: { host: "::" } });
  const writings = ["2620:FE::fe", "[2620:fe::fe]", "2620:fe:0:0::fe", "2620:fe::fe"];
  for (const address of writings) await socket.send(datagram(1, { address, port: 53 }), null);
  assert.deepEqual([questions.length, new Set(link.log).size], [1, 1]);
  for (const address of ["127.1", "peer", "9.9.9.9:53", ""]) {
    await assert.rejects(socket.send(datagram(1, { address, port: 53 }), null) as Promise<void>, { code: "DEST_HOST" });
  }
  await assert.rejects(socket.send(datagram(1, { address: "9.9.9.9", port: 0 }), null) as Promise<void>, {
    code: "DEST_SYNTAX",
  });
  assert.equal(questions.length, 1);
  await socket.close();
});

test("DS-46 a name is asked for, looked up once, vetted, and stays with its address", async () => {
  const fixture = udpFixture();
  fixture.network.addName("nas.example", "9.9.9.9", "2620:fe::fe");
  const { socket, link, questions, network } = await boundUdp({ fixture, grant: { host: "::" } });
  const nas = { address: "NAS.example.", port: 53 };
  await socket.send(datagram(1, nas), null);
  network.addName("nas.example", "6.6.6.6");
  await socket.send(datagram(2, nas), null);
  await socket.send(datagram(3, nas, "ipv6"), null);
  await socket.send(datagram(4, PEER), null);
  assert.deepEqual(link.log, ["9.9.9.9:53 1", "9.9.9.9:53 2", "2620:fe::fe:53 3", "9.9.9.9:53 4"]);
  assert.deepEqual(questions, ["direct-sockets udp://nas.example:53"], "its address was approved with it");
  assert.deepEqual(network.log, ["resolve nas.example"]);
  await socket.close();
});

test("CON-13 an address that was approved by itself and by a name is covered while one of the two holds", async () => {
  const fixture = udpFixture();
  fixture.network.addName("nas.example", PEER.address);
  const byItself = new AbortController();
  const { socket, questions } = await boundUdp({
    fixture,
    answer: ({ destination }) => destination?.host.kind === "address" ? byItself.signal : undefined,
  });
  await socket.send(datagram(1, PEER), null);
  await socket.send(datagram(1, { address: "nas.example", port: PEER.port }), null);
  byItself.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  assert.equal(socket.send(datagram(1, PEER), null), undefined);
  assert.equal(questions.length, 2);
  await socket.close();
});

test("CON-19 the approval of a destination is spent on it", async () => {
  const grant = testGrant({ scheme: "udp", host: PEER.address, port: PEER.port });
  const { socket } = await boundUdp({ approve: () => Promise.resolve(grant) });
  await socket.send(datagram(1, PEER), null);
  assert.throws(() => grant.spend(), { code: "PERM_SPENT" });
  await socket.close();
});

test("NET-27 a name that points to every machine of a network is refused", async () => {
  const fixture = udpFixture();
  fixture.network.ownAddresses = [interfaceAddress("9.9.9.1", 24)];
  fixture.network.addName("all.example", "9.9.9.255");
  const { socket, link, clock } = await boundUdp({ fixture, broadcast: true });
  const sending = socket.send(datagram(1, { address: "all.example", port: 53 }), null);
  await assert.rejects(toldLate(clock, sending), { code: "PERM_ADDRESS" });
  assert.deepEqual(link.log, []);
  await socket.close();
});

test("NET-14 a name that points into the own network is refused, and stays so", async () => {
  const fixture = udpFixture();
  fixture.network.addName("rebind.example", "9.9.9.9", "192.168.1.1");
  const { socket, link, questions, reports, network, clock } = await boundUdp({ fixture });
  const rebind = { address: "rebind.example", port: 53 };
  await assert.rejects(toldLate(clock, socket.send(datagram(1, rebind), null)), { code: "PERM_ADDRESS" });
  network.addName("rebind.example", "9.9.9.9");
  // As late as the first time, like a name that does not exist.
  await assert.rejects(toldLate(clock, socket.send(datagram(1, rebind), null)), { code: "PERM_ADDRESS" });
  assert.deepEqual([link.log, questions.length, network.log.length], [[], 1, 1]);
  assert.deepEqual(reports, ["udp://rebind.example:53 PERM_ADDRESS"]);
  await socket.close();
});

test("DS-46 a lookup that fails rejects, and is tried again without a second question", async () => {
  const { socket, questions, network, link, clock } = await boundUdp();
  const nas = { address: "nas.example", port: 53 };
  await assert.rejects(toldLate(clock, socket.send(datagram(1, nas), null)), { code: "NET_DNS" });
  network.addName("nas.example", "9.9.9.9");
  await socket.send(datagram(1, nas), null);
  await assert.rejects(socket.send(datagram(1, nas, "ipv6"), null) as Promise<void>, { code: "NET_DNS" });
  assert.deepEqual([questions.length, link.log, network.log.length], [1, ["9.9.9.9:53 1"], 2]);
  network.resolve = (_grant, _host, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const slow = socket.send(datagram(1, { address: "slow.example", port: 53 }), null);
  await assert.rejects(toldLate(clock, slow), { code: "NET_DNS" });
  await socket.close();
});

test("NET-01 on a runtime that cannot look names up, a name is RUNTIME_UNSUPPORTED and a literal is not", async () => {
  const fixture = udpFixture();
  fixture.network.resolves = false;
  const { socket } = await boundUdp({ fixture });
  const name = socket.send(datagram(1, { address: "nas.example", port: 53 }), null);
  await assert.rejects(name as Promise<void>, { code: "RUNTIME_UNSUPPORTED" });
  await socket.send(datagram(1, PEER), null);
  await socket.close();
});

test("DS-51 what the socket's family cannot reach is refused before anybody is asked", async () => {
  const onlyIpv4 = await boundUdp();
  const onlyIpv6 = await boundUdp({ grant: { host: "::" }, ipv6Only: true });
  const one = await boundUdp({ grant: { host: "::1" } });
  const both = await boundUdp({ grant: { host: "::" } });
  const [ipv4, ipv6] = [datagram(1, PEER), datagram(1, { address: "2620:fe::fe", port: 53 })];
  for (const [{ socket, questions }, message] of [[onlyIpv4, ipv6], [onlyIpv6, ipv4], [one, ipv4]] as const) {
    await assert.rejects(socket.send(message, null) as Promise<void>, { code: "NET_UNREACHABLE" });
    assert.deepEqual(questions, []);
  }
  await both.socket.send(ipv4, null);
  await both.socket.send(ipv6, null);
  const group = datagram(1, { address: "224.0.0.251", port: 5353 });
  await assert.rejects(both.socket.send(group, null) as Promise<void>, { code: "NET_UNREACHABLE" });
  for (const { socket } of [onlyIpv4, onlyIpv6, one, both]) await socket.close();
});

test("NET-27 until a destination has answered, 10 datagrams and 4 KiB, then one a second, each for itself", async () => {
  const { socket, link, clock } = await boundUdp();
  const other = { address: "9.9.9.8", port: 53 };
  for (let count = 0; count < 10; count++) await socket.send(datagram(1, PEER), null);
  const eleventh = socket.send(datagram(11, PEER), null);
  for (let count = 0; count < 10; count++) await socket.send(datagram(1, other), null);
  const waiting = socket.send(datagram(22, other), null);
  link.arrive("answer", other);
  await waiting;
  assert.equal(await hasSettled(eleventh), false);
  await clock.advance(1000);
  await eleventh;
  assert.deepEqual(link.log.slice(-2), ["9.9.9.8:53 22", "9.9.9.9:53 11"]);
  await socket.close();
});

test("NET-27 a destination that wrote before it was approved has answered already", async () => {
  const { socket, link, questions } = await boundUdp();
  link.arrive("a", STRANGER);
  await socket.send(datagram(1000, STRANGER), null);
  for (let count = 0; count < 20; count++) assert.equal(socket.send(datagram(1000, STRANGER), null), undefined);
  assert.equal(questions.length, 1);
  await socket.close();
});

test("NET-27 who wrote is answered without a question up to three times the bytes; more is asked about", async () => {
  const { socket, link, questions } = await boundUdp();
  link.arrive("x".repeat(100), STRANGER);
  assert.equal(socket.send(datagram(300, STRANGER), null), undefined);
  assert.deepEqual([questions, link.log], [[], ["192.168.1.20:5683 300"]]);
  await socket.send(datagram(1, STRANGER), null);
  assert.deepEqual(questions, ["direct-sockets udp://192.168.1.20:5683"]);
  await socket.close();
});

test("NET-27 where nobody can be asked, answers go on; where somebody said no, they do not", async () => {
  for (const [code, goes] of [["PERM_NO_TERMINAL", true], ["PERM_DENIED", false]] as const) {
    const { socket, link } = await boundUdp({
      answer: () => {
        throw new ParleyError(code, "Cannot connect");
      },
    });
    link.arrive("x", STRANGER);
    await assert.rejects(socket.send(datagram(4, STRANGER), null) as Promise<void>, { code });
    const answer = socket.send(datagram(3, STRANGER), null);
    if (goes) assert.equal(answer, undefined);
    else await assert.rejects(answer as Promise<void>, { code });
    assert.equal(link.log.length, goes ? 1 : 0);
    await socket.close();
  }
});

test("NET-27 at most 1,000 destinations are approved for one socket, refused ones not counted", async () => {
  let refuse = true;
  const { socket, questions } = await boundUdp({
    answer: () => {
      if (refuse) throw new ParleyError("PERM_DENIED", "Cannot connect");
    },
  });
  const to = (number: number): { address: string; port: number } => ({
    address: `9.9.${number >> 8}.${number & 255}`,
    port: 53,
  });
  for (let number = 2000; number < 2010; number++) {
    await assert.rejects(socket.send(datagram(1, to(number)), null) as Promise<void>, { code: "PERM_DENIED" });
  }
  refuse = false;
  for (let number = 0; number < 1000; number++) await socket.send(datagram(1, to(number)), null);
  await assert.rejects(
    socket.send(datagram(1, to(1000)), null) as Promise<void>,
    (error) => error instanceof ParleyError && error.detail["limit"] === "approved-peers",
  );
  assert.equal(questions.length, 1010);
  await socket.send(datagram(1, to(0)), null);
  await socket.close();
});

test("CON-13 an approval for one destination that is taken back ends sending there, and nothing else", async () => {
  const approval = new AbortController();
  const { socket, link, questions } = await boundUdp({
    answer: ({ port }) => port === 53 ? approval.signal : undefined,
  });
  await socket.send(datagram(4096, PEER), null);
  const waiting = socket.send(datagram(1, PEER), null) as Promise<void>;
  approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  link.arrive("answer", PEER);
  await assert.rejects(waiting, { code: "PERM_REVOKED" });
  await assert.rejects(socket.send(datagram(1, PEER), null) as Promise<void>, { code: "PERM_REVOKED" });
  await socket.send(datagram(1, { address: "9.9.9.9", port: 54 }), null);
  assert.deepEqual([questions.length, link.log], [2, ["9.9.9.9:53 4096", "9.9.9.9:54 1"]]);
  await socket.close();
});

test("NET-04 closing withdraws the question; what waits is refused, and a late yes sends nothing", async () => {
  const answer = Promise.withResolvers<void>();
  let withdrawn: AbortSignal | null = null;
  const { socket, link } = await boundUdp({
    approve: async (descriptor, signal) => {
      withdrawn = signal;
      await answer.promise;
      return testGrant({ scheme: "udp", host: descriptor.destination?.host.text ?? "", port: descriptor.port });
    },
  });
  const sends = [socket.send(datagram(1, PEER), null), socket.send(datagram(1, PEER), null)] as Promise<void>[];
  const rejections = sends.map((send) => assert.rejects(send, { code: "NET_CLOSED" }));
  await socket.close();
  await Promise.all(rejections);
  assert.equal((withdrawn as unknown as AbortSignal).aborted, true);
  answer.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(link.log, []);
});

test("NET-04 a signal takes one datagram back while the operator is asked, not the question", async () => {
  const answer = Promise.withResolvers<void>();
  const { socket, link } = await boundUdp({ answer: () => answer.promise });
  const controller = new AbortController();
  const first = assert.rejects(socket.send(datagram(1, PEER), controller.signal) as Promise<void>, {
    code: "NET_ABORTED",
  });
  const second = socket.send(datagram(2, PEER), null);
  controller.abort(new TypeError("enough"));
  await first;
  answer.resolve();
  await second;
  assert.deepEqual(link.log, ["9.9.9.9:53 2"]);
  await socket.close();
});
