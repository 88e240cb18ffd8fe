import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { escapeText } from "../../../core/escape.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { MemoryNetwork, type MemoryService } from "../../../runtime/memory/net.ts";
import { type BrokerFixture, brokerFixture, NO, ONCE, REQUESTER, RUN } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import type { ByteLink, ConnectOptions } from "../../port.ts";
import { createDirectSockets, type TCPSocket, type TCPSocketConstructor } from "./mod.ts";
import { createEngineHost } from "../../engine/engine_host.ts";

const ADDRESS = "93.184.215.14";
const ADDRESS_6 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c";
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);

/** A network in memory that keeps what it was told about connections. */
class WatchedNetwork extends MemoryNetwork {
  readonly connects: ConnectOptions[] = [];

  override connect(...given: Parameters<MemoryNetwork["connect"]>): Promise<ByteLink> {
    this.connects.push(given[2]);
    return super.connect(...given);
  }
}

interface Page extends BrokerFixture {
  readonly TCPSocket: TCPSocketConstructor;
  readonly network: WatchedNetwork;
}

async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
}

function page(options: { readonly service?: MemoryService; readonly script?: readonly Answer[] } = {}): Page {
  const { service = echo, script = [ONCE] } = options;
  const network = new WatchedNetwork();
  network.addName("echo.example", ADDRESS, ADDRESS_6);
  network.listen({ address: ADDRESS, port: 80 }, service);
  network.listen({ address: ADDRESS_6, port: 80 }, service);
  const fixture = brokerFixture(script, { test: true });
  const { broker, clock, reports } = fixture;
  const engine = createEngineHost(network, clock);
  const report = (line: string): void => void reports.push(line);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  return { ...fixture, network, TCPSocket: createDirectSockets(() => Promise.resolve(context)).TCPSocket };
}

/** Calls the constructor as a script without types may. */
function construct(Class: TCPSocketConstructor, ...given: unknown[]): TCPSocket {
  return Reflect.construct(Class, given) as TCPSocket;
}

function describe(given: readonly unknown[]): string {
  return given.map((each) => typeof each === "object" ? JSON.stringify(each) : String(each)).join(", ");
}

async function reasonOf(promise: Promise<unknown>): Promise<DOMException> {
  return await promise.then(() => assert.fail("it was fulfilled"), (error) => error);
}

test("DS-01 the class is a Web IDL interface: tag, members that enumerate, and nothing more", async () => {
  const { TCPSocket } = page();
  assert.equal(TCPSocket.name, "TCPSocket");
  assert.equal(TCPSocket.length, 2);
  assert.equal(Object.getPrototypeOf(TCPSocket), Function.prototype);
  assert.equal(Object.getPrototypeOf(TCPSocket.prototype), Object.prototype);
  assert.deepEqual(Object.keys(TCPSocket.prototype).sort(), ["close", "closed", "opened"]);
  assert.deepEqual(Object.getOwnPropertyNames(TCPSocket.prototype).sort(), [
    "close",
    "closed",
    "constructor",
    "opened",
  ]);
  assert.deepEqual(Object.getOwnPropertySymbols(TCPSocket.prototype), [Symbol.toStringTag]);
  assert.equal(TCPSocket.prototype.close.length, 0);
  const socket = new TCPSocket("echo.example", 80);
  assert.ok(socket instanceof TCPSocket);
  assert.equal(Object.prototype.toString.call(socket), "[object TCPSocket]");
  assert.deepEqual(Reflect.ownKeys(socket), []);
  await socket.opened;
  await socket.close();
});

test("DS-01 calling the class without new is a TypeError", () => {
  const { TCPSocket } = page();
  assert.throws(() => (TCPSocket as unknown as (...given: unknown[]) => void)("echo.example", 80), TypeError);
});

test("DS-01 members reject with TypeError on anything but a socket", async () => {
  const { TCPSocket } = page();
  const impostor = Object.create(TCPSocket.prototype) as TCPSocket;
  await assert.rejects(impostor.opened, TypeError);
  await assert.rejects(impostor.closed, TypeError);
  await assert.rejects(impostor.close(), TypeError);
  await assert.rejects(TCPSocket.prototype.close.call(undefined as unknown as TCPSocket), TypeError);
});

test("DS-01 a subclass keeps its own prototype and fields", async () => {
  const { TCPSocket } = page();
  class Named extends TCPSocket {
    readonly label = "mine";
  }
  const socket = new Named("echo.example", 80);
  assert.ok(socket instanceof Named);
  assert.equal(socket.label, "mine");
  await socket.opened;
  await socket.close();
});

for (const given of [[], ["echo.example"]]) {
  test(`DS-02 ${given.length} arguments are a TypeError`, () => {
    const { TCPSocket, questions } = page();
    assert.throws(() => construct(TCPSocket, ...given), TypeError);
    assert.equal(questions.length, 0);
  });
}

test("DS-03 remotePort is taken modulo 65536", async () => {
  const { TCPSocket } = page();
  const socket = new TCPSocket("echo.example", 65536 + 80);
  assert.equal((await socket.opened).remotePort, 80);
  await socket.close();
});

for (const port of [0, 65536, NaN, Infinity, undefined, "x"]) {
  test(`DS-03 remotePort ${String(port)} is 0, where nothing can be reached: NetworkError`, async () => {
    const { TCPSocket, questions, network } = page();
    const socket = construct(TCPSocket, "echo.example", port);
    await assert.rejects(socket.opened, { name: "NetworkError" });
    assert.equal(questions.length, 0);
    assert.deepEqual(network.log, []);
  });
}

for (
  const given of [
    [Symbol("address"), 80],
    ["echo.example", 80n],
    ["echo.example", 80, "options"],
    ["echo.example", 80, { dnsQueryType: "ipv5" }],
    ["echo.example", 80, { keepAliveDelay: 999 }],
    ["echo.example", 80, { sendBufferSize: 0 }],
  ]
) {
  test(`DS-08 ${describe(given)} is a TypeError at once, before anybody is asked`, () => {
    const { TCPSocket, questions } = page();
    assert.throws(() => construct(TCPSocket, ...given), TypeError);
    assert.equal(questions.length, 0);
  });
}

test("DS-05 noDelay is off and keep-alive absent unless asked for; 1000 ms is accepted", async () => {
  const { TCPSocket, network } = page({ script: [ONCE, ONCE, ONCE] });
  for (const options of [undefined, null, { noDelay: 1, keepAliveDelay: 1000 }]) {
    const socket = construct(TCPSocket, "echo.example", 80, options);
    await socket.opened;
    await socket.close();
  }
  const seen = network.connects.map(({ noDelay, keepAliveDelayMs }) => ({ noDelay, keepAliveDelayMs }));
  const off = { noDelay: false, keepAliveDelayMs: null };
  assert.deepEqual(seen, [off, off, { noDelay: true, keepAliveDelayMs: 1000 }]);
});

test("DS-06 buffer sizes are accepted, and not applied", async () => {
  const { TCPSocket } = page();
  const socket = new TCPSocket("echo.example", 80, { sendBufferSize: 1, receiveBufferSize: 2 ** 32 - 1 });
  await socket.opened;
  await socket.close();
});

test("CORE-01 a polluted Object.prototype is not an option", async () => {
  const { TCPSocket, network } = page();
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = { noDelay: true, keepAliveDelay: 5000, dnsQueryType: "ipv6", sendBufferSize: 0 };
  Object.assign(prototype, names);
  try {
    const socket = new TCPSocket("echo.example", 80);
    assert.equal((await socket.opened).remoteAddress, ADDRESS);
    await socket.close();
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
  assert.equal(network.connects[0]?.noDelay, false);
  assert.equal(network.connects[0]?.keepAliveDelayMs, null);
});

test("DS-07 DS-08 a refusal is no throw: opened and closed reject with one NotAllowedError, and nothing leaves", async () => {
  const { TCPSocket, network, questions } = page({ script: [NO] });
  const socket = new TCPSocket("echo.example", 80);
  const reason = await reasonOf(socket.opened);
  assert.equal(reason.name, "NotAllowedError");
  assert.equal(await reasonOf(socket.closed), reason);
  assert.equal(questions.length, 1);
  assert.deepEqual(network.log, []);
});

for (const address of ["", "echo", "127.1", "echo.example:80", "ec\u200bho.example", "\ud800.example", "0.0.0.0"]) {
  test(`DS-08 the address "${escapeText(address)}" is no throw: both promises reject, and nothing leaves`, async () => {
    const { TCPSocket, network } = page();
    const socket = new TCPSocket(address, 80);
    const reason = await reasonOf(socket.opened);
    assert.ok(["NetworkError", "NotAllowedError"].includes(reason.name), reason.name);
    assert.equal(await reasonOf(socket.closed), reason);
    assert.deepEqual(network.log, []);
  });
}

test("DS-16 opened and closed are the same promises on every read", async () => {
  const { TCPSocket } = page();
  const socket = new TCPSocket("echo.example", 80);
  const { opened, closed } = socket;
  assert.ok(opened instanceof Promise && closed instanceof Promise);
  assert.equal(socket.opened, opened);
  await opened;
  assert.equal(socket.opened, opened);
  await socket.close();
  assert.equal(socket.closed, closed);
});

test("DS-17 opened gives both streams and both ends, the far one as the address the name led to", async () => {
  const { TCPSocket, network } = page();
  const socket = new TCPSocket("ECHO.example.", 80);
  const info = await socket.opened;
  const { readable, writable, localPort, ...ends } = info;
  assert.ok(readable instanceof ReadableStream && writable instanceof WritableStream);
  assert.ok(localPort > 0);
  assert.deepEqual(ends, { localAddress: "127.0.0.1", remoteAddress: ADDRESS, remotePort: 80 });
  const names = ["localAddress", "localPort", "readable", "remoteAddress", "remotePort", "writable"];
  assert.deepEqual(Object.keys(info), names);
  assert.equal(Object.getPrototypeOf(info), Object.prototype);
  assert.deepEqual(network.log, ["resolve echo.example", `connect ${ADDRESS}:80`]);
  const writer = writable.getWriter();
  await writer.write(bytes("hello"));
  const reader = readable.getReader();
  assert.equal(text((await reader.read()).value), "hello");
  writer.releaseLock();
  reader.releaseLock();
  await socket.close();
});

test("DS-18 a refused connection rejects both promises with one NetworkError that has a stable code in its cause", async () => {
  const { TCPSocket } = page();
  const socket = new TCPSocket("echo.example", 81);
  const reason = await reasonOf(socket.opened);
  assert.ok(reason instanceof DOMException);
  assert.equal(reason.name, "NetworkError");
  assert.ok(reason.cause instanceof ParleyError);
  assert.equal(reason.cause.code, "NET_REFUSED");
  assert.equal(await reasonOf(socket.closed), reason);
});

test("DS-18 deviates: a name that does not exist is refused like one that leads into the own network", async () => {
  const { TCPSocket, clock, reports } = page();
  const socket = new TCPSocket("none.example", 80);
  const reason = await toldLate(clock, reasonOf(socket.opened));
  assert.deepEqual([reason.name, reason.message, reason.cause], [
    "NotAllowedError",
    "Not allowed to connect to none.example:80",
    undefined,
  ]);
  assert.equal(await reasonOf(socket.closed), reason);
  assert.match(reports.join("\n"), /none\.example: it does not exist \[NET_DNS\]/);
});

test("DS-18 a connection that does not come about in 30 s is a NetworkError", async () => {
  const { TCPSocket, network, clock } = page();
  const connecting = Promise.withResolvers<void>();
  network.connect = (_grant, _target, { signal }) => {
    connecting.resolve();
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const socket = new TCPSocket("echo.example", 80);
  await connecting.promise;
  await clock.advance(30_000);
  assert.equal(((await reasonOf(socket.opened)).cause as ParleyError).code, "NET_TIMEOUT");
});

test("DS-19 NET-17 a name that leads to a private address is refused like anything the operator refuses", async () => {
  const { TCPSocket, network, reports, clock } = page({ script: [ONCE, NO] });
  network.addName("rebind.example", "192.168.1.1");
  const socket = new TCPSocket("rebind.example", 80);
  const led = await toldLate(clock, reasonOf(socket.opened));
  assert.equal(await reasonOf(socket.closed), led);
  const refused = await reasonOf(new TCPSocket("rebind.example", 80).opened);
  assert.equal(led.name, "NotAllowedError");
  assert.deepEqual([led.name, led.message, led.cause], [refused.name, refused.message, refused.cause]);
  assert.deepEqual(network.log, ["resolve rebind.example"]);
  assert.match(reports.join("\n"), /192\.168\.1\.1.*PERM_ADDRESS/);
});

for (const [dnsQueryType, address] of [["ipv4", ADDRESS], ["ipv6", ADDRESS_6]] as const) {
  test(`DS-22 dnsQueryType ${dnsQueryType} connects to ${address}`, async () => {
    const { TCPSocket } = page();
    const socket = new TCPSocket("echo.example", 80, { dnsQueryType });
    assert.equal((await socket.opened).remoteAddress, address);
    await socket.close();
  });
}

test("DS-22 an address that is not of the wanted kind is a NetworkError", async () => {
  const { TCPSocket } = page();
  const socket = new TCPSocket(ADDRESS, 80, { dnsQueryType: "ipv6" });
  const reason = await reasonOf(socket.opened);
  assert.deepEqual([reason.name, (reason.cause as ParleyError).code], ["NetworkError", "NET_DNS"]);
});

test("DS-22 deviates: a name without an address of the wanted kind is refused like one that does not exist", async () => {
  const { TCPSocket, network, clock } = page();
  network.addName("four.example", ADDRESS);
  const socket = new TCPSocket("four.example", 80, { dnsQueryType: "ipv6" });
  const reason = await toldLate(clock, reasonOf(socket.opened));
  assert.deepEqual([reason.name, reason.cause], ["NotAllowedError", undefined]);
});

test("DS-23 sockets that fail while nobody looks raise no unhandled rejection", async () => {
  const { TCPSocket, network } = page({ script: [NO, ONCE] });
  new TCPSocket("echo.example", 80);
  new TCPSocket("none.example", 80);
  new TCPSocket("single-label", 80);
  // The runner fails a test with an unhandled rejection; they are noticed after the current task.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(network.log, ["resolve none.example"]);
});

test("DS-42 a socket can be neither cloned nor posted", async () => {
  const { TCPSocket } = page();
  const socket = new TCPSocket("echo.example", 80);
  assert.throws(() => structuredClone(socket), { name: "DataCloneError" });
  assert.throws(() => structuredClone({ inside: [socket] }), { name: "DataCloneError" });
  const { port1, port2 } = new MessageChannel();
  assert.throws(() => port1.postMessage(socket), { name: "DataCloneError" });
  port1.close();
  port2.close();
  await socket.opened;
  await socket.close();
});

test("CON-13 taking an approval back breaks its sockets off with NotAllowedError", async () => {
  const { TCPSocket, broker } = page({ script: [RUN] });
  const socket = new TCPSocket("echo.example", 80);
  const { readable, writable } = await socket.opened;
  const reading = readable.getReader().read();
  broker.revokeAll();
  await assert.rejects(reading, { name: "NotAllowedError" });
  await assert.rejects(writable.getWriter().closed, { name: "NotAllowedError" });
  await assert.rejects(socket.closed, { name: "NotAllowedError" });
});
