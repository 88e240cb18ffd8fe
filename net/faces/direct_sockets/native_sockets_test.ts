/** Direct Sockets over the sockets of this runtime, on loopback: what a network in memory might be too kind about. */
import assert from "node:assert/strict";
import { nativeBackend, nativeGaps } from "../../../tests/contract/native_backend.ts";
import { ONCE } from "../../../tests/support/broker_fixture.ts";
import {
  bytes,
  codeOf,
  type DirectSocketsPage,
  directSocketsPage,
  reasonOf,
  text,
} from "../../../tests/support/direct_sockets_page.ts";
import { test } from "../../../tests/support/harness.ts";
import type { UDPSocketOpenInfo } from "./mod.ts";

async function nativePage(): Promise<DirectSocketsPage> {
  return directSocketsPage({ net: await nativeBackend(), script: Array.from({ length: 8 }, () => ONCE) });
}

async function receive({ readable }: UDPSocketOpenInfo): Promise<string> {
  const reader = readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return text(value?.data);
}

async function send({ writable }: UDPSocketOpenInfo, content: string, to?: UDPSocketOpenInfo): Promise<void> {
  const writer = writable.getWriter();
  const data = bytes(content);
  await writer.write(to === undefined ? { data } : { data, remoteAddress: to.localAddress, remotePort: to.localPort });
  writer.releaseLock();
}

test("DS-43 NET-07 connected, on real sockets: only what the peer sends is delivered, with data alone", async () => {
  const { UDPSocket } = await nativePage();
  const [peer, evil] = [new UDPSocket({ localAddress: "127.0.0.1" }), new UDPSocket({ localAddress: "127.0.0.1" })];
  const [near, far] = [await peer.opened, await evil.opened];
  const socket = new UDPSocket({ remoteAddress: "127.0.0.1", remotePort: near.localPort });
  const info = await socket.opened;
  assert.deepEqual([info.remoteAddress, info.remotePort], ["127.0.0.1", near.localPort]);
  await send(info, "ping");
  assert.equal(await receive(near), "ping");
  const here = { ...info, localAddress: "127.0.0.1" };
  for (const content of ["evil 1", "evil 2"]) await send(far, content, here);
  await send(near, "pong", here);
  const reader = info.readable.getReader();
  const { value } = await reader.read();
  assert.deepEqual([text(value?.data), Reflect.ownKeys(value ?? {})], ["pong", ["data"]]);
  reader.releaseLock();
  for (const each of [socket, peer, evil]) await each.close();
});

test("DS-44 DS-47 bound, on real sockets: an answer finds its way, an empty datagram too, one too large does not", async () => {
  const { UDPSocket } = await nativePage();
  const [one, other] = [new UDPSocket({ localAddress: "127.0.0.1" }), new UDPSocket({ localAddress: "127.0.0.1" })];
  const [near, far] = [await one.opened, await other.opened];
  for (const content of ["question", ""]) {
    await send(near, content, far);
    const reader = far.readable.getReader();
    const { value } = await reader.read();
    reader.releaseLock();
    assert.deepEqual(value, { data: bytes(content), remoteAddress: "127.0.0.1", remotePort: near.localPort });
    const writer = far.writable.getWriter();
    await writer.write({ ...value, data: bytes(`answer to ${content}`) });
    writer.releaseLock();
    assert.equal(await receive(near), `answer to ${content}`);
  }
  const large = { data: new Uint8Array(65_508), remoteAddress: "127.0.0.1", remotePort: far.localPort };
  assert.equal(await codeOf(near.writable.getWriter().write(large)), "NET_MESSAGE_SIZE");
  await near.readable.cancel();
  assert.equal((await reasonOf(one.closed)).name, "NetworkError");
  await other.close();
});

test("DS-48 on real sockets a peer that nobody is at ends nothing", async () => {
  const { UDPSocket } = await nativePage();
  const gone = new UDPSocket({ localAddress: "127.0.0.1" });
  const { localPort } = await gone.opened;
  await gone.close();
  const socket = new UDPSocket({ remoteAddress: "127.0.0.1", remotePort: localPort });
  const info = await socket.opened;
  for (let count = 0; count < 4; count++) await send(info, "anybody?");
  const back = new UDPSocket({ localAddress: "127.0.0.1", localPort });
  await send(await back.opened, "here", { ...info, localAddress: "127.0.0.1" });
  assert.equal(await receive(info), "here");
  await Promise.all([socket.close(), back.close()]);
});

test("DS-60 DS-61 DS-21 a server on real sockets: the port is high, connections are open, and outlive it", async () => {
  const { TCPServerSocket, TCPSocket } = await nativePage();
  const server = new TCPServerSocket("127.0.0.1");
  const { readable, localAddress, localPort } = await server.opened;
  assert.equal(localAddress, "127.0.0.1");
  assert.ok(localPort >= 32_768);
  const reader = readable.getReader();
  const client = new TCPSocket("127.0.0.1", localPort);
  const { value: accepted } = await reader.read();
  assert.ok(accepted instanceof TCPSocket);
  reader.releaseLock();
  await server.close();
  const [near, far] = [await client.opened, await accepted.opened];
  assert.deepEqual([far.localPort, far.remotePort], [localPort, near.localPort]);
  const echoing = far.readable.pipeTo(far.writable);
  const writer = near.writable.getWriter();
  await writer.write(bytes("there and back"));
  await writer.close();
  assert.equal(await new Response(near.readable).text(), "there and back");
  await echoing;
  await Promise.all([client.closed, accepted.closed]);
  assert.equal(await codeOf(new TCPSocket("127.0.0.1", localPort).opened), "NET_REFUSED");
});

test("DS-61 on real sockets a port in use is a NetworkError", async () => {
  const { TCPServerSocket } = await nativePage();
  const server = new TCPServerSocket("127.0.0.1");
  const { localPort } = await server.opened;
  assert.equal(await codeOf(new TCPServerSocket("127.0.0.1", { localPort }).opened), "NET_IN_USE");
  await server.close();
});

if (nativeGaps.multicastTtlZeroRefused) {
  test("DS-59 deviates: this runtime sets no time to live of 0, and the socket says so", async () => {
    const { UDPSocket } = await nativePage();
    const socket = new UDPSocket({ localAddress: "0.0.0.0", multicastTimeToLive: 0 });
    const reason = await reasonOf(socket.opened);
    assert.equal(reason.name, "NotSupportedError");
    assert.equal(await reasonOf(socket.closed), reason);
  });
} else {
  test("DS-59 this runtime sets a time to live of 0", async () => {
    const { UDPSocket } = await nativePage();
    const socket = new UDPSocket({ localAddress: "0.0.0.0", multicastTimeToLive: 0 });
    await socket.opened;
    await socket.close();
  });
}

if (nativeGaps.serverIpv6OnlyIgnored) {
  test("DS-15 deviates: this runtime has no servers for IPv6 alone, and the socket says so", async () => {
    const { TCPServerSocket } = await nativePage();
    const server = new TCPServerSocket("::", { ipv6Only: true });
    assert.equal((await reasonOf(server.opened)).name, "NotSupportedError");
  });
}
