import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { formatDestination } from "../../../core/destination.ts";
import type { Answer, Question } from "../../../permissions/prompter.ts";
import { NO, ONCE, RUN } from "../../../tests/support/broker_fixture.ts";
import {
  codeOf,
  construct,
  type DirectSocketsPage,
  directSocketsPage,
  NAME,
  peerAt,
  PUBLIC,
  PUBLIC_6,
  reasonOf,
  stateOf,
} from "../../../tests/support/direct_sockets_page.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import type { UDPSocket, UDPSocketOptions } from "./mod.ts";

const REMOTE: UDPSocketOptions = { remoteAddress: NAME, remotePort: 53 };
const LOCAL: UDPSocketOptions = { localAddress: "127.0.0.1" };

function asked(questions: readonly Question[]): (string | null)[] {
  return questions.map(({ descriptor: { destination } }) =>
    destination === null ? null : formatDestination(destination)
  );
}

async function opened(options: UDPSocketOptions, script: readonly Answer[] = [ONCE]): Promise<{
  readonly page: DirectSocketsPage;
  readonly socket: UDPSocket;
}> {
  const page = directSocketsPage({ script });
  const socket = new page.UDPSocket(options);
  await socket.opened;
  return { page, socket };
}

test("DS-01 members reject with TypeError on anything but a UDPSocket, other sockets among them", async () => {
  const { page, socket } = await opened(LOCAL, [ONCE, ONCE]);
  const server = new page.TCPServerSocket("127.0.0.1");
  const { close } = page.UDPSocket.prototype;
  for (const other of [undefined, {}, Object.create(page.UDPSocket.prototype), server]) {
    await assert.rejects(close.call(other as UDPSocket), TypeError);
  }
  await assert.rejects(Object.create(socket).opened, TypeError);
  await socket.close();
  await server.opened;
  await server.close();
});

test("DS-01 a subclass keeps its own prototype and fields", async () => {
  const { UDPSocket } = directSocketsPage({ script: [ONCE] });
  class Named extends UDPSocket {
    readonly label = "mine";
  }
  const socket = new Named(LOCAL);
  assert.ok(socket instanceof Named);
  assert.equal(socket.label, "mine");
  await socket.opened;
  await socket.close();
});

for (const given of [[], [undefined], [null], [{}]]) {
  test(`DS-02 DS-12 new UDPSocket(${given.map(String)}) is a TypeError: there is no mode`, () => {
    assert.throws(() => construct(directSocketsPage().UDPSocket, ...given), TypeError);
  });
}

test("DS-08 NET-07 a refusal is no throw: opened and closed reject with one NotAllowedError, and nothing leaves", async () => {
  for (const [options, where] of [[REMOTE, `with ${NAME}:53`], [LOCAL, "at 127.0.0.1:0"]] as const) {
    const { UDPSocket, network, questions } = directSocketsPage({ script: [NO] });
    const socket = new UDPSocket(options);
    const reason = await reasonOf(socket.opened);
    assert.equal(reason.name, "NotAllowedError");
    assert.equal(reason.message, `Not allowed to exchange datagrams ${where}`);
    assert.equal(await reasonOf(socket.closed), reason);
    assert.equal(questions.length, 1);
    assert.deepEqual(network.log, []);
  }
});

for (const remoteAddress of ["", "peer", "127.1", "peer.example:53", "\ud800.example", "0.0.0.0", "255.255.255.255"]) {
  test(`DS-08 the address ${JSON.stringify(remoteAddress)} is no throw: both promises reject, nobody is asked`, async () => {
    const { UDPSocket, network, questions } = directSocketsPage({ script: [ONCE] });
    const socket = new UDPSocket({ remoteAddress, remotePort: 53 });
    const reason = await reasonOf(socket.opened);
    assert.ok(["NetworkError", "NotAllowedError"].includes(reason.name), reason.name);
    assert.equal(await reasonOf(socket.closed), reason);
    assert.deepEqual([network.log, questions], [[], []]);
  });
}

test("DS-08 a remote port of 0 is no throw", async () => {
  const { UDPSocket } = directSocketsPage({ script: [ONCE] });
  await assert.rejects(new UDPSocket({ ...REMOTE, remotePort: 0 }).opened, { name: "NetworkError" });
});

test("DS-09 NET-08 connected mode asks for the destination, looks the name up after that, and sends there alone", async () => {
  const { page, socket } = await opened(REMOTE);
  assert.deepEqual(asked(page.questions), [`udp://${NAME}:53`]);
  assert.deepEqual(page.network.log, [`resolve ${NAME}`, `udp ${PUBLIC}:53`]);
  assert.match(page.reports.join("\n"), /peer\.example:53 \(93\.184\.215\.14\)/);
  await socket.close();
});

test("DS-11 NET-22 bound mode asks to listen, for the very address and port", async () => {
  const { page, socket } = await opened({ ...LOCAL, localPort: 5000 });
  assert.deepEqual(asked(page.questions), ["listen+udp://127.0.0.1:5000"]);
  assert.equal((await socket.opened).localPort, 5000);
  await socket.close();
});

test("DS-16 opened and closed are the same promises on every read", async () => {
  const { UDPSocket } = directSocketsPage({ script: [ONCE] });
  const socket = new UDPSocket(LOCAL);
  const { opened, closed } = socket;
  assert.ok(opened instanceof Promise && closed instanceof Promise);
  await opened;
  assert.equal(socket.opened, opened);
  await socket.close();
  assert.equal(socket.closed, closed);
});

test("DS-19 NET-17 a name that leads to a private address is refused like anything the operator refuses", async () => {
  const { UDPSocket, network, reports, clock } = directSocketsPage({ script: [ONCE, NO] });
  network.addName("rebind.example", "192.168.1.1");
  const options = { remoteAddress: "rebind.example", remotePort: 53 };
  const socket = new UDPSocket(options);
  const led = await toldLate(clock, reasonOf(socket.opened));
  assert.equal(await reasonOf(socket.closed), led);
  const refused = await reasonOf(new UDPSocket(options).opened);
  assert.equal(led.name, "NotAllowedError");
  assert.deepEqual([led.name, led.message, led.cause], [refused.name, refused.message, refused.cause]);
  assert.deepEqual(network.log, ["resolve rebind.example"]);
  assert.match(reports.join("\n"), /192\.168\.1\.1.*PERM_ADDRESS/);
});

test("DS-20 deviates: a port under 1024 is the operator's decision, who is asked about that very port", async () => {
  const { UDPSocket, questions, network } = directSocketsPage({ script: [NO, ONCE] });
  const options = { localAddress: "127.0.0.1", localPort: 123 };
  await assert.rejects(new UDPSocket(options).opened, { name: "NotAllowedError" });
  assert.deepEqual(network.log, []);
  const socket = new UDPSocket(options);
  assert.equal((await socket.opened).localPort, 123);
  assert.deepEqual(asked(questions), ["listen+udp://127.0.0.1:123", "listen+udp://127.0.0.1:123"]);
  await socket.close();
});

test("DS-20 deviates: a rule that names a port under 1024 approves it, and no other", async () => {
  const { UDPSocket, questions } = directSocketsPage({ allow: ["listen+udp://127.0.0.1:123"] });
  const socket = new UDPSocket({ localAddress: "127.0.0.1", localPort: 123 });
  assert.equal((await socket.opened).localPort, 123);
  assert.equal(questions.length, 0);
  await assert.rejects(new UDPSocket({ localAddress: "127.0.0.1", localPort: 124 }).opened, {
    name: "NotAllowedError",
  });
  await socket.close();
});

test("DS-20 DS-58 a port that is in use is a NetworkError with a stable code in its cause", async () => {
  const { page, socket } = await opened({ ...LOCAL, localPort: 5000 }, [ONCE, ONCE]);
  const second = new page.UDPSocket({ ...LOCAL, localPort: 5000 });
  const reason = await reasonOf(second.opened);
  assert.equal(reason.name, "NetworkError");
  assert.ok(reason.cause instanceof ParleyError && reason.cause.code === "NET_IN_USE");
  assert.equal(await reasonOf(second.closed), reason);
  await socket.close();
});

for (const [dnsQueryType, address] of [["ipv4", PUBLIC], ["ipv6", PUBLIC_6]] as const) {
  test(`DS-22 dnsQueryType ${dnsQueryType} opens to ${address}`, async () => {
    const { socket } = await opened({ ...REMOTE, dnsQueryType });
    assert.equal((await socket.opened).remoteAddress, address);
    await socket.close();
  });
}

test("DS-22 an address that is not of the wanted kind is a NetworkError", async () => {
  const { UDPSocket } = directSocketsPage({ script: [ONCE] });
  const options: UDPSocketOptions = { remoteAddress: PUBLIC, remotePort: 53, dnsQueryType: "ipv6" };
  assert.equal(await codeOf(new UDPSocket(options).opened), "NET_DNS");
});

test("DS-22 deviates: a name that does not exist, and one without an address of the wanted kind, are refused", async () => {
  const { UDPSocket, network, clock } = directSocketsPage({ script: [ONCE, ONCE] });
  network.addName("four.example", PUBLIC);
  const wanted: UDPSocketOptions[] = [
    { remoteAddress: "four.example", remotePort: 53, dnsQueryType: "ipv6" },
    { remoteAddress: "none.example", remotePort: 53 },
  ];
  for (const options of wanted) {
    const reason = await toldLate(clock, reasonOf(new UDPSocket(options).opened));
    assert.deepEqual([reason.name, reason.cause], ["NotAllowedError", undefined]);
  }
});

test("DS-22 deviates: a lookup without an answer is refused like any that fails, and at the same moment", async () => {
  const { UDPSocket, network, clock } = directSocketsPage({ script: [ONCE] });
  const looking = Promise.withResolvers<void>();
  network.resolve = (_grant, _host, { signal }) => {
    looking.resolve();
    return new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const socket = new UDPSocket(REMOTE);
  await looking.promise;
  const reason = await toldLate(clock, reasonOf(socket.opened));
  assert.deepEqual([reason.name, reason.cause], ["NotAllowedError", undefined]);
});

test("DS-23 sockets that fail while nobody looks raise no unhandled rejection", async () => {
  const { UDPSocket, network } = directSocketsPage({ script: [NO, ONCE] });
  new UDPSocket(REMOTE);
  new UDPSocket({ remoteAddress: "none.example", remotePort: 53 });
  new UDPSocket({ remoteAddress: "single-label", remotePort: 53 });
  new UDPSocket(LOCAL);
  // The runner fails a test with an unhandled rejection; they are noticed after the current task.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.deepEqual(network.log, ["resolve none.example"]);
});

test("DS-38 close() before the socket is open is an InvalidStateError, and the opening goes on", async () => {
  const { UDPSocket } = directSocketsPage({ script: [ONCE] });
  const socket = new UDPSocket(LOCAL);
  await assert.rejects(socket.close(), { name: "InvalidStateError" });
  await socket.opened;
  assert.equal(await stateOf(socket.closed), "pending");
  await socket.close();
});

test("DS-39 close() after a failed opening is an InvalidStateError", async () => {
  const { UDPSocket } = directSocketsPage({ script: [NO] });
  const socket = new UDPSocket(LOCAL);
  await reasonOf(socket.opened);
  await assert.rejects(socket.close(), { name: "InvalidStateError" });
});

test("DS-40 close() while a stream is locked is an InvalidStateError, and closes nothing", async () => {
  const { page, socket } = await opened({ ...LOCAL, localPort: 5000 });
  const { readable, writable } = await socket.opened;
  const peer = await peerAt(page.network, "127.0.0.1", 6000);
  const reader = readable.getReader();
  await assert.rejects(socket.close(), { name: "InvalidStateError" });
  await peer.send("still heard", { localAddress: "127.0.0.1", localPort: 5000 });
  assert.equal(new TextDecoder().decode((await reader.read()).value?.data), "still heard");
  reader.releaseLock();
  const writer = writable.getWriter();
  await assert.rejects(socket.close(), { name: "InvalidStateError" });
  writer.releaseLock();
  await socket.close();
});

test("DS-41 close() returns closed itself, again and again; streams end, and the port is free", async () => {
  const { page, socket } = await opened({ ...LOCAL, localPort: 5000 });
  const { readable, writable } = await socket.opened;
  assert.equal(page.engine.inventory.size, 1);
  assert.equal(socket.close(), socket.closed);
  assert.equal(socket.close(), socket.closed);
  assert.equal(await socket.closed, undefined);
  assert.deepEqual(await readable.getReader().read(), { done: true, value: undefined });
  const message = { data: new Uint8Array(1), remoteAddress: "127.0.0.1", remotePort: 6000 };
  await assert.rejects(writable.getWriter().write(message), { name: "AbortError" });
  assert.equal(page.engine.inventory.size, 0);
  (await peerAt(page.network, "127.0.0.1", 5000)).link.close();
});

test("DS-42 a socket can be neither cloned nor transferred", async () => {
  const { socket } = await opened(LOCAL);
  assert.throws(() => structuredClone(socket), { name: "DataCloneError" });
  assert.throws(() => structuredClone(null, { transfer: [socket as never] }));
  await socket.close();
});

test("DS-49 what opened gives in connected mode: both ends, and no controller", async () => {
  const { socket } = await opened(REMOTE);
  const info = await socket.opened;
  const { readable, writable, localPort, ...ends } = info;
  assert.ok(readable instanceof ReadableStream && writable instanceof WritableStream);
  assert.ok(localPort > 0);
  assert.deepEqual(ends, { localAddress: "127.0.0.1", remoteAddress: PUBLIC, remotePort: 53 });
  const names = ["localAddress", "localPort", "readable", "remoteAddress", "remotePort", "writable"];
  assert.deepEqual(Object.keys(info), names);
  await socket.close();
});

test("DS-49 what opened gives in bound mode: this end, and a controller", async () => {
  const { page, socket } = await opened(LOCAL);
  const info = await socket.opened;
  const names = ["localAddress", "localPort", "multicastController", "readable", "writable"];
  assert.deepEqual(Object.keys(info), names);
  assert.equal(Object.getPrototypeOf(info), Object.prototype);
  assert.equal(info.localAddress, "127.0.0.1");
  assert.ok(info.localPort > 0);
  assert.ok(info.multicastController instanceof page.MulticastController);
  assert.equal((await socket.opened).multicastController, info.multicastController);
  await socket.close();
});

test("DS-51 a socket on :: with ipv6Only leaves the IPv4 port to others, and one without does not", async () => {
  for (const ipv6Only of [true, false]) {
    const { page, socket } = await opened({ localAddress: "::", localPort: 5000, ipv6Only }, [ONCE, ONCE]);
    const other = new page.UDPSocket({ localAddress: "0.0.0.0", localPort: 5000 });
    if (ipv6Only) await other.opened.then(() => other.close());
    else assert.equal(await codeOf(other.opened), "NET_IN_USE");
    await socket.close();
  }
});

test("DS-06 buffer sizes are asked of the system", async () => {
  const network = new MemoryNetwork();
  const sizes: unknown[] = [];
  const { connectDatagram, bindDatagram } = network;
  network.connectDatagram = (grant, target, how) => {
    sizes.push(how.options.sendBufferSize, how.options.receiveBufferSize);
    return connectDatagram.call(network, grant, target, how);
  };
  network.bindDatagram = (grant, at, how) => {
    sizes.push(how.options.sendBufferSize, how.options.receiveBufferSize);
    return bindDatagram.call(network, grant, at, how);
  };
  const { UDPSocket } = directSocketsPage({ script: [ONCE, ONCE], network });
  const wanted = [{ ...REMOTE, sendBufferSize: 4096, receiveBufferSize: 8192 }, { ...LOCAL, receiveBufferSize: 16384 }];
  for (const options of wanted) {
    const socket = new UDPSocket(options);
    await socket.opened;
    await socket.close();
  }
  assert.deepEqual(sizes, [4096, 8192, null, 16384]);
});

test("CON-13 DS-63 taking an approval back breaks its sockets off with NotAllowedError", async () => {
  for (const options of [REMOTE, LOCAL]) {
    const { page, socket } = await opened(options, [RUN]);
    const { readable, writable } = await socket.opened;
    const reading = readable.getReader().read();
    page.broker.revokeAll();
    await assert.rejects(reading, { name: "NotAllowedError" });
    await assert.rejects(writable.getWriter().closed, { name: "NotAllowedError" });
    await assert.rejects(socket.closed, { name: "NotAllowedError" });
    assert.equal(page.engine.inventory.size, 0);
  }
});
