import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../../core/ip_address.ts";
import { interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { boundUdp, datagram, hasSettled, refused, udpFixture } from "../../../tests/support/udp_fixture.ts";
import type { Membership } from "../../datagram_port.ts";

const ip = (text: string): IpAddress => parseIpAddress(text) as IpAddress;
const GROUP = { address: "239.1.2.3", port: 5000 };
const QUESTION = "direct-sockets-multicast multicast://239.1.2.3:5000";

function member(group = GROUP.address, source: string | null = null, interfaceName: string | null = null): Membership {
  return { group: ip(group), source: source === null ? null : ip(source), interfaceName };
}

test("NET-27 joining a group and sending to it at the own port are one request", async () => {
  const joined = await boundUdp();
  await joined.socket.joinGroup(member());
  await joined.socket.send(datagram(1, GROUP), null);
  assert.deepEqual([joined.questions, joined.link.log], [[QUESTION], ["239.1.2.3:5000 1"]]);
  await joined.socket.send(datagram(1, { ...GROUP, port: 5001 }), null);
  assert.equal(
    joined.questions.at(-1),
    "direct-sockets-multicast multicast://239.1.2.3:5001",
    "another port is another",
  );
  await joined.socket.close();
  const sent = await boundUdp();
  await sent.socket.send(datagram(1, GROUP), null);
  await sent.socket.joinGroup(member());
  assert.deepEqual([sent.questions, sent.link.memberships.length], [[QUESTION], 1]);
  await sent.socket.close();
});

test("NET-27 a group is not limited until it answers: it is the operator's own choice", async () => {
  const { socket, link } = await boundUdp();
  await socket.joinGroup(member());
  for (let count = 0; count < 50; count++) await socket.send(datagram(1000, GROUP), null);
  assert.equal(link.log.length, 50);
  await socket.close();
});

test("NET-27 an approval for one sender is not one for any, and the other way round it is", async () => {
  const { socket, questions } = await boundUdp();
  await socket.joinGroup(member(GROUP.address, "192.168.1.9"));
  await socket.send(datagram(1, GROUP), null);
  await socket.joinGroup(member(GROUP.address, "192.168.1.10"));
  socket.leaveGroup(member(GROUP.address, "192.168.1.9"));
  socket.leaveGroup(member(GROUP.address, "192.168.1.10"));
  await socket.joinGroup(member());
  socket.leaveGroup(member());
  await socket.joinGroup(member(GROUP.address, "192.168.1.11"));
  assert.deepEqual(questions, [`${QUESTION} from 192.168.1.9`, `${QUESTION} from 192.168.1.10`, QUESTION]);
  await socket.close();
});

test("NET-27 a refused group is not joined, not sent to, and not asked about again", async () => {
  const { socket, link, questions } = await boundUdp({ answer: refused });
  await assert.rejects(socket.joinGroup(member()), { code: "PERM_DENIED" });
  await assert.rejects(socket.joinGroup(member()), { code: "PERM_DENIED" });
  await assert.rejects(socket.send(datagram(1, GROUP), null) as Promise<void>, { code: "PERM_DENIED" });
  assert.deepEqual([questions, link.memberships, link.log, socket.joinedGroups], [[QUESTION], [], [], []]);
  await socket.close();
});

test("DS-54 joining what is joined, or being joined, is refused; what the system refuses can be tried again", async () => {
  const answer = Promise.withResolvers<void>();
  const { socket, link } = await boundUdp({ answer: () => answer.promise });
  const first = socket.joinGroup(member());
  await assert.rejects(socket.joinGroup(member()), { code: "ARG_INVALID" });
  assert.deepEqual(socket.joinedGroups, [], "not before it is approved");
  link.groupError = new ParleyError("NET_UNREACHABLE", "Cannot join: no such interface");
  answer.resolve();
  await assert.rejects(first, { code: "NET_UNREACHABLE" });
  await socket.joinGroup(member());
  await assert.rejects(socket.joinGroup(member()), { code: "ARG_INVALID" });
  assert.deepEqual([socket.joinedGroups.length, link.memberships.length], [1, 1]);
  await socket.close();
});

test("DS-55 a group is joined with sources or without, not both", async () => {
  const { socket } = await boundUdp();
  await socket.joinGroup(member());
  await assert.rejects(socket.joinGroup(member(GROUP.address, "192.168.1.9")), { code: "ARG_INVALID" });
  await socket.joinGroup(member("239.1.2.4", "192.168.1.9"));
  await socket.joinGroup(member("239.1.2.4", "192.168.1.10"));
  await assert.rejects(socket.joinGroup(member("239.1.2.4")), { code: "ARG_INVALID" });
  assert.deepEqual(socket.joinedGroups.map(({ group, source }) => [group.text, source?.text]), [
    ["239.1.2.3", undefined],
    ["239.1.2.4", "192.168.1.9"],
    ["239.1.2.4", "192.168.1.10"],
  ]);
  await socket.close();
});

test("DS-56 leaving what is not joined is refused; what the system does not let go stays joined", async () => {
  const { socket, link } = await boundUdp();
  assert.throws(() => socket.leaveGroup(member()), { code: "ARG_INVALID" });
  await socket.joinGroup(member());
  link.groupError = new ParleyError("NET_FAILED", "Cannot leave");
  assert.throws(() => socket.leaveGroup(member()), { code: "NET_FAILED" });
  assert.equal(socket.joinedGroups.length, 1);
  socket.leaveGroup(member());
  assert.deepEqual([socket.joinedGroups, link.memberships], [[], []]);
  await socket.joinGroup(member());
  await socket.close();
  assert.deepEqual(socket.joinedGroups, []);
});

test("CON-13 an approval for a group that is taken back leaves it, and ends sending to it", async () => {
  const approval = new AbortController();
  const { socket, link, errors } = await boundUdp({ answer: () => approval.signal });
  await socket.joinGroup(member());
  approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  assert.deepEqual([link.memberships, socket.joinedGroups, errors[0]?.code], [[], [], "PERM_REVOKED"]);
  await assert.rejects(socket.send(datagram(1, GROUP), null) as Promise<void>, { code: "PERM_REVOKED" });
  await assert.rejects(socket.joinGroup(member()), { code: "PERM_REVOKED" });
  assert.equal(socket.isOpen, true);
  await socket.close();
});

test("CON-13 an approval for one sender that was taken back does not stand for sending", async () => {
  const approval = new AbortController();
  const { socket, questions, link } = await boundUdp({
    answer: (descriptor) =>
      descriptor.name === "direct-sockets-multicast" && descriptor.source !== null ? approval.signal : undefined,
  });
  await socket.joinGroup(member(GROUP.address, "192.168.1.9"));
  approval.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  await socket.send(datagram(1, GROUP), null);
  assert.deepEqual([questions.at(-1), link.log.length], [QUESTION, 1]);
  await socket.close();
});

test("NET-27 what failed for another reason than a refusal is asked about again", async () => {
  let fails = true;
  const { socket, questions } = await boundUdp({
    answer: () => {
      if (fails) throw new ParleyError("NET_TIMEOUT", "Cannot ask");
    },
  });
  await assert.rejects(socket.joinGroup(member()), { code: "NET_TIMEOUT" });
  fails = false;
  await socket.joinGroup(member());
  assert.equal(questions.length, 2);
  await socket.close();
});

test("NET-04 a yes that comes after the socket was closed joins nothing", async () => {
  const answer = Promise.withResolvers<void>();
  const { socket, link, errors } = await boundUdp({ answer: () => answer.promise });
  const joining = assert.rejects(socket.joinGroup(member()), { code: "NET_CLOSED" });
  await socket.close();
  answer.resolve();
  await joining;
  assert.deepEqual([link.memberships, errors], [[], []]);
});

test("NET-27 broadcast goes only from a socket that was bound for it, as a request that says so, and stays limited", async () => {
  for (const address of ["255.255.255.255", "192.168.1.255"]) {
    const fixture = udpFixture();
    fixture.network.ownAddresses = [interfaceAddress("192.168.1.2", 24)];
    const all = { address, port: 9 };
    const without = await boundUdp({ fixture });
    await assert.rejects(without.socket.send(datagram(1, all), null) as Promise<void>, { code: "ARG_INVALID" });
    assert.deepEqual(without.questions, []);
    const { socket, link, questions, clock } = await boundUdp({ fixture, broadcast: true });
    for (let count = 0; count < 10; count++) await socket.send(datagram(1, all), null);
    link.arrive("answer", { address: "192.168.1.7", port: 9 });
    const eleventh = socket.send(datagram(1, all), null);
    assert.equal(await hasSettled(eleventh), false);
    await clock.advance(1000);
    await eleventh;
    assert.deepEqual(questions, [`direct-sockets udp://${address}:9 broadcast`]);
    await without.socket.close();
    await socket.close();
  }
});

test("NET-27 where the runtime hides the networks, a local address that ends in 255 counts as broadcast", async () => {
  const fixture = udpFixture();
  fixture.network.ownAddresses = null;
  const { socket, questions } = await boundUdp({ fixture });
  const all = datagram(1, { address: "10.1.2.255", port: 9 });
  await assert.rejects(socket.send(all, null) as Promise<void>, { code: "ARG_INVALID" });
  assert.deepEqual(questions, []);
  await socket.close();
});
