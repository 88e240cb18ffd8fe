import assert from "node:assert/strict";
import { ManualClock } from "../../../core/manual_clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { bytesOf, settled, textOf } from "../../../tests/support/approving_host.ts";
import { type FakeListener, FakeServerNetwork } from "../../../tests/support/fake_listener.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { createEngineHost, type EngineHost } from "../engine_host.ts";
import { NO_TIMEOUTS } from "../timed_link.ts";
import { type AcceptedConnection, startServerTls } from "./accepted_connection.ts";
import { listenTcp } from "./listen_tcp.ts";
import type { ServerTrouble } from "./server_trouble.ts";
import type { TcpServer } from "./tcp_server.ts";

const IDENTITY = { cert: "cert", key: "key", clientCa: null, alpnProtocols: ["foo/1"] };
const NEVER = new AbortController().signal;

interface Fixture {
  readonly server: TcpServer;
  readonly listener: FakeListener;
  readonly network: FakeServerNetwork;
  readonly clock: ManualClock;
  readonly host: EngineHost;
  readonly troubles: ServerTrouble[];
}

async function serve(tls: boolean, maxPerSource = 1000): Promise<Fixture> {
  const network = new FakeServerNetwork();
  const clock = new ManualClock();
  const host = createEngineHost(network, clock);
  const troubles: ServerTrouble[] = [];
  const server = await listenTcp(host, testGrant({ scheme: "listen", port: 8443 }), {
    backlog: 128,
    ipv6Only: false,
    noDelay: false,
    keepAliveDelayMs: null,
    signal: NEVER,
    tls: tls ? { identity: IDENTITY, timeoutMs: 10_000 } : null,
    tlsRequired: false,
    limits: { maxConnections: 1024, maxPerSource, allowFrom: null },
    timeouts: NO_TIMEOUTS,
    copyWrites: false,
    toFaceError: (error) => error,
    troubleReport: () => (trouble) => void troubles.push(trouble),
  });
  // The trial of the certificate.
  network.handshakes.length = 0;
  return { server, listener: network.listener, network, clock, host, troubles };
}

async function acceptPlain(): Promise<
  Fixture & { accepted: AcceptedConnection; client: ReturnType<FakeListener["connect"]> }
> {
  const fixture = await serve(false);
  const client = fixture.listener.connect();
  const accepted = await fixture.server.accept();
  assert.ok(accepted);
  return { ...fixture, accepted, client };
}

test("NET-06 a connection is handed out once its handshake is over, with what the handshake showed", async () => {
  const { server, listener, network, host } = await serve(true);
  listener.connect();
  let accepted: AcceptedConnection | null = null;
  const waiting = server.accept().then((value) => accepted = value);
  await settled();
  assert.deepEqual([accepted, server.stats.handshaking, server.stats.open], [null, 1, 1]);
  assert.equal(network.handshakes[0]?.identity, IDENTITY);
  network.handshakes[0]?.succeed({ serverName: "a.example", alpnProtocol: "foo/1" });
  const connection = (await waiting)?.connection;
  assert.deepEqual(connection?.tls, {
    serverName: "a.example",
    checkedBy: "not-checked",
    protocol: "TLSv1.3",
    alpnProtocol: "foo/1",
    chain: [],
  });
  assert.deepEqual(host.inventory.snapshot().map(({ kind }) => kind), ["listen", "tls"]);
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 a client that stalls in its handshake holds up nobody, and is ended after 10 s", async () => {
  const { server, listener, network, clock, troubles } = await serve(true);
  const stalling = listener.connect("192.0.2.1");
  listener.connect("192.0.2.2");
  const waiting = server.accept();
  await settled();
  assert.equal(network.handshakes.length, 2);
  network.handshakes[1]?.succeed();
  assert.equal((await waiting)?.connection.remote.address, "192.0.2.2");
  await clock.advance(9_999);
  assert.equal(server.stats.handshaking, 1);
  await clock.advance(1);
  assert.equal(await stalling.readChunk().catch((error) => error.code), null);
  assert.deepEqual([server.stats.handshaking, server.stats.handshakeFailures, server.stats.open], [0, 1, 1]);
  const [trouble] = troubles;
  assert.ok(trouble?.kind === "handshake" && (trouble.error as ParleyError).code === "NET_TIMEOUT");
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 at most 64 handshakes run at once; when all stall, the oldest gives way after a second", async () => {
  const { server, listener, network, clock } = await serve(true);
  for (let count = 0; count < 70; count++) listener.connect(`192.0.2.${count}`);
  const waiting = server.accept();
  await settled();
  assert.equal(network.handshakes.length, 64);
  assert.ok(server.stats.handshaking <= 64);
  await clock.advance(999);
  assert.equal(network.handshakes.length, 64);
  await clock.advance(1);
  await settled();
  assert.equal(network.handshakes.length, 70, "who waited got the places of the oldest");
  assert.equal(server.stats.handshaking, 64);
  assert.equal(server.stats.handshakeFailures, 6);
  network.handshakes.at(-1)?.succeed();
  assert.equal((await waiting)?.connection.remote.address, "192.0.2.69");
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 a place that becomes free is taken at once", async () => {
  const { server, listener, network } = await serve(true);
  for (let count = 0; count < 65; count++) listener.connect();
  void server.accept();
  void server.accept();
  await settled();
  assert.equal(network.handshakes.length, 64);
  network.handshakes[3]?.succeed();
  await settled();
  assert.equal(network.handshakes.length, 65);
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 a failed handshake is counted and told, and the server goes on", async () => {
  const { server, listener, network, troubles } = await serve(true);
  const client = listener.connect("192.0.2.1");
  listener.connect("192.0.2.2");
  const waiting = server.accept();
  await settled();
  const error = new ParleyError("TLS_HANDSHAKE", "Cannot complete the TLS handshake: it is no TLS");
  network.handshakes[0]?.fail(error);
  network.handshakes[1]?.succeed();
  assert.equal((await waiting)?.connection.remote.address, "192.0.2.2");
  assert.deepEqual(troubles, [{ kind: "handshake", remote: { address: "192.0.2.1", port: 50_000 }, error }]);
  assert.deepEqual([server.stats.handshakeFailures, server.stats.open], [1, 1]);
  assert.equal(await client.readChunk(), null);
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 closing ends the handshakes under way and connections that nobody took", async () => {
  const { server, listener, network, clock, troubles } = await serve(true);
  const clients = [listener.connect(), listener.connect(), listener.connect()];
  const taken = server.accept();
  await settled();
  network.handshakes[0]?.succeed();
  network.handshakes[1]?.succeed();
  await taken;
  await server.close();
  await settled();
  assert.equal(await clients[1]?.readChunk().catch((error) => error.code), "NET_RESET");
  assert.equal(await clients[2]?.readChunk().catch((error) => error.code), null);
  assert.deepEqual([server.stats.open, server.stats.handshaking, clock.pendingTimers, troubles.length], [1, 0, 0, 0]);
  await server.drain({ timeoutMs: 0 });
});

test("NET-22 a handshake that ends in the moment in which the server is closed leaves nothing open", async () => {
  const { server, listener, network } = await serve(true);
  const client = listener.connect();
  const taken = server.accept();
  await settled();
  network.handshakes[0]?.succeed();
  await server.close();
  assert.equal(await taken, null);
  assert.notEqual(await client.readChunk().catch((error) => error.code), "pending");
  assert.equal(server.stats.open, 0);
});

test("NET-06 STARTTLS as the server: the go-ahead is sent in plaintext, and the handshake follows it", async () => {
  const { accepted, client, network, host, server } = await acceptPlain();
  await client.write(bytesOf("STARTTLS\r\n"));
  const reader = accepted.connection.readable.getReader();
  assert.equal(textOf((await reader.read()).value), "STARTTLS\r\n");
  reader.releaseLock();
  const goAhead = bytesOf("220 Go ahead\r\n");
  const upgrading = startServerTls(accepted, { host, identity: IDENTITY, goAhead, signal: NEVER });
  assert.equal(textOf((await client.readChunk()) ?? undefined), "220 Go ahead\r\n");
  await settled();
  network.handshakes[0]?.succeed({ serverName: "mail.example" });
  const { connection } = await upgrading;
  assert.equal(connection.tls?.serverName, "mail.example");
  assert.deepEqual(host.inventory.snapshot().map(({ kind }) => kind), ["listen", "tls"]);
  assert.equal(server.stats.open, 1);
  await connection.close();
  assert.equal(server.stats.open, 0);
  await server.close();
});

test("NET-06 what came ahead of the go-ahead is refused: nothing is told, and the connection is closed", async () => {
  const { accepted, client, network, host, server } = await acceptPlain();
  // Read from the system, but not by the program.
  const reader = accepted.connection.readable.getReader();
  const given = reader.read().catch(() => {});
  reader.releaseLock();
  await given;
  await client.write(bytesOf("RSET\r\n"));
  await settled();
  const goAhead = bytesOf("220 Go ahead\r\n");
  const upgrading = startServerTls(accepted, { host, identity: IDENTITY, goAhead, signal: NEVER });
  await assert.rejects(upgrading, { code: "TLS_LEFTOVER" });
  assert.equal(network.handshakes.length, 0);
  assert.equal(await client.readChunk().catch((error) => error.code), "NET_RESET");
  await server.drain({ timeoutMs: 0 });
});

test("NET-06 what the link holds counts as left over before the go-ahead, and goes to the handshake after it", async () => {
  for (const told of [false, true]) {
    const { server, listener, network, host } = await serve(false);
    const client = listener.connect();
    const [waiting] = listener.backlog;
    Object.defineProperty(waiting, "bufferedBytes", { value: 6 });
    const accepted = await server.accept();
    assert.ok(accepted);
    const goAhead = told ? null : bytesOf("220\r\n");
    const upgrading = startServerTls(accepted, { host, identity: IDENTITY, goAhead, signal: NEVER });
    if (told) {
      await settled();
      network.handshakes[0]?.succeed();
      assert.ok(await upgrading);
    } else {
      await assert.rejects(upgrading, { code: "TLS_LEFTOVER" });
      assert.equal(await client.readChunk().catch((error) => error.code), "NET_RESET");
      assert.equal(network.handshakes.length, 0);
    }
    await server.drain({ timeoutMs: 0 });
  }
});

test("NET-06 a client that takes no go-ahead, or no handshake, is ended by the signal", async () => {
  for (const goAhead of [new Uint8Array(1024 * 1024), null]) {
    const { accepted, host, server } = await acceptPlain();
    const stop = new AbortController();
    const upgrading = startServerTls(accepted, { host, identity: IDENTITY, goAhead, signal: stop.signal });
    const failed = assert.rejects(upgrading, { code: "NET_TIMEOUT" });
    await settled();
    stop.abort(new ParleyError("NET_TIMEOUT", "Cannot complete the TLS handshake: too slow"));
    await failed;
    await assert.rejects(accepted.connection.closed, { code: "NET_TIMEOUT" });
    assert.equal(server.stats.open, 0);
    await server.close();
  }
});

test("NET-22 draining breaks off an upgrade that stalls", async () => {
  const { accepted, host, server, clock } = await acceptPlain();
  const upgrading = startServerTls(accepted, { host, identity: IDENTITY, goAhead: null, signal: NEVER });
  const failed = assert.rejects(upgrading, { code: "NET_ABORTED" });
  const draining = server.drain({ timeoutMs: 1000 });
  await clock.advance(1000);
  assert.deepEqual(await draining, { finished: 0, brokenOff: 1 });
  await failed;
  await settled();
  assert.equal(server.stats.open, 0);
});
