import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import type { Question } from "../../../permissions/prompter.ts";
import { type BrokerFixture, brokerFixture, NO, ONCE, REQUESTER, RUN } from "../../../tests/support/broker_fixture.ts";
import { bytesOf, settled, textOf } from "../../../tests/support/approving_host.ts";
import { FakeServerNetwork } from "../../../tests/support/fake_listener.ts";
import { test } from "../../../tests/support/harness.ts";
import { createTestHost } from "../../../testing.ts";
import { createEngineHost } from "../../engine/engine_host.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import { createServers, type Servers, TCPServer, type TCPServerOptions } from "./mod.ts";

const CERT = "-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----";
const TLS = { cert: CERT, key: KEY };

interface Fixture extends BrokerFixture {
  readonly servers: Servers;
  readonly network: FakeServerNetwork;
}

function face(answers: readonly Answer[] = [ONCE], allow: readonly string[] = []): Fixture {
  const fixture = brokerFixture(answers, { allow });
  const network = new FakeServerNetwork();
  const engine = createEngineHost(network, fixture.clock);
  const { broker, reports } = fixture;
  const report = (line: string): void => void reports.push(line);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  return { ...fixture, network, servers: createServers(() => Promise.resolve(context)) };
}

function shape({ descriptor, risk }: Question): unknown {
  const { name, transport, destination } = descriptor;
  return [name, transport, destination?.scheme, destination?.host.text, destination?.port, risk];
}

test("NET-22 openTCPServer() listens at loopback unless an address is written out, and is asked about as what it is", async () => {
  const { servers, network, questions, reports } = face([ONCE, ONCE, ONCE]);
  await using server = await servers.openTCPServer();
  assert.deepEqual(shape(questions[0] as Question), ["listen", "tcp", "listen", "127.0.0.1", 0, "listen-local"]);
  assert.deepEqual(network.listened[0]?.at, { address: "127.0.0.1", port: 0 });
  assert.deepEqual([server.localAddress, server.localPort], ["127.0.0.1", 8080], "what the system says");
  assert.match(reports.join("\n"), /listening at 127\.0\.0\.1:8080, NOT ENCRYPTED, as approved/);
  await using _wide = await servers.openTCPServer({ localAddress: "0.0.0.0", localPort: 8080 });
  assert.deepEqual(shape(questions[1] as Question), ["listen", "tcp", "listen", "0.0.0.0", 8080, "listen-any"]);
  await using _lan = await servers.openTCPServer({ localAddress: "192.168.1.5", localPort: 8080 });
  assert.equal(questions[2]?.risk, "listen-network");
});

test("NET-22 what is given reaches the system, and defaults are modest", async () => {
  const { servers, network } = face([ONCE, ONCE]);
  await using _one = await servers.openTCPServer({});
  const defaults = { backlog: 128, ipv6Only: false, noDelay: false, keepAliveDelayMs: null };
  assert.deepEqual(network.listened[0]?.options, defaults);
  const options = { backlog: 3, ipv6Only: true, noDelay: true, keepAlive: true, keepAliveDelay: 5000 };
  await using _two = await servers.openTCPServer({ localAddress: "::", ...options });
  const { keepAlive: _on, keepAliveDelay, ...rest } = options;
  assert.deepEqual(network.listened[1]?.options, { ...rest, keepAliveDelayMs: keepAliveDelay });
});

for (
  const [title, options] of [
    ["a name for an address", { localAddress: "localhost" }],
    ["a numeric trick", { localAddress: "127.1" }],
    ["an address in brackets", { localAddress: "[::1]" }],
    ["port -1", { localPort: -1 }],
    ["port 65536", { localPort: 65536 }],
    ["backlog 0", { backlog: 0 }],
    ["ipv6Only for an IPv4 address", { localAddress: "0.0.0.0", ipv6Only: true }],
    ["ipv6Only for one IPv6 address", { localAddress: "::1", ipv6Only: true }],
    ["keepAliveDelay without keepAlive", { keepAliveDelay: 5000 }],
    ["keepAliveDelay under a second", { keepAlive: true, keepAliveDelay: 999 }],
    ["TLS without certificate", { secureTransport: "on" }],
    ["a certificate without key", { tls: { cert: CERT } }],
    ["a key that is no PEM text", { tls: { cert: CERT, key: "secret" } }],
    ["a certificate in the place of the key", { tls: { cert: CERT, key: CERT } }],
    ["client authorities that are none", { tls: { ...TLS, clientCa: "no" } }],
    ["secureTransport of another kind", { secureTransport: "maybe" }],
    ["handshakeTimeout 0", { handshakeTimeout: 0 }],
    ["idleTimeout 0", { idleTimeout: 0 }],
    ["readTimeout beyond what timers take", { readTimeout: 2 ** 31 }],
    ["maxConnections 0", { maxConnections: 0 }],
    ["maxConnectionsPerSource NaN", { maxConnectionsPerSource: NaN }],
    ["allowFrom with a name", { allowFrom: ["localhost"] }],
    ["allowFrom with a block that does not begin where it says", { allowFrom: ["10.1.2.3/8"] }],
    ["allowFrom that is a text", { allowFrom: "10.0.0.0/8" }],
    ["a signal that is none", { signal: {} }],
    ["options that are no object", 8080],
  ] as const
) {
  test(`NET-22 openTCPServer() refuses ${title} with TypeError, before anybody is asked`, async () => {
    const { servers, questions } = face();
    await assert.rejects(servers.openTCPServer(options as unknown as TCPServerOptions), TypeError);
    assert.equal(questions.length, 0);
  });
}

test("CORE-01 a polluted Object.prototype is not an option", async () => {
  const { servers, network, questions, clock } = face();
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = {
    localAddress: "0.0.0.0",
    localPort: 80,
    secureTransport: "on",
    tls: TLS,
    cert: CERT,
    allowFrom: [],
    maxConnections: 1,
    signal: AbortSignal.abort(),
    timeout: 1,
  };
  Object.assign(prototype, names);
  try {
    await using server = await servers.openTCPServer({ localPort: 8080 });
    assert.deepEqual(network.listened[0]?.at, { address: "127.0.0.1", port: 8080 });
    assert.equal(questions.length, 1);
    network.listener.connect();
    for await (const socket of server) {
      assert.equal(socket.tlsInfo, null);
      break;
    }
    let drained = false;
    const draining = server.drain({}).then(() => drained = true);
    await clock.advance(9_999);
    assert.equal(drained, false);
    await clock.advance(1);
    await draining;
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});

test("NET-17 every refusal is one error whose message depends on the request alone, and nothing listens", async () => {
  const messages = new Set<string>();
  const denials: Answer[] = [NO, { kind: "deny", reason: "no-terminal" }, { kind: "deny", reason: "aborted" }];
  for (const answer of denials) {
    const { servers, network } = face([answer]);
    const error = await servers.openTCPServer({ localPort: 8080 }).catch((error) => error);
    messages.add(`${error.name} ${error.message} ${error.cause}`);
    assert.deepEqual(network.listened, []);
  }
  const { servers, network, reports } = face();
  network.refuseListen = new ParleyError("NET_OS_DENIED", "Cannot listen at 127.0.0.1 port 8080: the system refused");
  const error = await servers.openTCPServer({ localPort: 8080 }).catch((error) => error);
  messages.add(`${error.name} ${error.message} ${error.cause}`);
  assert.deepEqual([...messages], ["NotAllowedError Not allowed to listen at 127.0.0.1:8080 undefined"]);
  assert.match(reports.join("\n"), /no server at listen:\/\/127\.0\.0\.1:8080: .*\[NET_OS_DENIED\]/);
});

test("NET-22 an address in use, after approval, is a NetworkError with its code", async () => {
  const { servers, network, reports } = face();
  network.refuseListen = new ParleyError("NET_IN_USE", "Cannot listen at 127.0.0.1 port 8080: it is in use");
  const error = await servers.openTCPServer({ localPort: 8080 }).catch((error) => error);
  assert.deepEqual([error.name, error.cause?.code], ["NetworkError", "NET_IN_USE"]);
  assert.match(reports.join("\n"), /no server at .*NET_IN_USE/);
});

test("NET-22 a group, and the address of every machine, are refused without a question", async () => {
  for (const localAddress of ["224.0.0.1", "255.255.255.255", "ff02::1"]) {
    const { servers, questions } = face();
    await assert.rejects(servers.openTCPServer({ localAddress }), { name: "NotAllowedError" });
    assert.equal(questions.length, 0);
  }
});

test("NET-22 a rule for the very address and port approves; a rule to connect there does not", async () => {
  const { servers, questions } = face([], ["listen://127.0.0.1:8080", "tcp://127.0.0.1:8081"]);
  await using _server = await servers.openTCPServer({ localPort: 8080 });
  assert.equal(questions.length, 0);
  await assert.rejects(servers.openTCPServer({ localPort: 8081 }), { name: "NotAllowedError" });
  assert.equal(questions.length, 1);
});

test("NET-22 the signal withdraws the question, or stops listening with its reason", async () => {
  const { servers, network } = face();
  await assert.rejects(servers.openTCPServer({ signal: AbortSignal.abort("no") }), (error) => error === "no");
  assert.deepEqual(network.listened, []);
  const stop = new AbortController();
  await using server = await servers.openTCPServer({ signal: stop.signal });
  const reading = server.readable.getReader().read();
  stop.abort("enough");
  await assert.rejects(reading, (error) => error === "enough");
  await assert.rejects(server.closed, (error) => error === "enough");
  assert.equal(network.listener.closed, true);
});

test("NET-11 revocation ends the server and its connections with NotAllowedError", async () => {
  const { servers, network, broker } = face([RUN]);
  await using server = await servers.openTCPServer({ localPort: 8080 });
  network.listener.connect();
  const { value: socket } = await server.readable.getReader().read();
  broker.revokeAll();
  await assert.rejects(server.closed, { name: "NotAllowedError" });
  await assert.rejects(socket?.closed as Promise<void>, { name: "NotAllowedError" });
});

test("NET-22 connections come as sockets with streams and both addresses, by stream or by iteration", async () => {
  const { servers, network } = face();
  await using server = await servers.openTCPServer({ localPort: 8080 });
  const clients = [network.listener.connect("127.0.0.9"), network.listener.connect()];
  const reader = server.readable.getReader();
  const { value: first } = await reader.read();
  assert.deepEqual(
    [first?.remoteAddress, first?.remotePort, first?.localAddress, first?.localPort, first?.tlsInfo],
    ["127.0.0.9", 50_000, "127.0.0.1", 8080, null],
  );
  await clients[0]?.write(bytesOf("question"));
  assert.equal(textOf((await first?.readable.getReader({ mode: "byob" }).read(new Uint8Array(8)))?.value), "question");
  await assert.rejects(first?.close() as Promise<void>, { name: "InvalidStateError" });
  reader.releaseLock();
  for await (const second of server) {
    assert.equal(second.remotePort, 50_001);
    await second.writable.getWriter().write(bytesOf("answer"));
    break;
  }
  assert.equal(textOf((await clients[1]?.readChunk()) ?? undefined), "answer");
  assert.deepEqual([server.stats.accepted, server.stats.open], [2, 2]);
  network.listener.connect();
  for await (const third of server) {
    assert.equal(third.remotePort, 50_002, "leaving a loop did not close the server");
    await server.close();
  }
});

test("NET-22 the end of an `await using` block closes the server and what is still open", async () => {
  const { servers, network } = face();
  const client = network.listener.connect();
  {
    await using server = await servers.openTCPServer();
    await server.readable.getReader().read();
  }
  assert.equal(network.listener.closed, true);
  assert.equal(await client.readChunk().catch((error) => error.code), "NET_RESET");
});

test("NET-22 drain() takes a time in milliseconds, 10 s by default", async () => {
  const { servers, network, clock } = face();
  await using server = await servers.openTCPServer();
  await assert.rejects(server.drain({ timeout: -1 }), TypeError);
  network.listener.connect();
  await server.readable.getReader().read();
  let result: unknown = null;
  const draining = server.drain().then((value) => result = value);
  await clock.advance(9_999);
  assert.equal(result, null);
  await clock.advance(1);
  await draining;
  assert.deepEqual(result, { finished: 0, brokenOff: 1 });
});

test("NET-06 secureTransport on: connections come with TLS, and the line for the operator says so", async () => {
  const { servers, network, reports } = face();
  await using server = await servers.openTCPServer({
    secureTransport: "on",
    tls: { ...TLS, alpnProtocols: ["a", "b"] },
  });
  const tried = network.handshakes.splice(0);
  assert.equal(tried.length, 1, "the certificate was tried out");
  network.listener.connect();
  const reading = server.readable.getReader().read();
  await settled();
  assert.deepEqual(network.handshakes[0]?.identity, { ...TLS, clientCa: null, alpnProtocols: ["a", "b"] });
  network.handshakes[0]?.succeed({ serverName: "a.example" });
  assert.equal((await reading).value?.tlsInfo?.serverName, "a.example");
  assert.match(reports.join("\n"), /listening at 127\.0\.0\.1:8080, TLS, as approved/);
});

test("NET-06 NET-25 startTls() of an accepted socket uses the server's certificate, or its own", async () => {
  const own = { cert: CERT.replace("own", "other"), key: KEY };
  for (const options of [{}, own]) {
    const { servers, network, reports } = face();
    await using server = await servers.openTCPServer({ secureTransport: "starttls", tls: TLS });
    assert.match(reports.join("\n"), /NOT ENCRYPTED until the upgrade/);
    const client = network.listener.connect();
    const { value: plain } = await server.readable.getReader().read();
    // More than a pipe holds, so that the end of it is sent later.
    const goAhead = bytesOf("go\n".repeat(200_000));
    const upgrading = plain?.startTls({ ...options, goAhead });
    const size = goAhead.length;
    goAhead.fill(0);
    let told = "";
    while (told.length < size) told += textOf((await client.readChunk()) ?? undefined);
    assert.ok(told === "go\n".repeat(200_000), "what is sent is what stood there at the call");
    await settled();
    assert.equal(network.handshakes[0]?.identity.cert, "cert" in options ? own.cert : CERT);
    network.handshakes[0]?.succeed();
    const secure = await upgrading;
    assert.equal(secure?.tlsInfo?.protocol, "TLSv1.3");
    await plain?.closed;
    await secure?.close();
    assert.equal(server.stats.open, 0);
  }
});

test("NET-06 startTls() of an accepted socket without any certificate is a TypeError, and the connection goes on", async () => {
  const { servers, network } = face();
  await using server = await servers.openTCPServer();
  network.listener.connect();
  const { value: plain } = await server.readable.getReader().read();
  await assert.rejects(plain?.startTls() as Promise<unknown>, TypeError);
  await assert.rejects(plain?.startTls({ clientCa: CERT }) as Promise<unknown>, TypeError);
  await assert.rejects(plain?.startTls({ ...TLS, goAhead: "go" as never }) as Promise<unknown>, TypeError);
  assert.equal(server.stats.open, 1);
});

test("NET-06 a handshake of an accepted socket that takes too long is a NetworkError", async () => {
  const { servers, network, clock } = face();
  await using server = await servers.openTCPServer({ tls: TLS, handshakeTimeout: 2000 });
  network.listener.connect();
  const { value: plain } = await server.readable.getReader().read();
  const failed = assert.rejects(plain?.startTls() as Promise<unknown>, (error: DOMException) => {
    assert.deepEqual([error.name, (error.cause as ParleyError).code], ["NetworkError", "NET_TIMEOUT"]);
    return true;
  });
  await clock.advance(2000);
  await failed;
  assert.equal(server.stats.open, 0);
});

test("NET-22 strangers cannot flood the operator: ten lines a minute, and a count of the rest", async () => {
  const { servers, network, reports, clock } = face();
  await using server = await servers.openTCPServer({ allowFrom: ["192.0.2.1"] });
  void server.readable.getReader().read().catch(() => {});
  reports.length = 0;
  for (let count = 0; count < 100; count++) network.listener.connect("198.51.100.7");
  await settled();
  assert.equal(server.stats.notAllowed, 100);
  assert.equal(reports.length, 10);
  assert.match(
    reports[0] ?? "",
    /at 127\.0\.0\.1:8080: turned away 198\.51\.100\.7:50000: its address is none/,
  );
  await clock.advance(60_000);
  assert.match(reports[10] ?? "", /90 more lines like these were left out/);
  network.listener.connect("198.51.100.7");
  await settled();
  assert.equal(reports.length, 12);
});

test("NET-22 neither a server nor its sockets can be constructed", () => {
  const Constructor = TCPServer as unknown as new () => unknown;
  assert.throws(() => new Constructor(), TypeError);
});

test("NET-22 a server listens at a path of the file system, after a question of its own, and is told so", async () => {
  const host = createTestHost({ answer: () => ({ kind: "allow", lifetime: "once", host: null }) });
  const server = await host.servers.openTCPServer({ path: "/run/hub.sock" });
  assert.deepEqual([server.localAddress, server.localPort], ["/run/hub.sock", 0]);
  assert.equal(host.questions[0]?.risk, "listen-local");
  assert.match(host.reports[0] ?? "", /listening at \/run\/hub\.sock, NOT ENCRYPTED/);
  const serving = (async () => {
    for await (const socket of server) await socket.readable.pipeTo(socket.writable);
  })();
  const clients = await Promise.all(
    Array.from({ length: 3 }, () => host.navigator.openTCPSocket({ path: "/run/hub.sock" })),
  );
  for (const client of clients) {
    const writer = client.writable.getWriter();
    await writer.write(new TextEncoder().encode("over a path"));
    await writer.close();
    assert.equal(await new Response(client.readable).text(), "over a path");
  }
  await server.close();
  await serving;
});

for (
  const options of [
    { path: "run/x" },
    { path: "/run/../x" },
    { path: "/run/x", localAddress: "127.0.0.1" },
    { path: "/run/x", localPort: 1 },
    { path: "/run/x", allowFrom: ["127.0.0.1"] },
  ]
) {
  test(`NET-22 ${JSON.stringify(options)} is a TypeError, and nobody is asked`, async () => {
    const host = createTestHost();
    await assert.rejects(host.servers.openTCPServer(options), TypeError);
    assert.equal(host.questions.length, 0);
  });
}
