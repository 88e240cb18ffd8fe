import assert from "node:assert/strict";
import { bytesOf } from "../../tests/support/approving_host.ts";
import { NO, ONCE } from "../../tests/support/broker_fixture.ts";
import { FakeDatagramNetwork, interfaceAddress } from "../../tests/support/fake_datagrams.ts";
import { test } from "../../tests/support/harness.ts";
import { udpCommandRun } from "../../tests/support/udp_command_fixture.ts";
import { shownQuestion } from "../../tests/support/udp_face_fixture.ts";

const ANY = ["--listen", "0.0.0.0:5000"];
const NAS = { address: "192.168.1.20", port: 9 };

test("NET-07 one question opens a socket with one peer, and whatever comes from others is dropped", async () => {
  const { open, questions, network, reports } = udpCommandRun(["9.9.9.9:53"], { answers: [ONCE] });
  await using socket = await open();
  assert.deepEqual(questions.map(shownQuestion), ["direct-sockets udp://9.9.9.9:53 no risk"]);
  assert.match(reports.join(), /exchanging datagrams with udp:\/\/9\.9\.9\.9:53 .*NOT ENCRYPTED, as approved/);
  network.link.arrive("forged", NAS);
  network.link.arrive("real", { address: "9.9.9.9", port: 53 });
  const received = await socket.receive();
  assert.deepEqual([received?.data, received?.from], [bytesOf("real"), { address: "9.9.9.9", port: 53 }]);
});

test("NET-27 a listening socket asks for itself, its groups and where the input goes, before anything is read", async () => {
  const args = [...ANY, "--join", "239.1.1.1", "--join", "232.1.1.1@192.0.2.7", "--to", "192.168.1.20:9"];
  const { open, questions, network, sent } = udpCommandRun(args, { answers: [ONCE, ONCE, ONCE, ONCE] });
  await using socket = await open();
  const asked = [
    "listen listen+udp://0.0.0.0:5000 listen-any",
    "direct-sockets-multicast multicast://239.1.1.1:5000 multicast",
    "direct-sockets-multicast multicast://232.1.1.1:5000 multicast",
    "direct-sockets udp://192.168.1.20:9 private",
  ];
  assert.deepEqual(questions.map(shownQuestion), asked);
  assert.deepEqual(network.link.memberships.map(({ group }) => group.text), ["239.1.1.1", "232.1.1.1"]);
  for (const text of ["first", "second"]) await socket.send(bytesOf(text), NAS);
  assert.equal(questions.length, asked.length, "what was approved is not asked again");
  assert.deepEqual(sent(), ["192.168.1.20:9 first", "192.168.1.20:9 second"]);
  await assert.rejects(async () => await socket.send(bytesOf("x"), { ...NAS, port: 10 }), { code: "PERM_DENIED" });
  assert.equal(questions.length, asked.length + 1, "and covers nothing else");
});

test("NET-27 joining a group is the approval to send to it at the same port, and at no other", async () => {
  const join = [...ANY, "--join", "239.1.1.1", "--to"];
  const same = udpCommandRun([...join, "239.1.1.1:5000"], { answers: [ONCE, ONCE] });
  await using socket = await same.open();
  await socket.send(bytesOf("to all"), { address: "239.1.1.1", port: 5000 });
  assert.deepEqual([same.questions.length, same.sent()], [2, ["239.1.1.1:5000 to all"]]);
  const other = udpCommandRun([...join, "239.1.1.1:5001"], { answers: [ONCE, ONCE] });
  await assert.rejects(other.open(), { code: "PERM_DENIED" });
  assert.equal(other.questions.length, 3);
  assert.ok(other.network.link.closed);
});

test("NET-27 a broadcast is asked for as what it is, and needs the flag before anybody is asked", async () => {
  const network = new FakeDatagramNetwork();
  network.ownAddresses = [interfaceAddress("192.168.1.5", 24)];
  const args = [...ANY, "--to", "192.168.1.255:9"];
  const without = udpCommandRun(args, { network, answers: [ONCE, ONCE] });
  await assert.rejects(without.open(), { code: "ARG_INVALID", message: /add --broadcast/ });
  assert.deepEqual([without.questions.length, network.links.length], [0, 0]);
  const run = udpCommandRun([...args, "--broadcast"], { network, answers: [ONCE, ONCE] });
  await using socket = await run.open();
  await socket.send(bytesOf("wake"), { address: "192.168.1.255", port: 9 });
  assert.deepEqual(run.questions.map(shownQuestion), [
    "listen listen+udp://0.0.0.0:5000 listen-any",
    "direct-sockets udp://192.168.1.255:9 broadcast",
  ]);
  assert.deepEqual(run.sent(), ["192.168.1.255:9 wake"]);
});

test("NET-22 whatever is refused on the way leaves no socket open", async () => {
  const args = [...ANY, "--join", "239.1.1.1", "--to", "192.168.1.20:9"];
  for (const answers of [[NO], [ONCE, NO], [ONCE, ONCE, NO]]) {
    const { open, network } = udpCommandRun(args, { answers });
    await assert.rejects(open(), { code: "PERM_DENIED" });
    assert.deepEqual(network.links.map(({ closed }) => closed), answers.length === 1 ? [] : [true]);
  }
});

test("NET-22 groups are reached by the interface that was named, and their port is shared", async () => {
  const join = [...ANY, "--join", "239.1.1.1", "--interface", "eth0"];
  const { open, network } = udpCommandRun(join, { answers: [ONCE, ONCE] });
  await using _socket = await open();
  assert.deepEqual(network.link.memberships[0]?.interfaceName, "eth0");
  assert.deepEqual(network.link.multicast, { timeToLive: 1, loopback: true, interfaceName: "eth0" });
  assert.equal((network.link.init.options as { addressSharing?: boolean }).addressSharing, true);
  const plain = udpCommandRun(ANY, { answers: [ONCE] });
  await using _other = await plain.open();
  assert.equal((plain.network.link.init.options as { addressSharing?: boolean }).addressSharing, false);
});
