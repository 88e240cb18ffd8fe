import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { parseAddressBlock } from "../../../core/ip_address.ts";
import { bytesOf, settled, textOf } from "../../../tests/support/approving_host.ts";
import { type FakeListener, FakeServerNetwork } from "../../../tests/support/fake_listener.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import type { EngineHost } from "../engine_host.ts";
import { createEngineHost } from "../engine_host.ts";
import { NO_TIMEOUTS } from "../timed_link.ts";
import { connectionStream } from "./connection_stream.ts";
import { listenTcp, type ListenTcpOptions } from "./listen_tcp.ts";
import type { ServerTrouble } from "./server_trouble.ts";
import type { TcpServer } from "./tcp_server.ts";

interface Fixture {
  readonly server: TcpServer;
  readonly listener: FakeListener;
  readonly network: FakeServerNetwork;
  readonly clock: ManualClock;
  readonly host: EngineHost;
  readonly troubles: ServerTrouble[];
}

async function serve(options: Partial<ListenTcpOptions> = {}, revoked?: AbortSignal): Promise<Fixture> {
  const network = new FakeServerNetwork();
  const clock = new ManualClock();
  const host = createEngineHost(network, clock);
  const troubles: ServerTrouble[] = [];
  const grant = testGrant({ scheme: "listen", port: 8080, ...(revoked && { signal: revoked }) });
  const server = await listenTcp(host, grant, {
    backlog: 128,
    ipv6Only: false,
    noDelay: false,
    keepAliveDelayMs: null,
    signal: new AbortController().signal,
    tls: null,
    tlsRequired: false,
    limits: { maxConnections: 1024, maxPerSource: 64, allowFrom: null },
    timeouts: NO_TIMEOUTS,
    copyWrites: false,
    toFaceError: (error) => error,
    troubleReport: () => (trouble) => void troubles.push(trouble),
    ...options,
  });
  return { server, listener: network.listener, network, clock, host, troubles };
}

const limits = (given: Partial<ListenTcpOptions["limits"]>): Partial<ListenTcpOptions> => ({
  limits: { maxConnections: 1024, maxPerSource: 64, allowFrom: null, ...given },
});

test("DS-62 a server takes a connection from the system only when somebody asks for one", async () => {
  const { server, listener } = await serve();
  for (let count = 0; count < 3; count++) listener.connect();
  await settled();
  assert.deepEqual([listener.accepts, listener.backlog.length], [0, 3]);
  const first = await server.accept();
  await settled();
  assert.equal(first?.connection.remote.port, 50_000);
  assert.deepEqual([listener.accepts, listener.backlog.length], [1, 2]);
  const both = await Promise.all([server.accept(), server.accept()]);
  assert.deepEqual(both.map((accepted) => accepted?.connection.remote.port), [50_001, 50_002]);
  await server.drain({ timeoutMs: 0 });
});

for (const highWaterMark of [0, 2]) {
  test(`DS-62 a stream with high-water mark ${highWaterMark} takes no more ahead than that`, async () => {
    const { server, listener } = await serve();
    const stream = connectionStream(server, { highWaterMark, wrap: ({ connection }) => connection.remote.port });
    for (let count = 0; count < 5; count++) listener.connect();
    await settled();
    assert.equal(listener.backlog.length, 5 - highWaterMark);
    const reader = stream.getReader();
    assert.equal((await reader.read()).value, 50_000);
    await settled();
    assert.equal(listener.backlog.length, 4 - highWaterMark);
    await server.drain({ timeoutMs: 0 });
  });
}

test("DS-61 closing ends the stream and breaks off who waits; accepted connections go on", async () => {
  const { server, listener, host } = await serve();
  const client = listener.connect();
  const reader = connectionStream(server, { highWaterMark: 0, wrap: ({ connection }) => connection }).getReader();
  const { value: connection } = await reader.read();
  const pending = reader.read();
  await settled();
  assert.equal(host.inventory.snapshot().filter(({ kind }) => kind === "listen").length, 1);
  await server.close();
  assert.equal((await pending).done, true);
  assert.equal(listener.closed, true);
  assert.equal(await server.accept(), null);
  await connection?.writable.getWriter().write(bytesOf("still here"));
  assert.equal(textOf((await client.readChunk()) ?? undefined), "still here");
  assert.deepEqual(host.inventory.snapshot().map(({ kind }) => kind), ["tcp"]);
  await server.drain({ timeoutMs: 0 });
});

test("DS-61 cancelling the stream closes the server, and a connection that comes at that moment is not left open", async () => {
  const { server, listener } = await serve();
  const stream = connectionStream(server, { highWaterMark: 1, wrap: ({ connection }) => connection });
  await settled();
  const client = listener.connect();
  await stream.cancel();
  await server.closed;
  await settled();
  assert.equal(server.stats.open, 0);
  assert.equal(await client.readChunk().catch((error) => error.code), "NET_RESET");
});

test("NET-22 above maxConnections others wait in the backlog until one has ended", async () => {
  const { server, listener } = await serve(limits({ maxConnections: 2 }));
  for (let count = 0; count < 3; count++) listener.connect();
  const [first] = [await server.accept(), await server.accept()];
  let third = false;
  const waiting = server.accept().then(() => third = true);
  await settled();
  assert.deepEqual([third, listener.backlog.length, server.stats.open], [false, 1, 2]);
  await first?.connection.close();
  await waiting;
  assert.equal(server.stats.open, 2);
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 above maxPerSource further connections of the source are broken off and counted; others get in", async () => {
  const { server, listener, troubles } = await serve(limits({ maxPerSource: 2 }));
  const clients = ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1"].map((at) => listener.connect(at));
  const taken = [await server.accept(), await server.accept(), await server.accept()];
  assert.deepEqual(taken.map((accepted) => accepted?.connection.remote.address).at(-1), "2001:db8:0:1::1");
  assert.equal(await clients[2]?.readChunk().catch((error) => error.code), "NET_RESET");
  assert.deepEqual([server.stats.overSourceLimit, server.stats.accepted, server.stats.open], [1, 3, 3]);
  assert.deepEqual(troubles, [{ kind: "source-limit", remote: { address: "2001:db8::3", port: 50_002 } }]);
  await taken[0]?.connection.close();
  listener.connect("2001:db8::4");
  assert.equal((await server.accept())?.connection.remote.address, "2001:db8::4");
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 with allowFrom others are broken off before a byte passes", async () => {
  const allowFrom = [parseAddressBlock("192.168.1.0/24"), parseAddressBlock("fe80::/10")].filter((b) => b !== null);
  const { server, listener, troubles } = await serve(limits({ allowFrom }));
  for (const at of ["192.168.2.1", "::1", "192.168.1.9", "10.0.0.1", "fe80::1%eth0"]) listener.connect(at);
  assert.equal((await server.accept())?.connection.remote.address, "192.168.1.9");
  assert.equal((await server.accept())?.connection.remote.address, "fe80::1%eth0");
  assert.equal(server.stats.notAllowed, 3);
  assert.deepEqual(troubles.map(({ kind }) => kind), ["not-allowed", "not-allowed", "not-allowed"]);
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 when the system refuses a connection the server waits longer each time, counts, tells, and goes on", async () => {
  const { server, listener, clock, troubles } = await serve();
  const full = new ParleyError("NET_FAILED", "Cannot accept: EMFILE");
  for (let count = 0; count < 3; count++) listener.fail(full);
  listener.connect();
  const waiting = server.accept();
  await settled();
  const attempts = [listener.accepts];
  for (const ms of [49, 1, 99, 1, 199, 1]) {
    await clock.advance(ms);
    attempts.push(listener.accepts);
  }
  assert.deepEqual(attempts, [1, 1, 2, 2, 3, 3, 4]);
  assert.ok(await waiting);
  assert.equal(server.stats.acceptFailures, 3);
  assert.deepEqual(troubles, Array(3).fill({ kind: "accept", error: full }));
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 a server that is closed while it waits after a refusal is closed at once", async () => {
  const { server, listener, clock } = await serve();
  listener.fail(new ParleyError("NET_FAILED", "Cannot accept: EMFILE"));
  const waiting = server.accept();
  await settled();
  await server.close();
  assert.equal(await waiting, null);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-11 when the approval is taken back the server and its connections end", async () => {
  const revoked = new AbortController();
  const { server, listener, host } = await serve({}, revoked.signal);
  const client = listener.connect();
  const accepted = await server.accept();
  const pending = server.accept();
  revoked.abort(new ParleyError("PERM_REVOKED", "Cannot go on: the permission was taken back"));
  await assert.rejects(pending, { code: "PERM_REVOKED" });
  await assert.rejects(server.closed, { code: "PERM_REVOKED" });
  await assert.rejects(server.accept(), { code: "PERM_REVOKED" });
  await assert.rejects(accepted?.connection.closed as Promise<void>, { code: "PERM_REVOKED" });
  assert.equal(await client.readChunk().catch((error) => error.code), "NET_RESET");
  assert.deepEqual([host.inventory.size, server.stats.open], [0, 0]);
});

test("NET-22 a signal stops listening, and connections go on", async () => {
  const stop = new AbortController();
  const { server, listener } = await serve({ signal: stop.signal });
  listener.connect();
  const accepted = await server.accept();
  stop.abort("enough");
  await assert.rejects(server.closed, { code: "NET_ABORTED", cause: "enough" });
  assert.equal(listener.closed, true);
  assert.equal(server.stats.open, 1);
  await accepted?.connection.close();
});

test("NET-22 drain lets connections finish, then breaks off what is left, and says how many of each", async () => {
  const { server, listener, clock } = await serve();
  const clients = [listener.connect(), listener.connect()];
  const [first, second] = [await server.accept(), await server.accept()];
  let result: unknown = null;
  const draining = server.drain({ timeoutMs: 5000 }).then((value) => result = value);
  await clock.advance(4000);
  await first?.connection.close();
  await settled();
  assert.equal(result, null);
  await clock.advance(999);
  assert.equal(result, null);
  await clock.advance(1);
  await draining;
  assert.deepEqual(result, { finished: 1, brokenOff: 1 });
  await assert.rejects(second?.connection.closed as Promise<void>, { code: "NET_ABORTED" });
  assert.equal(await clients[1]?.readChunk().catch((error) => error.code), "NET_RESET");
  assert.equal(clock.pendingTimers, 0);
});

test("NET-22 drain is over as soon as the last connection is", async () => {
  const { server, listener, clock } = await serve();
  listener.connect();
  const accepted = await server.accept();
  const draining = server.drain({ timeoutMs: 60_000 });
  await accepted?.connection.close();
  assert.deepEqual(await draining, { finished: 1, brokenOff: 0 });
  assert.equal(clock.pendingTimers, 0);
});

test("NET-22 the inventory shows the server, and counts what it took, turned away and lost", async () => {
  const { server, listener, host } = await serve(limits({ maxPerSource: 1 }));
  for (let count = 0; count < 2; count++) listener.connect();
  await server.accept();
  void server.accept();
  listener.overflowed = 3;
  await settled();
  const [entry] = host.inventory.snapshot();
  assert.deepEqual(
    [entry?.kind, entry?.destination, entry?.local, entry?.received, entry?.dropped],
    ["listen", "listen://127.0.0.1:8080", { address: "127.0.0.1", port: 8080 }, 1, 4],
  );
  assert.equal(server.stats.overflowed, 3);
  await server.drain({ timeoutMs: 0 });
});

test("NET-04 nothing is left when a connection ends by both sides finishing", async () => {
  const { server, listener, host } = await serve();
  const client = listener.connect();
  const accepted = await server.accept();
  await client.closeWrite();
  await accepted?.connection.readable.getReader().read();
  await accepted?.connection.writable.getWriter().close();
  await accepted?.connection.closed;
  assert.equal(server.stats.open, 0);
  assert.deepEqual(host.inventory.snapshot().map(({ kind }) => kind), ["listen"]);
  await server.close();
});

test("NET-22 idle connections are broken off after the limit", async () => {
  const { server, listener, clock } = await serve({ timeouts: { idleTimeoutMs: 1000, readTimeoutMs: null } });
  const client = listener.connect();
  const accepted = await server.accept();
  const read = accepted?.connection.readable.getReader().read() as Promise<unknown>;
  const failed = assert.rejects(read, { code: "NET_TIMEOUT" });
  await clock.advance(1000);
  await failed;
  assert.equal(await client.readChunk().catch((error) => error.code), "NET_RESET");
  assert.equal(server.stats.open, 0);
  await server.close();
});

test("NET-25 where TLS is required, plaintext is cut off after 10 s or 4 KiB", async () => {
  const { server, listener, clock } = await serve({ tlsRequired: true });
  const clients = [listener.connect(), listener.connect()];
  const [slow, talkative] = [await server.accept(), await server.accept()];
  const read = assert.rejects(slow?.connection.readable.getReader().read() as Promise<unknown>, {
    code: "TLS_REQUIRED",
  });
  await clients[1]?.write(new Uint8Array(5000));
  await assert.rejects(talkative?.connection.readable.getReader().read() as Promise<unknown>, {
    code: "TLS_REQUIRED",
  });
  await clock.advance(10_000);
  await read;
  await server.drain({ timeoutMs: 0 });
});
