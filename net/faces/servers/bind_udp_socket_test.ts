import assert from "node:assert/strict";
import { parseIpAddress } from "../../../core/ip_address.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { NO, ONCE } from "../../../tests/support/broker_fixture.ts";
import { FakeDatagramNetwork } from "../../../tests/support/fake_datagrams.ts";
import { test } from "../../../tests/support/harness.ts";
import {
  addMachine,
  shownQuestion,
  type UdpFaceFixture,
  udpFaceFixture,
} from "../../../tests/support/udp_face_fixture.ts";
import { bindUdpSocket } from "./bind_udp_socket.ts";
import type { BoundUDPSocket } from "./bound_udp_socket.ts";
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

test("NET-22 bindUDPSocket() binds to loopback unless an address is written out, and is asked about as what it is", async () => {
  const { bind, questions, reports } = scene([ONCE, ONCE, ONCE, ONCE]);
  await using local = await bind();
  assert.deepEqual([local.localAddress, local.localPort > 0], ["127.0.0.1", true]);
  await using _any = await bind({ localAddress: "0.0.0.0", localPort: 5683 });
  await using _one = await bind({ localAddress: "192.168.1.5", localPort: 5684 });
  await using _dht = await bind({ localAddress: "::", localPort: 6881, peers: "public" });
  assert.deepEqual(questions.map(shownQuestion), [
    "listen listen+udp://127.0.0.1:0 listen-local",
    "listen listen+udp://0.0.0.0:5683 listen-any",
    "listen listen+udp://192.168.1.5:5684 listen-network",
    "udp-peers udp-peers://:::6881 udp-peers",
  ]);
  assert.match(reports[0] ?? "", /receiving datagrams at 127\.0\.0\.1:\d+, NOT ENCRYPTED, as approved/);
});

for (
  const [title, options] of [
    ["a name for an address", { localAddress: "localhost" }],
    ["a numeric trick", { localAddress: "127.1" }],
    ["port -1", { localPort: -1 }],
    ["port 65536", { localPort: 65536 }],
    ["ipv6Only for an IPv4 address", { localAddress: "0.0.0.0", ipv6Only: true }],
    ["ipv6Only for one IPv6 address", { localAddress: "::1", ipv6Only: true }],
    ["peers of another kind", { peers: "any" }],
    ["multicastTimeToLive 256", { multicastTimeToLive: 256 }],
    ["multicastTimeToLive -1", { multicastTimeToLive: -1 }],
    ["multicastInterface that is no name", { multicastInterface: "../eth0" }],
    ["sendBufferSize 0", { sendBufferSize: 0 }],
    ["maxQueuedBytes that hold no datagram", { maxQueuedBytes: 1000 }],
    ["a signal that is none", { signal: {} }],
    ["options that are no object", 5683],
  ] as const
) {
  test(`NET-22 bindUDPSocket() refuses ${title} with TypeError, before anybody is asked`, async () => {
    const { bind, questions, network } = scene();
    await assert.rejects(bind(options as unknown as UDPBindOptions), TypeError);
    assert.deepEqual([questions, network.log], [[], []]);
  });
}

test("NET-22 what is given reaches the system; what is not stays with the system's own way", async () => {
  const network = new FakeDatagramNetwork();
  const { source } = udpFaceFixture(network, [ONCE, ONCE]);
  await using _plain = await bindUdpSocket(source);
  assert.deepEqual(network.link.init.options, {
    sendBufferSize: null,
    receiveBufferSize: null,
    broadcast: false,
    ipv6Only: false,
    addressSharing: false,
  });
  assert.equal(network.link.multicast, null);
  await using socket = await bindUdpSocket(source, {
    localAddress: "::",
    localPort: 5353,
    ipv6Only: true,
    broadcast: true,
    addressSharing: true,
    multicastTimeToLive: 0,
    multicastLoopback: false,
    multicastInterface: "eth0",
    sendBufferSize: 1024,
    receiveBufferSize: 2 ** 30,
  });
  const { init: { at, options }, multicast } = network.link;
  assert.deepEqual([at.address, at.port], [parseIpAddress("::"), 5353]);
  assert.deepEqual(options, {
    sendBufferSize: 1024,
    receiveBufferSize: 32 * 1024 * 1024,
    broadcast: true,
    ipv6Only: true,
    addressSharing: true,
  });
  assert.deepEqual(multicast, { timeToLive: 0, loopback: false, interfaceName: "eth0" });
  assert.deepEqual([socket.sendBufferSize, socket.receiveBufferSize], [1024, 32 * 1024 * 1024]);
});

test("NET-17 every refusal is one error whose message depends on the request alone, and nothing is bound", async () => {
  const messages = new Set<string>();
  const note = (error: DOMException & { cause?: unknown }): void =>
    void messages.add(`${error.name} ${error.message} ${error.cause}`);
  for (const answer of [NO, { kind: "deny", reason: "no-terminal" }, { kind: "deny", reason: "aborted" }] as const) {
    const { bind, network } = scene([answer]);
    await bind({ localPort: 5683 }).catch(note);
    assert.deepEqual(network.log, []);
  }
  const denied = udpFaceFixture(new FakeDatagramNetwork(), [ONCE]);
  denied.network.refusals.push(new ParleyError("NET_OS_DENIED", "Cannot bind: the system refused"));
  await bindUdpSocket(denied.source, { localPort: 5683 }).catch(note);
  assert.deepEqual([...messages], ["NotAllowedError Not allowed to exchange datagrams at 127.0.0.1:5683 undefined"]);
  assert.match(denied.reports.join("\n"), /no datagrams for listen\+udp:\/\/127\.0\.0\.1:5683: .*\[NET_OS_DENIED\]/);
});

test("NET-22 an address in use is a NetworkError with its code; shared addresses are not in use", async () => {
  const { bind } = scene([ONCE, ONCE, ONCE, ONCE]);
  await using _first = await bind({ localPort: 5683 });
  const error = await bind({ localPort: 5683 }).catch((error) => error);
  assert.deepEqual([error.name, error.cause?.code], ["NetworkError", "NET_IN_USE"]);
  await using _one = await bind({ localAddress: "0.0.0.0", localPort: 5353, addressSharing: true });
  await using _two = await bind({ localAddress: "0.0.0.0", localPort: 5353, addressSharing: true });
});

test("NET-22 a group, and the address of every machine, cannot be bound to", async () => {
  for (const localAddress of ["224.0.0.251", "255.255.255.255", "ff02::fb"]) {
    const { bind, questions } = scene();
    await assert.rejects(bind({ localAddress }), { name: "NotAllowedError" });
    assert.equal(questions.length, 0);
  }
});

test("CORE-01 a polluted Object.prototype is not an option", async () => {
  const { bind, network, questions } = scene([ONCE, ONCE]);
  await addMachine(network, PUBLIC);
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = {
    localAddress: "0.0.0.0",
    localPort: 53,
    peers: "public",
    broadcast: true,
    ipv6Only: true,
    remoteAddress: "6.6.6.6",
    remotePort: 66,
    sourceAddress: "6.6.6.6",
    signal: AbortSignal.abort(),
  };
  Object.assign(prototype, names);
  try {
    await using socket = await bind();
    assert.equal(shownQuestion(questions[0] as never), "listen listen+udp://127.0.0.1:0 listen-local");
    await assert.rejects(socket.send(bytes("x"), {} as unknown as ReturnType<typeof to>), TypeError);
    await socket.send(bytes("x"), to(PUBLIC));
    assert.equal(shownQuestion(questions[1] as never), "direct-sockets udp://93.184.215.14:6881 no risk");
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});
