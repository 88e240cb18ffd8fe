import assert from "node:assert/strict";
import { onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { Answer, Question } from "../../../permissions/prompter.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { NO, ONCE, RUN } from "../../../tests/support/broker_fixture.ts";
import { FakeDatagramNetwork } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import {
  addMachine,
  due,
  shownQuestion,
  type UdpFaceFixture,
  udpFaceFixture,
} from "../../../tests/support/udp_face_fixture.ts";
import type { NetworkErrorEvent } from "../../network_error_event.ts";
import { bindUdpSocket } from "./bind_udp_socket.ts";
import { BoundUDPSocket } from "./bound_udp_socket.ts";
import type { UDPBindOptions } from "./udp_bind_options.ts";

const PUBLIC = { address: "93.184.215.14", port: 6881 };
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const to = ({ address, port }: { address: string; port: number }): { remoteAddress: string; remotePort: number } => ({
  remoteAddress: address,
  remotePort: port,
});

interface Scene extends UdpFaceFixture<MemoryNetwork> {
  bind(options?: UDPBindOptions): Promise<BoundUDPSocket>;
}

function scene(answers: readonly Answer[] = [ONCE]): Scene {
  const fixture = udpFaceFixture(new MemoryNetwork(), answers);
  return { ...fixture, bind: (options) => bindUdpSocket(fixture.source, options) };
}

test("NET-27 a device that calls in is heard and answered without a question; more than that is asked about", async () => {
  const { bind, network, questions } = scene([ONCE, ONCE]);
  await using socket = await bind({ localAddress: "0.0.0.0", localPort: 5683 });
  const device = await addMachine(network, { address: "192.168.1.20", port: 40_000 });
  device.send("ping", { address: "127.0.0.1", port: 5683 });
  for await (const { data, remoteAddress, remotePort } of socket) {
    assert.deepEqual([new TextDecoder().decode(data), remoteAddress, remotePort], ["ping", "192.168.1.20", 40_000]);
    await socket.send(bytes("pong".repeat(3)), { remoteAddress, remotePort });
    break;
  }
  await due();
  assert.deepEqual([device.heard.map(({ text }) => text), questions.length], [["pongpongpong"], 1]);
  await socket.send(bytes("!"), { remoteAddress: "192.168.1.20", remotePort: 40_000 });
  assert.deepEqual(shownQuestion(questions[1] as never), "direct-sockets udp://192.168.1.20:40000 private");
});

test("NET-27 each new destination is asked about once; a refusal is a NotAllowedError that names what was asked for alone", async () => {
  const { bind, network, questions, reports } = scene([ONCE, ONCE, NO]);
  const nas = await addMachine(network, PUBLIC);
  network.addName("nas.example", PUBLIC.address);
  await using socket = await bind({ localAddress: "0.0.0.0" });
  await socket.send(bytes("1"), { remoteAddress: "nas.example", remotePort: PUBLIC.port });
  await socket.send(new Blob(["2"]), { remoteAddress: "nas.example", remotePort: PUBLIC.port });
  await socket.send(bytes("3"), to(PUBLIC));
  const refusals = new Set<string>();
  for (let count = 0; count < 2; count++) {
    const error = await socket.send(bytes("4"), { remoteAddress: "9.9.9.9", remotePort: 53 }).catch((error) => error);
    refusals.add(`${error.name} ${error.message} ${error.cause}`);
  }
  await due();
  assert.deepEqual(nas.heard.map(({ text }) => text), ["1", "2", "3"]);
  assert.equal(questions.length, 3);
  assert.deepEqual([...refusals], ["NotAllowedError Not allowed to send to 9.9.9.9:53 undefined"]);
  assert.match(reports.join("\n"), /exchanging datagrams with udp:\/\/nas\.example:6881 \(93\.184\.215\.14\)/);
});

for (
  const [title, destination] of [
    ["no destination", undefined],
    ["no port", { remoteAddress: "9.9.9.9" }],
    ["no address", { remotePort: 53 }],
    ["port 0", { remoteAddress: "9.9.9.9", remotePort: 0 }],
    ["port 65536", { remoteAddress: "9.9.9.9", remotePort: 65536 }],
    ["a numeric trick", { remoteAddress: "127.1", remotePort: 53 }],
    ["dnsQueryType of another kind", { remoteAddress: "9.9.9.9", remotePort: 53, dnsQueryType: "ipv5" }],
  ] as const
) {
  test(`NET-27 send() refuses ${title} with TypeError, before anybody is asked`, async () => {
    const { bind, questions } = scene();
    await using socket = await bind({ localAddress: "0.0.0.0" });
    await assert.rejects(socket.send(bytes("x"), destination as unknown as ReturnType<typeof to>), TypeError);
    assert.equal(questions.length, 1);
  });
}

test("NET-28 with public peers no further question is asked, and what is refused says by which limit", async () => {
  const { bind, network, questions } = scene([ONCE]);
  const node = await addMachine(network, PUBLIC, { echoes: true });
  await using socket = await bind({ localAddress: "0.0.0.0", localPort: 6881, peers: "public" });
  await socket.send(bytes("find_node"), to(PUBLIC));
  const { value } = await socket.readable.getReader().read();
  assert.deepEqual([value?.remoteAddress, node.heard.length, questions.length], [PUBLIC.address, 1, 1]);
  const local = { remoteAddress: "192.168.1.1", remotePort: 6881 };
  await assert.rejects(socket.send(bytes("x"), local), { name: "NotAllowedError" });
  for (let number = 1; number < 50; number++) {
    await socket.send(bytes("x"), { remoteAddress: `9.9.9.${number}`, remotePort: 6881 });
  }
  const error = await socket.send(bytes("x"), { remoteAddress: "9.9.8.1", remotePort: 6881 }).catch((error) => error);
  assert.deepEqual([error.name, error.cause?.detail], ["NetworkError", { limit: "new-peers", retryAfterMs: 60_000 }]);
  assert.equal(questions.length, 1);
});

test("NET-27 a group is joined, heard, sent to and left, with one question of its own", async () => {
  const { bind, network, questions } = scene([ONCE, ONCE, ONCE, ONCE]);
  await using one = await bind({ localAddress: "0.0.0.0", localPort: 5353, addressSharing: true });
  await using two = await bind({ localAddress: "0.0.0.0", localPort: 5353, addressSharing: true });
  const group = { remoteAddress: "224.0.0.251", remotePort: 5353 };
  await one.joinGroup("224.0.0.251");
  await two.joinGroup("224.0.0.251", { interface: "lo" });
  assert.deepEqual(questions.slice(2).map(shownQuestion), [
    "direct-sockets-multicast multicast://224.0.0.251:5353 multicast",
    "direct-sockets-multicast multicast://224.0.0.251:5353 multicast",
  ]);
  assert.deepEqual(two.joinedGroups, [{ group: "224.0.0.251", sourceAddress: null, interface: "lo" }]);
  await one.send(bytes("who is there"), group);
  const { value } = await two.readable.getReader().read();
  assert.equal(new TextDecoder().decode(value?.data), "who is there");
  await one.leaveGroup("224.0.0.251");
  assert.deepEqual([one.joinedGroups, questions.length], [[], 4]);
  await assert.rejects(one.leaveGroup("224.0.0.251"), { name: "InvalidStateError" });
  await assert.rejects(two.joinGroup("224.0.0.251", { interface: "lo" }), { name: "InvalidStateError" });
  assert.ok(network.log.includes("join 224.0.0.251"));
});

for (
  const [title, group, options] of [
    ["nothing", undefined, undefined],
    ["a name", "group.example", undefined],
    ["an address that is no group", "192.168.1.1", undefined],
    ["a source that is a group", "232.1.1.1", { sourceAddress: "232.1.1.2" }],
    ["a source that is this machine", "232.1.1.1", { sourceAddress: "127.0.0.1" }],
    ["a source that is no address", "232.1.1.1", { sourceAddress: "0.0.0.0" }],
    ["a source of the other family", "232.1.1.1", { sourceAddress: "2620:fe::fe" }],
    ["a source that is a name", "232.1.1.1", { sourceAddress: "source.example" }],
    ["an interface that is no name", "232.1.1.1", { interface: "" }],
  ] as const
) {
  test(`DS-53 joinGroup() and leaveGroup() refuse ${title} with TypeError, before anybody is asked`, async () => {
    const { bind, questions } = scene();
    await using socket = await bind({ localAddress: "0.0.0.0" });
    await assert.rejects(socket.joinGroup(group as string, options), TypeError);
    await assert.rejects(socket.leaveGroup(group as string, options), TypeError);
    assert.equal(questions.length, 1);
  });
}

test("NET-27 a refused group is a NotAllowedError, and is not joined", async () => {
  const { bind, network } = scene([ONCE, NO]);
  await using socket = await bind({ localAddress: "0.0.0.0" });
  const error = await socket.joinGroup("232.1.1.1", { sourceAddress: "9.9.9.9" }).catch((error) => error);
  assert.deepEqual([error.name, error.message], ["NotAllowedError", "Not allowed to join 232.1.1.1"]);
  assert.deepEqual([socket.joinedGroups, network.log], [[], []]);
});

test("NET-27 broadcast needs the option, and a question that says so", async () => {
  const { bind, questions } = scene([ONCE, ONCE, ONCE]);
  const everybody = { remoteAddress: "255.255.255.255", remotePort: 9 };
  await using plain = await bind({ localAddress: "0.0.0.0" });
  await assert.rejects(plain.send(bytes("wake"), everybody), { name: "InvalidStateError" });
  await using socket = await bind({ localAddress: "0.0.0.0", broadcast: true });
  await socket.send(bytes("wake"), everybody);
  assert.deepEqual(questions.slice(2).map(shownQuestion), ["direct-sockets udp://255.255.255.255:9 broadcast"]);
});

test("CON-13 taking approvals back ends sending to a destination, and the socket with its own", async () => {
  const { bind, network, broker } = scene([RUN, ONCE]);
  await addMachine(network, PUBLIC);
  const socket = await bind({ localAddress: "0.0.0.0" });
  await socket.send(bytes("x"), to(PUBLIC));
  const reading = socket[Symbol.asyncIterator]().next();
  broker.revokeAll();
  await assert.rejects(reading, { name: "NotAllowedError" });
  await assert.rejects(socket.closed, { name: "NotAllowedError" });
  await assert.rejects(socket.send(bytes("x"), to(PUBLIC)), { name: "NotAllowedError" });
});

test("NET-04 closing ends iterations and withdraws the question for a destination", async () => {
  let withdrawn = false;
  const ask = async ({ number }: Question, signal: AbortSignal): Promise<Answer> => {
    if (number === 1) return ONCE;
    await new Promise<void>((resolve) => onAbort(signal, resolve));
    withdrawn = true;
    return { kind: "deny", reason: "aborted" };
  };
  const { source, clock } = udpFaceFixture(new MemoryNetwork(), [], { prompter: { ask } });
  const socket = await bindUdpSocket(source);
  const sending = assert.rejects(socket.send(bytes("x"), to({ address: "127.0.0.1", port: 9 })), {
    name: "InvalidStateError",
  });
  const iteration = socket[Symbol.asyncIterator]().next();
  await due(clock);
  await socket.close();
  await sending;
  assert.deepEqual([await iteration, withdrawn], [{ done: true, value: undefined }, true]);
});

test("DS-40 close() refuses while a stream is locked, and await using does not", async () => {
  const { bind } = scene();
  let closed: Promise<void>;
  {
    await using socket = await bind();
    socket.readable.getReader();
    await assert.rejects(socket.close(), { name: "InvalidStateError" });
    closed = socket.closed;
  }
  await closed;
});

test("DS-48 errors that end nothing are networkerror events", async () => {
  const network = new FakeDatagramNetwork();
  const { source } = udpFaceFixture(network, [ONCE]);
  await using socket = await bindUdpSocket(source);
  const events: Event[] = [];
  socket.addEventListener("networkerror", (event) => void events.push(event));
  network.link.report(new ParleyError("NET_REFUSED", "Cannot reach the peer"));
  const { error } = events[0] as NetworkErrorEvent;
  assert.deepEqual([(error as DOMException).name, socket.stats.errors], ["NetworkError", 1]);
});

test("NET-22 scripts cannot make a BoundUDPSocket", () => {
  assert.throws(() => new (BoundUDPSocket as unknown as new () => object)(), TypeError);
});
