import assert from "node:assert/strict";
import type { ParleyError } from "../../../core/errors.ts";
import { memoryCertificate } from "../../../runtime/memory/memory_certificate.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { bytesOf, patternBytes, settled, textOf } from "../../../tests/support/approving_host.ts";
import { brokerFixture, REQUESTER } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import { createEngineHost } from "../../engine/engine_host.ts";
import { createRawSockets, type NavigatorRawSockets, type TCPSocketOptions } from "../raw_sockets/mod.ts";
import { type AcceptedSocket, createServers, type Servers } from "./mod.ts";

const KEY = "-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----";
const CERTIFICATE = memoryCertificate({ names: ["localhost", "127.0.0.1"], authority: "public" });
const TLS = { cert: `-----BEGIN CERTIFICATE-----\n${CERTIFICATE}\n-----END CERTIFICATE-----`, key: KEY };
const PORT = 8080;
const HERE: TCPSocketOptions = { remoteAddress: "127.0.0.1", remotePort: PORT };

/** A server's and a client's face on one network in memory, both approved in advance. */
function faces(): { servers: Servers; navigator: NavigatorRawSockets; reports: string[] } {
  const network = new MemoryNetwork();
  const allow = [`listen://127.0.0.1:${PORT}`, `listen://127.0.0.1:0`, `127.0.0.1:${PORT}`, `tls://127.0.0.1:${PORT}`];
  const { broker, clock, reports } = brokerFixture([], { allow });
  const report = (line: string): void => void reports.push(line);
  const engine = createEngineHost(network, clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  const source = (): Promise<typeof context> => Promise.resolve(context);
  return { servers: createServers(source), navigator: createRawSockets(source), reports };
}

async function first(server: AsyncIterable<AcceptedSocket>): Promise<AcceptedSocket> {
  for await (const socket of server) return socket;
  throw new TypeError("Cannot accept: the server is closed");
}

test("NET-03 NET-22 bytes pass both ways between a client and a server, with half-close", async () => {
  const { servers, navigator } = faces();
  await using server = await servers.openTCPServer({ localPort: PORT });
  await using client = await navigator.openTCPSocket(HERE);
  await using socket = await first(server);
  assert.deepEqual([socket.remotePort, socket.localPort], [client.localPort, PORT]);
  const sent = patternBytes(300_000);
  const sending = (async () => {
    const writer = client.writable.getWriter();
    await writer.write(sent);
    await writer.close();
  })();
  const reading = new Response(client.readable).arrayBuffer();
  await Promise.all([socket.readable.pipeTo(socket.writable), sending]);
  const back = new Uint8Array(await reading);
  assert.ok(back.length === sent.length && back.every((byte, index) => byte === sent[index]));
  assert.deepEqual(socket.stats, { bytesReceived: 300_000, bytesSent: 300_000 });
  await socket.closed;
  assert.equal(server.stats.open, 0);
});

test("NET-03 a server that does not read stops its client", async () => {
  const { servers, navigator } = faces();
  await using server = await servers.openTCPServer({ localPort: PORT });
  await using client = await navigator.openTCPSocket(HERE);
  await using _socket = await first(server);
  const writer = client.writable.getWriter();
  let written = 0;
  void (async () => {
    for (;;) {
      await writer.write(new Uint8Array(65_536));
      written++;
    }
  })().catch(() => {});
  await settled();
  const before = written;
  await settled();
  assert.ok(before < 100 && written === before, `${written} chunks went out`);
});

test("NET-22 port 0 is one that the system picks, and a second server at one port is refused", async () => {
  const { servers } = faces();
  await using one = await servers.openTCPServer({ localPort: 0 });
  await using two = await servers.openTCPServer({ localPort: 0 });
  assert.ok(one.localPort > 0 && one.localPort !== two.localPort);
  await using _fixed = await servers.openTCPServer({ localPort: PORT });
  const error = await servers.openTCPServer({ localPort: PORT }).catch((error) => error);
  assert.deepEqual([error.name, error.cause?.code], ["NetworkError", "NET_IN_USE"]);
});

test("NET-04 after the server is closed its port is free, clients are refused, and connections go on", async () => {
  const { servers, navigator } = faces();
  const server = await servers.openTCPServer({ localPort: PORT });
  await using client = await navigator.openTCPSocket(HERE);
  await using socket = await first(server);
  await server.close();
  await assert.rejects(navigator.openTCPSocket(HERE), { name: "NetworkError" });
  await socket.writable.getWriter().write(bytesOf("still"));
  assert.equal(textOf((await client.readable.getReader().read()).value), "still");
  await using again = await servers.openTCPServer({ localPort: PORT });
  assert.equal(again.localPort, PORT);
});

test("NET-06 TLS on accept: both sides agree on name and protocol, and the client verifies", async () => {
  const { servers, navigator } = faces();
  const tls = { ...TLS, alpnProtocols: ["b", "a"] };
  await using server = await servers.openTCPServer({ localPort: PORT, secureTransport: "on", tls });
  const accepting = first(server);
  const options = { ...HERE, secureTransport: "on", tls: { alpnProtocols: ["a"] } } as const;
  await using client = await navigator.openTCPSocket(options);
  await using socket = await accepting;
  assert.deepEqual([socket.tlsInfo?.alpnProtocol, client.tlsInfo?.alpnProtocol], ["a", "a"]);
  assert.deepEqual([socket.tlsInfo?.checkedBy, client.tlsInfo?.checkedBy], ["not-checked", "runtime-roots"]);
  await socket.writable.getWriter().write(bytesOf("secret"));
  assert.equal(textOf((await client.readable.getReader().read()).value), "secret");
});

test("NET-06 a certificate that is none fails the open, not the clients", async () => {
  const { servers } = faces();
  const cert = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----";
  const opening = servers.openTCPServer({ localPort: PORT, secureTransport: "on", tls: { cert, key: KEY } });
  const error = await opening.catch((error) => error);
  assert.equal((error.cause as ParleyError).code, "TLS_OPTIONS");
  await using _free = await servers.openTCPServer({ localPort: PORT });
});

test("NET-06 NET-25 STARTTLS from both sides", async () => {
  const { servers, navigator } = faces();
  await using server = await servers.openTCPServer({ localPort: PORT, secureTransport: "starttls", tls: TLS });
  await using plain = await navigator.openTCPSocket({ ...HERE, secureTransport: "starttls" });
  const accepted = await first(server);
  const upgrading = accepted.startTls({ goAhead: bytesOf("220 go\r\n") });
  const reader = plain.readable.getReader();
  assert.equal(textOf((await reader.read()).value), "220 go\r\n");
  reader.releaseLock();
  await using client = await plain.startTls();
  await using socket = await upgrading;
  await client.writable.getWriter().write(bytesOf("now secret"));
  assert.equal(textOf((await socket.readable.getReader().read()).value), "now secret");
  assert.deepEqual([client.tlsInfo?.protocol, socket.tlsInfo?.protocol], ["TLSv1.3", "TLSv1.3"]);
  assert.equal(server.stats.open, 1);
});

test("NET-06 a client that talks on in plaintext after STARTTLS is cut off", async () => {
  const { servers, navigator } = faces();
  await using server = await servers.openTCPServer({ localPort: PORT, secureTransport: "starttls", tls: TLS });
  await using plain = await navigator.openTCPSocket(HERE);
  const accepted = await first(server);
  const reader = accepted.readable.getReader({ mode: "byob" });
  await plain.writable.getWriter().write(bytesOf("STARTTLS\r\nRSET\r\n"));
  assert.equal(textOf((await reader.read(new Uint8Array(10))).value), "STARTTLS\r\n");
  reader.releaseLock();
  const error = await accepted.startTls({ goAhead: bytesOf("220 go\r\n") }).catch((error) => error);
  assert.equal(error.name, "NetworkError");
  assert.ok(["TLS_LEFTOVER", "TLS_HANDSHAKE"].includes((error.cause as ParleyError).code));
  assert.equal(server.stats.open, 0);
});

test("NET-22 many clients are served side by side, and drain lets them finish", async () => {
  const { servers, navigator } = faces();
  const server = await servers.openTCPServer({ localPort: PORT });
  const echoing = (async () => {
    const served: Promise<void>[] = [];
    for await (const socket of server) served.push(socket.readable.pipeTo(socket.writable));
    await Promise.all(served);
    return served.length;
  })();
  const answers = await Promise.all(Array.from({ length: 50 }, async (_, index) => {
    await using client = await navigator.openTCPSocket(HERE);
    const writer = client.writable.getWriter();
    await writer.write(bytesOf(`client ${index}`));
    await writer.close();
    return await new Response(client.readable).text();
  }));
  assert.deepEqual(answers, answers.map((_, index) => `client ${index}`));
  assert.deepEqual(await server.drain(), { finished: 0, brokenOff: 0 });
  assert.equal(await echoing, 50);
});
