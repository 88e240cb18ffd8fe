import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { NO, ONCE, RUN } from "../../../tests/support/broker_fixture.ts";
import { FakeDatagramNetwork, interfaceAddress } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import {
  addMachine,
  shownQuestion,
  type UdpFaceFixture,
  udpFaceFixture,
} from "../../../tests/support/udp_face_fixture.ts";
import { openUdpSocket } from "./open_udp_socket.ts";
import type { UDPSocketOptions } from "./udp_options.ts";
import type { UDPSocket } from "./udp_socket.ts";

const ADDRESS = "93.184.215.14";
const PEER: UDPSocketOptions = { remoteAddress: "peer.example", remotePort: 7 };
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

interface Scene extends UdpFaceFixture<MemoryNetwork> {
  open(options?: unknown): Promise<UDPSocket>;
}

async function scene(answers: readonly Answer[] = [ONCE]): Promise<Scene> {
  const network = new MemoryNetwork();
  network.addName("peer.example", ADDRESS);
  await addMachine(network, { address: ADDRESS, port: 7 }, { echoes: true });
  const fixture = udpFaceFixture(network, answers);
  network.log.length = 0;
  return { ...fixture, open: (given = PEER) => openUdpSocket(fixture.source, given) };
}

test("NET-01 openUDPSocket() exchanges datagrams with an approved destination", async () => {
  const { open, questions, reports } = await scene();
  await using socket = await open();
  assert.deepEqual([socket.remoteAddress, socket.remotePort], [ADDRESS, 7]);
  assert.deepEqual([socket.localAddress !== "", socket.localPort > 0], [true, true]);
  await socket.send(bytes("hello"));
  const { value } = await socket.readable.getReader().read();
  assert.equal(new TextDecoder().decode(value?.data), "hello");
  assert.deepEqual(questions.map(shownQuestion), ["direct-sockets udp://peer.example:7 no risk"]);
  assert.match(
    reports.join("\n"),
    /exchanging datagrams with udp:\/\/peer\.example:7 \(93\.184\.215\.14\), NOT ENCRYPTED, as approved/,
  );
});

for (
  const [title, options] of [
    ["no options", undefined],
    ["a missing port", { remoteAddress: "peer.example" }],
    ["port 0", { ...PEER, remotePort: 0 }],
    ["port 65536", { ...PEER, remotePort: 65536 }],
    ["port NaN", { ...PEER, remotePort: NaN }],
    ["an address that is a numeric trick", { ...PEER, remoteAddress: "127.1" }],
    ["a single label", { ...PEER, remoteAddress: "peer" }],
    ["localAddress", { ...PEER, localAddress: "0.0.0.0" }],
    ["localPort", { ...PEER, localPort: 0 }],
    ["keepAlive", { ...PEER, keepAlive: true }],
    ["noDelay", { ...PEER, noDelay: true }],
    ["sendBufferSize 0", { ...PEER, sendBufferSize: 0 }],
    ["receiveBufferSize -1", { ...PEER, receiveBufferSize: -1 }],
    ["dnsQueryType of another kind", { ...PEER, dnsQueryType: "ipv5" }],
    ["maxQueuedDatagrams 0", { ...PEER, maxQueuedDatagrams: 0 }],
    ["maxQueuedDatagrams over 65,536", { ...PEER, maxQueuedDatagrams: 65_537 }],
    ["maxQueuedBytes that hold no datagram", { ...PEER, maxQueuedBytes: 65_506 }],
    ["a signal that is none", { ...PEER, signal: {} }],
    ["options that are no object", 7],
  ] as const
) {
  test(`RS-01 openUDPSocket() refuses ${title} with TypeError, before anybody is asked`, async () => {
    const { source, questions, network } = await scene();
    await assert.rejects(openUdpSocket(source, options), TypeError);
    assert.deepEqual([questions, network.log], [[], []]);
  });
}

test("RS-01 switches of TCP that are off, and null for the address, are no mistakes", async () => {
  const { open, questions } = await scene([NO]);
  await assert.rejects(open({ remotePort: 7, remoteAddress: null, keepAlive: false, noDelay: false }), {
    name: "NotAllowedError",
  });
  assert.equal(questions.length, 1);
});

test("RS-05 without a remoteAddress the operator chooses the host, and the script learns what it is connected to", async () => {
  const { open, questions } = await scene([{ kind: "allow", lifetime: "once", host: "peer.example" }]);
  await using socket = await open({ remotePort: 7 });
  assert.deepEqual(questions.map(shownQuestion), ["direct-sockets port 7:7 no risk"]);
  assert.equal(socket.remoteAddress, ADDRESS);
});

test("RS-07 groups and broadcast are refused without a question, and when the operator chose them", async () => {
  const network = new FakeDatagramNetwork();
  network.ownAddresses = [interfaceAddress("192.168.1.2", 24)];
  for (const remoteAddress of ["224.0.0.251", "ff02::fb", "255.255.255.255", "192.168.1.255", "0.0.0.0"]) {
    const { source, questions, reports } = udpFaceFixture(network, [ONCE]);
    const options = { remoteAddress, remotePort: 9 };
    const error = await openUdpSocket(source, options).catch((error) => error);
    assert.deepEqual([error.name, error.cause], ["NotAllowedError", undefined], remoteAddress);
    assert.deepEqual([questions, reports.length], [[], 1]);
    const chosen = udpFaceFixture(network, [{ kind: "allow", lifetime: "once", host: remoteAddress }]);
    await assert.rejects(openUdpSocket(chosen.source, { remotePort: 9 }), { name: "NotAllowedError" });
  }
  assert.deepEqual(network.links, []);
});

test("NET-17 which addresses are broadcast on the networks of this machine nobody learns without an approval", async () => {
  const network = new FakeDatagramNetwork();
  network.ownAddresses = [interfaceAddress("192.168.1.2", 25), interfaceAddress("10.7.0.1", 24)];
  const asked = async (remoteAddress: string): Promise<number> => {
    const { source, questions } = udpFaceFixture(network, [NO]);
    await assert.rejects(openUdpSocket(source, { remoteAddress, remotePort: 9 }), { name: "NotAllowedError" });
    return questions.length;
  };
  // The first of each pair is one here, the second is not.
  assert.deepEqual([await asked("192.168.1.127"), await asked("192.168.2.127")], [1, 1]);
  assert.deepEqual([await asked("10.7.0.255"), await asked("10.8.0.255")], [0, 0]);
  const { source } = udpFaceFixture(network, [ONCE]);
  const approved = openUdpSocket(source, { remoteAddress: "192.168.1.127", remotePort: 9 });
  await assert.rejects(approved, { name: "NotAllowedError" });
  assert.deepEqual(network.links, []);
});

test("RS-12 one question for each call: an answer for once is not used again, one for the run is", async () => {
  const { open, questions } = await scene([ONCE, RUN]);
  await using _one = await open();
  await using _two = await open();
  await using _three = await open();
  assert.equal(questions.length, 2);
});

test("NET-08 nothing is looked up or sent before the answer, and nothing at all after a refusal", async () => {
  const { open, network } = await scene([NO, ONCE]);
  await assert.rejects(open(), { name: "NotAllowedError" });
  assert.deepEqual(network.log, []);
  await using _socket = await open();
  assert.deepEqual(network.log, ["resolve peer.example", `udp ${ADDRESS}:7`]);
});

test("NET-17 every refusal is one error whose message depends on the request alone", async () => {
  const messages = new Set<string>();
  const note = (error: DOMException & { cause?: unknown }): void =>
    void messages.add(`${error.name} ${error.message} ${error.cause}`);
  for (const reason of ["refused", "no-terminal", "aborted", "queue-full"] as const) {
    const { open } = await scene([{ kind: "deny", reason }]);
    await open().catch(note);
  }
  const rebinding = await scene();
  rebinding.network.addName("peer.example", ADDRESS, "10.0.0.1");
  await toldLate(rebinding.clock, rebinding.open().catch(note));
  const unknown = await scene();
  unknown.network.addName("peer.example");
  await toldLate(unknown.clock, unknown.open().catch(note));
  assert.match(unknown.reports.join("\n"), /no datagrams for udp:\/\/peer\.example:7: .*NET_DNS/);
  assert.match(rebinding.reports.join("\n"), /no datagrams for udp:\/\/peer\.example:7: .*10\.0\.0\.1.*PERM_ADDRESS/);
  const denied = udpFaceFixture(new FakeDatagramNetwork(), [ONCE]);
  denied.network.addName("peer.example", ADDRESS);
  denied.network.refusals.push(new ParleyError("NET_OS_DENIED", "Cannot open: the system refused"));
  await toldLate(denied.clock, openUdpSocket(denied.source, PEER).catch(note));
  assert.deepEqual([...messages], ["NotAllowedError Not allowed to connect to peer.example:7 undefined"]);
});

test("NET-01 what the platform lacks is a NotSupportedError, after the question", async () => {
  const network = new FakeDatagramNetwork();
  network.resolves = false;
  const { source, questions } = udpFaceFixture(network, [ONCE]);
  const error = await openUdpSocket(source, PEER).catch((error) => error);
  assert.deepEqual([error.name, error.cause?.code, questions.length], ["NotSupportedError", "RUNTIME_UNSUPPORTED", 1]);
});

test("NET-17 an approved name that does not exist is refused, and a failure of the system is a NetworkError", async () => {
  const { open, clock } = await scene();
  const opening = open({ ...PEER, remoteAddress: "nowhere.example" }).catch((error) => error);
  const error = await toldLate(clock, opening);
  assert.deepEqual([error.name, error.cause], ["NotAllowedError", undefined]);
  const failing = udpFaceFixture(new FakeDatagramNetwork(), [ONCE]);
  failing.network.addName("peer.example", ADDRESS);
  failing.network.refusals.push(new ParleyError("NET_UNREACHABLE", "Cannot open: no route leads there"));
  const failed = await openUdpSocket(failing.source, PEER).catch((error) => error);
  assert.deepEqual([failed.name, failed.cause?.code], ["NetworkError", "NET_UNREACHABLE"]);
});

test("RS-02 buffer sizes are taken up to 32 MiB, and reach the system", async () => {
  const network = new FakeDatagramNetwork();
  const { source } = udpFaceFixture(network, [ONCE]);
  const sizes = { sendBufferSize: 2 ** 32 - 1, receiveBufferSize: 4096 };
  await using socket = await openUdpSocket(source, { remoteAddress: "9.9.9.9", remotePort: 7, ...sizes });
  assert.deepEqual([socket.sendBufferSize, socket.receiveBufferSize], [32 * 1024 * 1024, 4096]);
});

test("NET-04 a signal withdraws the request, and later breaks the socket off, with its own reason", async () => {
  const { open, questions } = await scene([ONCE, ONCE]);
  const reason = new TypeError("enough");
  await assert.rejects(open({ ...PEER, signal: AbortSignal.abort(reason) }), reason);
  assert.equal(questions.length, 0);
  const controller = new AbortController();
  const socket = await open({ ...PEER, signal: controller.signal });
  const reading = socket.values().next();
  controller.abort(reason);
  await assert.rejects(reading, reason);
  await assert.rejects(socket.closed, reason);
  await assert.rejects(socket.send(bytes("late")), reason);
});

test("CORE-01 a polluted Object.prototype is not an option", async () => {
  const { open } = await scene();
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = {
    localAddress: "0.0.0.0",
    keepAlive: true,
    sendBufferSize: 0,
    maxQueuedDatagrams: 0,
    dnsQueryType: "ipv6",
    signal: AbortSignal.abort(),
    once: true,
  };
  Object.assign(prototype, names);
  try {
    await using socket = await open();
    await socket.send(bytes("hello"));
    assert.equal(await (await socket.values().next()).value?.text(), "hello");
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});
