import assert from "node:assert/strict";
import type { ByteLink } from "../../port.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import { createTestHost, memoryTlsServer, type TestHost } from "../../../testing.ts";

const ONCE = { kind: "allow", lifetime: "once", host: null } as const;
const PROXY = "9.9.9.9";
const TARGET = "93.184.215.14";
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** An HTTP proxy that serves the tunnel itself, and keeps what it was asked. */
function proxy(host: TestHost, serve: (link: ByteLink) => void | Promise<void>, status = 200): string[] {
  const asked: string[] = [];
  host.network.addName("proxy.example", PROXY);
  host.network.addName("mail.example", TARGET);
  host.network.listen({ address: PROXY, port: 8080 }, async (link) => {
    asked.push(new TextDecoder().decode(await link.readChunk() ?? undefined).split("\r\n")[0] ?? "");
    await link.write(utf8(`HTTP/1.1 ${status} x\r\n\r\n`));
    if (status === 200) await serve(link);
  });
  return asked;
}

const greet = async (link: ByteLink): Promise<void> => {
  await link.write(utf8("220 hello"));
  await link.closeWrite();
};

const THROUGH = { remoteAddress: "mail.example", remotePort: 25, proxy: "http://proxy.example:8080" } as const;

test("NET-26 a proxied connection is two approvals: the proxy's and the target's, before any packet", async () => {
  const host = createTestHost({ answer: () => (assert.deepEqual(host.network.log, []), ONCE) });
  const asked = proxy(host, greet);
  await using socket = await host.navigator.openTCPSocket(THROUGH);
  assert.equal(await new Response(socket.readable).text(), "220 hello");
  assert.deepEqual(asked, [`CONNECT ${TARGET}:25 HTTP/1.1`]);
  assert.deepEqual(host.questions.map(({ descriptor }) => descriptor.port), [8080, 25]);
  assert.deepEqual([...host.network.log].sort(), [
    `connect ${PROXY}:8080`,
    "resolve mail.example",
    "resolve proxy.example",
  ]);
});

for (const refused of [8080, 25]) {
  test(`NET-26 no packet leaves when the ${refused === 25 ? "target" : "proxy"} is refused`, async () => {
    const host = createTestHost({
      answer: ({ descriptor }) => descriptor.port === refused ? { kind: "deny", reason: "refused" } : ONCE,
    });
    proxy(host, greet);
    await assert.rejects(host.navigator.openTCPSocket(THROUGH), { name: "NotAllowedError" });
    assert.deepEqual(host.network.log, []);
  });
}

test("NET-26 NET-14 a target's name is judged here: one that leads into the own network is refused, proxy or not", async () => {
  const host = createTestHost({ answer: () => ONCE });
  const asked = proxy(host, greet);
  host.network.addName("rebind.example", "10.0.0.1");
  const opening = host.navigator.openTCPSocket({ ...THROUGH, remoteAddress: "rebind.example" });
  await assert.rejects(toldLate(host.clock, opening), { name: "NotAllowedError" });
  assert.deepEqual(asked, []);
});

test("NET-26 remoteDns sends the name, is asked about with its risk, and once only", async () => {
  const host = createTestHost({ answer: () => ({ ...ONCE, lifetime: "run" }) });
  const asked = proxy(host, greet);
  const options = {
    ...THROUGH,
    proxy: { protocol: "http", host: "proxy.example", port: 8080, remoteDns: true, username: "u", password: "hunter2" },
  } as const;
  await using first = await host.navigator.openTCPSocket(options);
  await using second = await host.navigator.openTCPSocket(options);
  assert.deepEqual([first.remotePort, second.remotePort], [8080, 8080]);
  assert.deepEqual(asked, ["CONNECT mail.example:25 HTTP/1.1", "CONNECT mail.example:25 HTTP/1.1"]);
  assert.deepEqual(host.questions.map(({ risk }) => risk), [null, "remote-dns", "remote-dns"]);
  assert.ok(!host.network.log.includes("resolve mail.example"));
  const told = JSON.stringify([host.questions, host.reports]);
  assert.ok(!told.includes("hunter2"), "the password was shown");
});

test("NET-26 TLS through a proxy is checked for the target's name", async () => {
  const host = createTestHost({ answer: () => ONCE });
  proxy(host, async (link) => greet(await memoryTlsServer(link, { names: ["mail.example"], authority: "public" })));
  await using socket = await host.navigator.openTCPSocket({ ...THROUGH, remotePort: 465, secureTransport: "on" });
  assert.equal(socket.tlsInfo?.serverName, "mail.example");
  assert.equal(await new Response(socket.readable).text(), "220 hello");
});

test("NET-26 a proxy's refusal is a NetworkError that says so; nothing is followed or tried again", async () => {
  const host = createTestHost({ answer: () => ONCE });
  const asked = proxy(host, greet, 302);
  await assert.rejects(host.navigator.openTCPSocket(THROUGH), (error: DOMException) => {
    assert.equal(error.name, "NetworkError");
    assert.equal((error.cause as { code: string }).code, "NET_PROXY");
    return true;
  });
  assert.equal(asked.length, 1);
});

for (
  const bad of [
    "socks4://proxy.example:1080",
    "http://user:secret@proxy.example:8080",
    "http://proxy.example:8080/path",
    "proxy.example:8080",
    { protocol: "http", host: "proxy.example", port: 8080, username: "u" },
    { protocol: "http", host: "proxy.example", port: 8080, username: "u\r\nX: y", password: "p" },
    { protocol: "ftp", host: "proxy.example", port: 8080 },
    7,
  ]
) {
  test(`NET-26 the proxy ${JSON.stringify(bad)} is a TypeError, and nobody is asked`, async () => {
    const host = createTestHost({ answer: () => ONCE });
    const opening = host.navigator.openTCPSocket({ ...THROUGH, proxy: bad as string });
    await assert.rejects(opening, TypeError);
    assert.equal(host.questions.length, 0);
  });
}

test("NET-08 a local socket is opened by its path, after a question that names it", async () => {
  const host = createTestHost({ answer: () => ONCE });
  host.network.listen({ address: "/run/x.sock", port: 0 }, greet);
  await using socket = await host.navigator.openTCPSocket({ path: "/run/x.sock" });
  assert.equal(await new Response(socket.readable).text(), "220 hello");
  assert.equal(host.questions[0]?.risk, "local-service");
  assert.deepEqual([socket.remoteAddress, socket.remotePort], ["/run/x.sock", 0]);
  for (const extra of [{ remotePort: 1 }, { remoteAddress: "a.example" }, { proxy: "socks5://a.example:1" }]) {
    await assert.rejects(host.navigator.openTCPSocket({ path: "/run/x.sock", ...extra }), TypeError);
  }
  await assert.rejects(host.navigator.openTCPSocket({ path: "/run/x.sock", secureTransport: "on" }), TypeError);
  await assert.rejects(host.navigator.openTCPSocket({ path: "relative" }), TypeError);
});

test("NET-04 idleTimeout and readTimeout break a silent connection off with NET_TIMEOUT", async () => {
  for (const option of ["idleTimeout", "readTimeout"]) {
    const host = createTestHost({ answer: () => ONCE });
    host.network.listen({ address: PROXY, port: 7 }, async (link) => void await link.readChunk());
    const socket = await host.navigator.openTCPSocket({ remoteAddress: PROXY, remotePort: 7, [option]: 5000 });
    const reading = socket.readable.getReader().read();
    reading.catch(() => {});
    await host.clock.advance(5000);
    await assert.rejects(reading, (error: DOMException) => (error.cause as { code: string }).code === "NET_TIMEOUT");
    await assert.rejects(socket.closed, { name: "NetworkError" });
  }
});

test("NET-18 an upgrade is told to the operator, who was told before that nothing is encrypted", async () => {
  const host = createTestHost({ answer: () => ONCE });
  host.network.listen({ address: PROXY, port: 25 }, async (link) => {
    await greet(await memoryTlsServer(link, { names: [PROXY], authority: "public" }));
  });
  const plain = await host.navigator.openTCPSocket({
    remoteAddress: PROXY,
    remotePort: 25,
    secureTransport: "starttls",
  });
  await using secure = await plain.startTls();
  assert.equal(await new Response(secure.readable).text(), "220 hello");
  assert.match(host.reports[0] ?? "", /connected to 9\.9\.9\.9:25.*NOT ENCRYPTED/);
  assert.equal(host.reports[1], "parley: upgraded 9.9.9.9:25: TLSv1.3, verified");
});
