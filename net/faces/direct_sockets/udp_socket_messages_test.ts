import assert from "node:assert/strict";
import { formatDestination } from "../../../core/destination.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { NO, ONCE } from "../../../tests/support/broker_fixture.ts";
import {
  bytes,
  type DirectSocketsPage,
  directSocketsPage,
  NAME,
  type Peer,
  peerAt,
  PUBLIC,
  PUBLIC_6,
  reasonOf,
  stateOf,
  text,
} from "../../../tests/support/direct_sockets_page.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import type { UDPMessage, UDPSocket, UDPSocketOpenInfo, UDPSocketOptions } from "./mod.ts";

const MAX_DATAGRAM = 65_507;

interface Scene extends UDPSocketOpenInfo {
  readonly page: DirectSocketsPage;
  readonly socket: UDPSocket;
  /** The usual far end. */
  readonly peer: Peer;
}

async function scene(options: UDPSocketOptions, script: readonly Answer[]): Promise<Scene> {
  const page = directSocketsPage({ script });
  const peer = await peerAt(page.network, PUBLIC, 53);
  const socket = new page.UDPSocket(options);
  return { page, peer, socket, ...(await socket.opened) };
}

function connected(script: readonly Answer[] = [ONCE]): Promise<Scene> {
  return scene({ remoteAddress: NAME, remotePort: 53 }, script);
}

function bound(script: readonly Answer[] = [ONCE, ONCE, ONCE, ONCE]): Promise<Scene> {
  return scene({ localAddress: "0.0.0.0", localPort: 5000 }, script);
}

/** A message to the usual far end. */
function to(content: string, remoteAddress = PUBLIC, remotePort = 53): UDPMessage {
  return { data: bytes(content), remoteAddress, remotePort };
}

/** Where a peer reaches a bound socket of this machine. */
const HERE = { localAddress: "127.0.0.1", localPort: 5000 };

function questions({ page }: Scene): (string | null)[] {
  return page.questions.slice(1).map(({ descriptor: { destination } }) =>
    destination === null ? null : formatDestination(destination)
  );
}

test("DS-43 NET-07 connected: what others send is not delivered, whichever half of the address differs", async () => {
  const { page, peer, socket, readable, localAddress, localPort } = await connected();
  const here = { localAddress, localPort };
  const others = [await peerAt(page.network, PUBLIC, 54), await peerAt(page.network, "9.9.9.9", 53)];
  for (const other of others) await other.send("evil", here);
  await peer.send("good", here);
  for (const other of others) await other.send("evil", here);
  await peer.send("better", here);
  const reader = readable.getReader();
  assert.equal(text((await reader.read()).value?.data), "good");
  assert.equal(text((await reader.read()).value?.data), "better");
  reader.releaseLock();
  await socket.close();
});

test("DS-43 connected: a message has data and no other key", async () => {
  const { peer, socket, readable, localAddress, localPort } = await connected();
  await peer.send("x", { localAddress, localPort });
  const reader = readable.getReader();
  const { value } = await reader.read();
  assert.deepEqual(Reflect.ownKeys(value ?? {}), ["data"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  reader.releaseLock();
  await socket.close();
});

test("DS-44 bound: a message has data, remoteAddress and remotePort of its sender, and no dnsQueryType", async () => {
  const { page, peer, socket, readable } = await bound();
  const other = await peerAt(page.network, "9.9.9.9", 99);
  await peer.send("one", HERE);
  await other.send("two", HERE);
  const reader = readable.getReader();
  const [one, two] = [(await reader.read()).value, (await reader.read()).value];
  assert.deepEqual(one, { data: bytes("one"), remoteAddress: PUBLIC, remotePort: 53 });
  assert.deepEqual(two, { data: bytes("two"), remoteAddress: "9.9.9.9", remotePort: 99 });
  assert.deepEqual(Reflect.ownKeys(one ?? {}), ["data", "remoteAddress", "remotePort"]);
  reader.releaseLock();
  await socket.close();
});

const WRONG_CONNECTED: readonly unknown[] = [
  { data: bytes("x"), remoteAddress: NAME },
  { data: bytes("x"), remotePort: 53 },
  { data: bytes("x"), dnsQueryType: "ipv4" },
  {},
  undefined,
  null,
  "text",
  bytes("no message"),
  { data: "text" },
];
const WRONG_BOUND: readonly unknown[] = [
  { data: bytes("x") },
  { data: bytes("x"), remoteAddress: PUBLIC },
  { data: bytes("x"), remotePort: 53 },
  { data: bytes("x"), remoteAddress: PUBLIC, remotePort: 53, dnsQueryType: "other" },
  { remoteAddress: PUBLIC, remotePort: 53 },
];

for (const [mode, open, wrong] of [["connected", connected, WRONG_CONNECTED], ["bound", bound, WRONG_BOUND]] as const) {
  for (const message of wrong) {
    test(`DS-45 ${mode}: ${JSON.stringify(message)} is a TypeError, and writable is done for; closed is not`, async () => {
      const { peer, socket, readable, writable, localPort } = await open();
      const writer = writable.getWriter();
      const reason = await reasonOf(writer.write(message as UDPMessage));
      assert.ok(reason instanceof TypeError);
      assert.equal(await reasonOf(writer.write({ data: bytes("valid") })), reason);
      assert.equal(await stateOf(socket.closed), "pending");
      await peer.send("goes on", { localAddress: "127.0.0.1", localPort });
      const reader = readable.getReader();
      assert.equal(text((await reader.read()).value?.data), "goes on");
      await reader.cancel();
      assert.equal(await reasonOf(socket.closed), reason);
      assert.equal(peer.inbox.received.length, 0);
    });
  }
}

test("DS-45 any BufferSource is data; what stands in it when it is written is sent", async () => {
  const { peer, socket, writable } = await connected();
  const writer = writable.getWriter();
  const data = bytes("before");
  const writing = writer.write({ data });
  data.set(bytes("after!"));
  await writing;
  await writer.write({ data: bytes("ab").buffer });
  await writer.write({ data: new DataView(bytes("-cd-").buffer, 1, 2) });
  const seen = [await peer.inbox.text(), await peer.inbox.text(), await peer.inbox.text()];
  assert.deepEqual(seen, ["before", "ab", "cd"]);
  writer.releaseLock();
  await socket.close();
});

test("DS-46 bound: a message may name a host; each new destination is one question, and a name is looked up once", async () => {
  const all = await bound();
  const { page, peer, socket, writable } = all;
  const writer = writable.getWriter();
  await writer.write(to("one", NAME));
  await writer.write(to("two", NAME));
  await writer.write(to("three"));
  assert.deepEqual([await peer.inbox.text(), await peer.inbox.text(), await peer.inbox.text()], [
    "one",
    "two",
    "three",
  ]);
  assert.deepEqual(questions(all), [`udp://${NAME}:53`]);
  assert.equal(page.network.log.filter((line) => line === `resolve ${NAME}`).length, 1);
  writer.releaseLock();
  await socket.close();
});

test("DS-46 bound: dnsQueryType says which of the name's addresses a message goes to", async () => {
  const { page, peer, socket, writable } = await scene({ localAddress: "::", localPort: 5000 }, [ONCE, ONCE]);
  const six = await peerAt(page.network, PUBLIC_6, 53);
  const writer = writable.getWriter();
  await writer.write({ ...to("six", NAME), dnsQueryType: "ipv6" });
  await writer.write({ ...to("four", NAME), dnsQueryType: "ipv4" });
  assert.deepEqual([await six.inbox.text(), await peer.inbox.text()], ["six", "four"]);
  writer.releaseLock();
  await socket.close();
});

test("DS-46 deviates: bound: a lookup that fails rejects the write with NotAllowedError, and writable is done for", async () => {
  const { page, socket, readable, writable } = await bound();
  const writer = writable.getWriter();
  const reason = await toldLate(page.clock, reasonOf(writer.write(to("x", "none.example"))));
  assert.deepEqual([reason.name, reason.cause], ["NotAllowedError", undefined]);
  await assert.rejects(writer.write(to("y")), { name: "NotAllowedError" });
  assert.equal(await stateOf(socket.closed), "pending");
  await readable.cancel();
  await assert.rejects(socket.closed, { name: "NotAllowedError" });
});

test("DS-46 bound: no address of the wanted kind rejects the write with NetworkError, and writable is done for", async () => {
  const { page, socket, readable, writable } = await bound();
  page.network.addName("four.example", PUBLIC);
  const writer = writable.getWriter();
  const message = { ...to("x", "four.example"), dnsQueryType: "ipv6" as const };
  await assert.rejects(writer.write(message), { name: "NetworkError" });
  await assert.rejects(writer.write(to("y")), { name: "NetworkError" });
  assert.equal(await stateOf(socket.closed), "pending");
  await readable.cancel();
  await assert.rejects(socket.closed, { name: "NetworkError" });
});

test("DS-46 NET-27 bound: a destination that the operator refuses rejects with NotAllowedError, and nothing leaves", async () => {
  const { page, socket, writable } = await bound([ONCE, NO]);
  const writer = writable.getWriter();
  const reason = await reasonOf(writer.write(to("x")));
  assert.equal(reason.name, "NotAllowedError");
  assert.equal(page.network.log.length, 0);
  writer.releaseLock();
  await socket.close();
});

test("DS-46 NET-14 bound: a name that leads into the own network is refused like that", async () => {
  const { page, socket, writable } = await bound();
  page.network.addName("rebind.example", "192.168.1.1");
  const led = await toldLate(page.clock, reasonOf(writable.getWriter().write(to("x", "rebind.example"))));
  assert.deepEqual([led.name, led.cause], ["NotAllowedError", undefined]);
  assert.deepEqual(page.network.log, ["resolve rebind.example"]);
  await socket.opened.then(({ readable }) => readable.cancel());
  await assert.rejects(socket.closed, { name: "NotAllowedError" });
});

for (const [address, name] of [["255.255.255.255", "NetworkError"], ["0.0.0.0", "NotAllowedError"]] as const) {
  test(`DS-46 RS-07 bound: a datagram to ${address} is a ${name}, without a question`, async () => {
    const all = await bound();
    await assert.rejects(all.writable.getWriter().write(to("x", address)), { name });
    assert.deepEqual(questions(all), []);
    await all.readable.cancel();
  });
}

test("NET-27 bound: who wrote to the socket is answered without a question", async () => {
  const all = await bound();
  const { peer, socket, readable, writable } = all;
  await peer.send("who is there?", HERE);
  const reader = readable.getReader();
  const { value } = await reader.read();
  const writer = writable.getWriter();
  await writer.write({ ...value, data: bytes("it is me") });
  assert.equal(await peer.inbox.text(), "it is me");
  assert.deepEqual(questions(all), []);
  reader.releaseLock();
  writer.releaseLock();
  await socket.close();
});

for (const [mode, open] of [["connected", connected], ["bound", bound]] as const) {
  const message = (size: number): UDPMessage => {
    const data = new Uint8Array(size);
    return mode === "connected" ? { data } : { data, remoteAddress: PUBLIC, remotePort: 53 };
  };

  test(`DS-47 ${mode}: a datagram that is too large is a NetworkError`, async () => {
    const { socket, readable, writable, page } = await open();
    const writer = writable.getWriter();
    const reason = await reasonOf(writer.write(message(MAX_DATAGRAM + 1)));
    assert.equal(reason.name, "NetworkError");
    assert.equal((reason.cause as { code: string }).code, "NET_MESSAGE_SIZE");
    await assert.rejects(writer.write(message(1)), { name: "NetworkError" });
    assert.equal(page.network.log.includes("udp"), false);
    await readable.cancel();
    await assert.rejects(socket.closed, { name: "NetworkError" });
  });

  test(`DS-47 ${mode}: an empty datagram is sent, and received`, async () => {
    const { peer, socket, readable, writable, localPort } = await open();
    const writer = writable.getWriter();
    await writer.write(message(0));
    assert.equal((await peer.inbox.next()).bytes.byteLength, 0);
    await peer.send("", { localAddress: "127.0.0.1", localPort });
    const reader = readable.getReader();
    assert.equal((await reader.read()).value?.data.byteLength, 0);
    writer.releaseLock();
    reader.releaseLock();
    await socket.close();
  });
}

test("DS-47 the largest datagram there is goes through", async () => {
  const { peer, socket, writable, page } = await connected();
  // Who has not answered yet is not sent that much (NET-27).
  const { localAddress, localPort } = await socket.opened;
  await peer.send("go on", { localAddress, localPort });
  const writer = writable.getWriter();
  await writer.write({ data: new Uint8Array(MAX_DATAGRAM) });
  assert.equal((await peer.inbox.next()).bytes.byteLength, MAX_DATAGRAM);
  writer.releaseLock();
  await socket.close();
  assert.equal(page.engine.inventory.size, 0);
});

test("DS-48 an ICMP message that nothing listens there ends nothing: writes go on, and a read stays pending", async () => {
  const { page, socket, readable, writable } = await scene({ remoteAddress: PUBLIC, remotePort: 9 }, [ONCE]);
  const reader = readable.getReader();
  const reading = reader.read();
  const writer = writable.getWriter();
  for (let count = 0; count < 3; count++) await writer.write({ data: bytes("anybody?") });
  assert.equal(await stateOf(reading), "pending");
  assert.equal(await stateOf(socket.closed), "pending");
  const late = await peerAt(page.network, PUBLIC, 9);
  const { localAddress, localPort } = await socket.opened;
  await late.send("now", { localAddress, localPort });
  assert.equal(text((await reading).value?.data), "now");
  reader.releaseLock();
  writer.releaseLock();
  await socket.close();
});

test("DS-50 readable is a normal stream, not a byte stream, and data is always a Uint8Array of its own", async () => {
  const { peer, socket, readable } = await bound();
  assert.throws(() => readable.getReader({ mode: "byob" } as never), TypeError);
  await peer.send("one", HERE);
  await peer.send("two", HERE);
  const reader = readable.getReader();
  const [one, two] = [(await reader.read()).value?.data, (await reader.read()).value?.data];
  assert.ok(one instanceof Uint8Array && two instanceof Uint8Array);
  assert.notEqual(one.buffer, two.buffer);
  assert.deepEqual([one.byteOffset, one.buffer.byteLength], [0, 3]);
  reader.releaseLock();
  await socket.close();
});

test("DS-50 DS-27 cancelling readable leaves writable as it is; closing that resolves closed", async () => {
  const { peer, socket, readable, writable } = await connected();
  assert.equal(await readable.cancel("enough"), undefined);
  const writer = writable.getWriter();
  await writer.write({ data: bytes("still here") });
  assert.equal(await peer.inbox.text(), "still here");
  assert.equal(await stateOf(socket.closed), "pending");
  await writer.close();
  assert.equal(await socket.closed, undefined);
});

test("DS-50 DS-36 closed resolves once both streams have ended, in either order", async () => {
  for (const writableFirst of [true, false]) {
    const { socket, readable, writable } = await bound();
    const ends = [(): Promise<void> => writable.close(), (): Promise<void> => readable.cancel()];
    for (const end of writableFirst ? ends : ends.reverse()) {
      assert.equal(await stateOf(socket.closed), "pending");
      await end();
    }
    assert.equal(await socket.closed, undefined);
  }
});

test("DS-50 DS-34 DS-36 aborting writable drops what waits; readable delivers, and closed rejects with the reason", async () => {
  const answering = Promise.withResolvers<Answer>();
  const page = directSocketsPage({
    prompter: { ask: ({ number }) => number === 1 ? Promise.resolve(ONCE) : answering.promise },
  });
  const peer = await peerAt(page.network, PUBLIC, 53);
  const socket = new page.UDPSocket({ localAddress: "0.0.0.0", localPort: 5000 });
  const { readable, writable } = await socket.opened;
  const writer = writable.getWriter();
  const reason = new RangeError("enough");
  const pending = assert.rejects(writer.write(to("never sent")), reason);
  const queued = assert.rejects(writer.write(to("nor this")), reason);
  await writer.abort(reason);
  await Promise.all([pending, queued]);
  answering.resolve(ONCE);
  await peer.send("still read", HERE);
  const reader = readable.getReader();
  assert.equal(text((await reader.read()).value?.data), "still read");
  assert.equal(peer.inbox.received.length, 0);
  await reader.cancel();
  assert.equal(await reasonOf(socket.closed), reason as unknown);
});

test("DS-50 DS-32 a write settles when the system has taken the datagram; one message fills the queue", async () => {
  const { socket, writable } = await connected();
  const writer = writable.getWriter();
  assert.equal(writer.desiredSize, 1);
  const writing = writer.write({ data: bytes("x") });
  assert.equal(writer.desiredSize, 0);
  await writing;
  assert.equal(writer.desiredSize, 1);
  writer.releaseLock();
  await socket.close();
});
