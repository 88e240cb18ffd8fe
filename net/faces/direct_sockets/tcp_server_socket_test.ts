import assert from "node:assert/strict";
import { formatDestination } from "../../../core/destination.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { NO, ONCE, RUN } from "../../../tests/support/broker_fixture.ts";
import {
  address,
  bytes,
  codeOf,
  construct,
  type DirectSocketsPage,
  directSocketsPage,
  reasonOf,
  stateOf,
  text,
} from "../../../tests/support/direct_sockets_page.ts";
import { test } from "../../../tests/support/harness.ts";
import { createTestHost } from "../../../testing.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { PIPE_BYTES } from "../../../runtime/memory/pipe.ts";
import type { TCPServerSocket, TCPServerSocketOpenInfo, TCPServerSocketOptions, TCPSocket } from "./mod.ts";

const PORT = 40_000;
const YES: readonly Answer[] = Array.from({ length: 8 }, () => ONCE);

interface Scene extends TCPServerSocketOpenInfo {
  readonly page: DirectSocketsPage;
  readonly server: TCPServerSocket;
}

async function scene(options: TCPServerSocketOptions = { localPort: PORT }, script = YES): Promise<Scene> {
  const page = directSocketsPage({ script });
  const server = new page.TCPServerSocket("127.0.0.1", options);
  return { page, server, ...(await server.opened) };
}

/** A client and the server's end of its connection. */
async function pair({ page, readable }: Scene): Promise<{ readonly client: TCPSocket; readonly accepted: TCPSocket }> {
  const reader = readable.getReader();
  const reading = reader.read();
  const client = new page.TCPSocket("127.0.0.1", PORT);
  const { value: accepted } = await reading;
  assert.ok(accepted);
  await client.opened;
  reader.releaseLock();
  return { client, accepted };
}

async function write(
  { writable }: { readonly writable: WritableStream<BufferSource> },
  content: string,
): Promise<void> {
  const writer = writable.getWriter();
  await writer.write(bytes(content));
  writer.releaseLock();
}

async function read({ readable }: { readonly readable: ReadableStream<Uint8Array> }): Promise<string> {
  const reader = readable.getReader();
  const { value } = await reader.read();
  reader.releaseLock();
  return text(value);
}

function asked({ questions }: DirectSocketsPage): (string | null)[] {
  return questions.map(({ descriptor: { destination } }) =>
    destination === null ? null : formatDestination(destination)
  );
}

test("DS-01 members reject with TypeError on anything but a TCPServerSocket", async () => {
  const { page, server } = await scene();
  const { close } = page.TCPServerSocket.prototype;
  for (const other of [undefined, {}, Object.create(server), new page.UDPSocket({ localAddress: "::1" })]) {
    await assert.rejects(close.call(other as TCPServerSocket), TypeError);
  }
  await server.close();
});

test("DS-02 new TCPServerSocket() without an address is a TypeError", () => {
  const { TCPServerSocket } = directSocketsPage();
  assert.throws(() => construct(TCPServerSocket), TypeError);
  assert.throws(() => construct(TCPServerSocket, undefined), TypeError);
});

test("DS-08 a refusal is no throw: opened and closed reject with one NotAllowedError, and nothing listens", async () => {
  const { TCPServerSocket, questions } = directSocketsPage({ script: [NO, ONCE] });
  const server = new TCPServerSocket("127.0.0.1", { localPort: PORT });
  const reason = await reasonOf(server.opened);
  assert.deepEqual([reason.name, reason.cause], ["NotAllowedError", undefined]);
  assert.equal(await reasonOf(server.closed), reason);
  assert.equal(questions.length, 1);
  // The port is free.
  const second = new TCPServerSocket("127.0.0.1", { localPort: PORT });
  await second.opened;
  await second.close();
});

test("NET-22 listening asks for the very address and port, and says what it means", async () => {
  const page = directSocketsPage({ script: YES });
  const servers = ["127.0.0.1", "0.0.0.0", "192.168.0.1"].map((address, at) =>
    new page.TCPServerSocket(address, { localPort: PORT + at })
  );
  for (const server of servers) await server.opened.then(() => server.close());
  assert.deepEqual(asked(page), [
    `listen://127.0.0.1:${PORT}`,
    `listen://0.0.0.0:${PORT + 1}`,
    `listen://192.168.0.1:${PORT + 2}`,
  ]);
  assert.deepEqual(page.questions.map(({ risk }) => risk), ["listen-local", "listen-any", "listen-network"]);
});

test("DS-16 opened and closed are the same promises on every read", async () => {
  const { server } = await scene();
  const { opened, closed } = server;
  assert.ok(opened instanceof Promise && closed instanceof Promise);
  assert.equal(server.opened, opened);
  await server.close();
  assert.equal(server.closed, closed);
});

test("DS-21 deviates: a port below the high range is the operator's decision, who is asked about that very port", async () => {
  const page = directSocketsPage({ script: [NO, ONCE] });
  const listen = (): TCPServerSocket => new page.TCPServerSocket("127.0.0.1", { localPort: 80 });
  await assert.rejects(listen().opened, { name: "NotAllowedError" });
  const server = listen();
  assert.equal((await server.opened).localPort, 80);
  assert.deepEqual(asked(page), ["listen://127.0.0.1:80", "listen://127.0.0.1:80"]);
  await server.close();
});

test("DS-21 deviates: a rule that names a low port approves it, and no other", async () => {
  const page = directSocketsPage({ allow: ["listen://127.0.0.1:80"] });
  const server = new page.TCPServerSocket("127.0.0.1", { localPort: 80 });
  await server.opened;
  assert.equal(page.questions.length, 0);
  await assert.rejects(new page.TCPServerSocket("127.0.0.1", { localPort: 81 }).opened, { name: "NotAllowedError" });
  await server.close();
});

test("DS-21 a port that nobody named lies in the high range, though the system would pick a low one", async () => {
  const network = new MemoryNetwork();
  const listenTcp = network.listenTcp.bind(network);
  network.listenTcp = (grant, at, how) => listenTcp(grant, { ...at, port: at.port === 0 ? 1025 : at.port }, how);
  const page = directSocketsPage({ script: YES, network });
  for (let count = 0; count < 4; count++) {
    const server = new page.TCPServerSocket("127.0.0.1");
    const { localPort } = await server.opened;
    assert.ok(localPort >= 32_768 && localPort <= 65_535, String(localPort));
    await server.close();
  }
  assert.deepEqual([...new Set(asked(page))], ["listen://127.0.0.1:0"]);
});

test("DS-21 a port that the system picks in the high range stays", async () => {
  const { server, localPort } = await scene({});
  assert.equal(localPort, 49_152);
  await server.close();
});

test("DS-23 servers that fail while nobody looks raise no unhandled rejection", async () => {
  const { TCPServerSocket, questions } = directSocketsPage({ script: [NO] });
  new TCPServerSocket("127.0.0.1", { localPort: PORT });
  new TCPServerSocket("224.0.0.1", { localPort: PORT });
  // The runner fails a test with an unhandled rejection; they are noticed after the current task.
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(questions.length, 1);
});

test("DS-38 DS-39 close() before it listens, and after it could not, is an InvalidStateError", async () => {
  const { TCPServerSocket } = directSocketsPage({ script: [ONCE, NO] });
  const server = new TCPServerSocket("127.0.0.1");
  await assert.rejects(server.close(), { name: "InvalidStateError" });
  await server.opened;
  assert.equal(await stateOf(server.closed), "pending");
  await server.close();
  const refused = new TCPServerSocket("127.0.0.1");
  await reasonOf(refused.opened);
  await assert.rejects(refused.close(), { name: "InvalidStateError" });
});

test("DS-42 a server can be neither cloned nor transferred", async () => {
  const { server } = await scene();
  assert.throws(() => structuredClone(server), { name: "DataCloneError" });
  assert.throws(() => structuredClone(null, { transfer: [server as never] }));
  await server.close();
});

test("DS-60 opened gives the stream of connections, and where it listens", async () => {
  const page = directSocketsPage({ script: YES });
  const server = new page.TCPServerSocket("0.0.0.0", { localPort: PORT });
  const info = await server.opened;
  assert.deepEqual(Object.keys(info), ["localAddress", "localPort", "readable"]);
  assert.equal(Object.getPrototypeOf(info), Object.prototype);
  assert.ok(info.readable instanceof ReadableStream);
  assert.deepEqual([info.localAddress, info.localPort], ["0.0.0.0", PORT]);
  await server.close();
});

test("DS-60 a connection is a TCPSocket of the same class that is open already, both ends known", async () => {
  const all = await scene();
  const { client, accepted } = await pair(all);
  assert.ok(accepted instanceof all.page.TCPSocket);
  assert.equal(Object.getPrototypeOf(accepted), all.page.TCPSocket.prototype);
  assert.equal(Object.prototype.toString.call(accepted), "[object TCPSocket]");
  assert.deepEqual(Reflect.ownKeys(accepted), []);
  const [near, far] = [await client.opened, await accepted.opened];
  const names = ["localAddress", "localPort", "readable", "remoteAddress", "remotePort", "writable"];
  assert.deepEqual(Object.keys(far), names);
  assert.deepEqual([far.localAddress, far.localPort], ["127.0.0.1", PORT]);
  assert.deepEqual([far.remoteAddress, far.remotePort], [near.localAddress, near.localPort]);
  await write(near, "hello");
  assert.equal(await read(far), "hello");
  await write(far, "welcome");
  assert.equal(await read(near), "welcome");
  await Promise.all([client.close(), accepted.close(), all.server.close()]);
});

test("DS-60 an accepted socket can be closed at once: it is not opening", async () => {
  const all = await scene();
  const reader = all.readable.getReader();
  const client = new all.page.TCPSocket("127.0.0.1", PORT);
  const { value: accepted } = await reader.read();
  assert.ok(accepted);
  assert.equal(accepted.close(), accepted.closed);
  await accepted.closed;
  const { writable } = await accepted.opened;
  await assert.rejects(writable.getWriter().write(bytes("x")), { name: "AbortError" });
  const { readable } = await client.opened;
  assert.equal((await readable.getReader().read()).done, true);
  reader.releaseLock();
  await all.server.close();
});

test("DS-60 DS-31 an accepted socket sends what stood in the chunk when it was written", async () => {
  const all = await scene();
  const { client, accepted } = await pair(all);
  const { writable } = await accepted.opened;
  const chunk = new Uint8Array(3 * PIPE_BYTES).fill(1);
  const writer = writable.getWriter();
  const writing = writer.write(chunk);
  chunk.fill(2);
  const ended = writing.then(() => writer.close());
  const { readable: near, writable: back } = await client.opened;
  const received = new Uint8Array(await new Response(near).arrayBuffer());
  assert.equal(received.byteLength, 3 * PIPE_BYTES);
  assert.ok(received.every((byte) => byte === 1));
  await ended;
  await back.close();
  await accepted.opened.then(({ readable }) => readable.cancel());
  await Promise.all([accepted.closed, client.closed, all.server.close()]);
});

test("DS-60 DS-26 a reset of an accepted connection is a NetworkError there", async () => {
  const all = await scene();
  const reader = all.readable.getReader();
  const at = { address: address("127.0.0.1"), port: PORT };
  const signal = new AbortController().signal;
  const link = await all.page.network.connect(testGrant(), at, { signal, noDelay: false, keepAliveDelayMs: null });
  const { value: accepted } = await reader.read();
  assert.ok(accepted);
  const reading = (await accepted.opened).readable.getReader().read();
  link.reset();
  await assert.rejects(reading, { name: "NetworkError" });
  await assert.rejects(accepted.closed, { name: "NetworkError" });
  reader.releaseLock();
  await all.server.close();
});

test("DS-61 close() while the stream is locked is an InvalidStateError, and connections still come", async () => {
  const all = await scene();
  const reader = all.readable.getReader();
  await assert.rejects(all.server.close(), { name: "InvalidStateError" });
  const client = new all.page.TCPSocket("127.0.0.1", PORT);
  assert.ok((await reader.read()).value instanceof all.page.TCPSocket);
  reader.releaseLock();
  await all.server.close();
  await client.opened.then(() => client.close());
});

for (
  const [how, end] of [
    ["close()", ({ server }: Scene) => server.close()],
    ["cancelling the stream", ({ readable }: Scene) => readable.cancel("enough")],
  ] as const
) {
  test(`DS-61 ${how} stops listening, resolves closed and ends the stream; accepted sockets go on`, async () => {
    const all = await scene();
    const { client, accepted } = await pair(all);
    await end(all);
    assert.equal(await all.server.closed, undefined);
    assert.deepEqual(await all.readable.getReader().read(), { done: true, value: undefined });
    assert.equal(await codeOf(new all.page.TCPSocket("127.0.0.1", PORT).opened), "NET_REFUSED");
    await write(await client.opened, "still here");
    assert.equal(await read(await accepted.opened), "still here");
    assert.equal(all.server.close(), all.server.closed);
    await Promise.all([client.close(), accepted.close()]);
    assert.equal(all.page.engine.inventory.size, 0);
  });
}

test("DS-61 a port in use is a NetworkError with a stable code in its cause, on both promises", async () => {
  const { page, server } = await scene();
  const second = new page.TCPServerSocket("127.0.0.1", { localPort: PORT });
  assert.equal((await reasonOf(second.opened)).name, "NetworkError");
  assert.equal(await codeOf(second.opened), "NET_IN_USE");
  assert.equal(await reasonOf(second.closed), await reasonOf(second.opened));
  await server.close();
});

test("DS-62 nobody is accepted whom nobody reads: the others wait, and are served in their order", async () => {
  const network = new MemoryNetwork();
  let accepts = 0;
  const listenTcp = network.listenTcp.bind(network);
  network.listenTcp = async (...given) => {
    const listener = await listenTcp(...given);
    const accept = listener.accept.bind(listener);
    listener.accept = () => (accepts++, accept());
    return listener;
  };
  const page = directSocketsPage({ script: YES, network });
  const server = new page.TCPServerSocket("127.0.0.1", { localPort: PORT });
  const { readable } = await server.opened;
  const clients: TCPSocket[] = [];
  for (let count = 0; count < 3; count++) {
    const client = new page.TCPSocket("127.0.0.1", PORT);
    await write(await client.opened, `client ${count}`);
    clients.push(client);
  }
  await stateOf(server.closed);
  assert.equal(accepts, 0);
  const reader = readable.getReader();
  for (let count = 0; count < 3; count++) {
    const { value: accepted } = await reader.read();
    assert.ok(accepted);
    await stateOf(server.closed);
    assert.equal(accepts, count + 1);
    assert.equal(await read(await accepted.opened), `client ${count}`);
    await accepted.close();
  }
  reader.releaseLock();
  await server.close();
  for (const client of clients) await client.close();
});

test("DS-62 the backlog is what was asked for", async () => {
  const network = new MemoryNetwork();
  const seen: unknown[] = [];
  const listenTcp = network.listenTcp.bind(network);
  network.listenTcp = (grant, at, how) => (seen.push(how.backlog, how.ipv6Only), listenTcp(grant, at, how));
  const page = directSocketsPage({ script: YES, network });
  const servers = [
    new page.TCPServerSocket("127.0.0.1", { localPort: PORT, backlog: 3 }),
    new page.TCPServerSocket("::", { localPort: PORT + 1, ipv6Only: true }),
  ];
  for (const server of servers) await server.opened;
  assert.deepEqual(seen, [3, false, 128, true]);
  for (const server of servers) await server.close();
});

test("CON-13 DS-63 taking the approval back ends the server and what it accepted with NotAllowedError", async () => {
  const all = await scene({ localPort: PORT }, [RUN, ONCE]);
  const { client, accepted } = await pair(all);
  const reading = all.readable.getReader().read();
  all.page.broker.revokeAll();
  await assert.rejects(reading, { name: "NotAllowedError" });
  await assert.rejects(all.server.closed, { name: "NotAllowedError" });
  await assert.rejects(accepted.closed, { name: "NotAllowedError" });
  await client.close();
});

test("CON-16 a test host has the classes, whose sockets are opened on its network with its answers", async () => {
  const { directSockets: { TCPServerSocket, UDPSocket }, questions } = createTestHost({
    allow: ["listen://127.0.0.1:80"],
  });
  const server = new TCPServerSocket("127.0.0.1", { localPort: 80 });
  await server.opened;
  await assert.rejects(new UDPSocket({ remoteAddress: "peer.example", remotePort: 53 }).opened, {
    name: "NotAllowedError",
  });
  assert.deepEqual(questions.map(({ descriptor: { transport } }) => transport), ["udp"]);
  await server.close();
});
