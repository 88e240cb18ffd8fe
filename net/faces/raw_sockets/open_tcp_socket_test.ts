import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { memoryTlsServer } from "../../../runtime/memory/memory_tls.ts";
import type { ByteLink } from "../../port.ts";
import { test } from "../../../tests/support/harness.ts";
import { toldLate } from "../../../tests/support/late_refusal.ts";
import { type Answer, createTestHost, type TestHost } from "../../../testing.ts";
import type { TCPSocketOptions } from "./tcp_options.ts";

const YES: Answer = { kind: "allow", lifetime: "once", host: null };
const ADDRESS = "93.184.215.14";
const CA = "-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----";
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);

async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
}

function approving(service: (link: ByteLink) => void | Promise<void> = echo): TestHost {
  const host = createTestHost({ answer: () => YES });
  host.network.addName("mail.example", ADDRESS);
  host.network.listen({ address: ADDRESS, port: 25 }, service);
  return host;
}

const MAIL: TCPSocketOptions = { remoteAddress: "mail.example", remotePort: 25 };

test("NET-01 openTCPSocket() gives streams to an approved destination", async () => {
  const { navigator } = approving();
  await using socket = await navigator.openTCPSocket(MAIL);
  assert.equal(socket.remoteAddress, ADDRESS);
  assert.equal(socket.remotePort, 25);
  const writer = socket.writable.getWriter();
  await writer.write(bytes("hello"));
  assert.equal(text((await socket.readable.getReader().read()).value), "hello");
});

for (
  const [title, options] of [
    ["no options", undefined],
    ["a missing port", { remoteAddress: "mail.example" }],
    ["port 0", { ...MAIL, remotePort: 0 }],
    ["port 65536", { ...MAIL, remotePort: 65536 }],
    ["port -1", { ...MAIL, remotePort: -1 }],
    ["port NaN", { ...MAIL, remotePort: NaN }],
    ["an address that is a numeric trick", { ...MAIL, remoteAddress: "127.1" }],
    ["a single label", { ...MAIL, remoteAddress: "mail" }],
    ["an address with a port in it", { ...MAIL, remoteAddress: "mail.example:25" }],
    ["keepAliveDelay without keepAlive", { ...MAIL, keepAliveDelay: 5000 }],
    ["keepAliveDelay under a second", { ...MAIL, keepAlive: true, keepAliveDelay: 999 }],
    ["secureTransport of another kind", { ...MAIL, secureTransport: "maybe" }],
    ["contradicting TLS options", { ...MAIL, secureTransport: "off", useSecureTransport: true }],
    ["a certificate without key", { ...MAIL, tls: { cert: CA } }],
    ["a ca that is no PEM text", { ...MAIL, tls: { ca: "no" } }],
    ["localAddress, which no runtime can honour", { ...MAIL, localAddress: "10.0.0.1" }],
    ["a signal that is none", { ...MAIL, signal: {} }],
    ["connectTimeout 0", { ...MAIL, connectTimeout: 0 }],
  ] as const
) {
  test(`RS-01 openTCPSocket() refuses ${title} with TypeError, before anybody is asked`, async () => {
    const { navigator, questions } = approving();
    await assert.rejects(navigator.openTCPSocket(options as unknown as TCPSocketOptions), TypeError);
    assert.equal(questions.length, 0);
  });
}

test("CORE-01 a polluted Object.prototype is not an option", async () => {
  const { navigator, questions } = approving();
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = {
    tls: { ca: CA },
    secureTransport: "on",
    useSecureTransport: true,
    ca: CA,
    serverName: "evil.example",
    signal: AbortSignal.abort(),
  };
  Object.assign(prototype, names);
  try {
    await using socket = await navigator.openTCPSocket(MAIL);
    assert.equal(socket.tlsInfo, null);
    assert.equal(questions[0]?.descriptor.tls, null);
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});

test("NET-08 nothing is looked up or connected to before the answer, and nothing at all after a refusal", async () => {
  let answered: (answer: Answer) => void = () => {};
  const host = createTestHost({ answer: () => new Promise((resolve) => answered = resolve) });
  host.network.addName("mail.example", ADDRESS);
  host.network.listen({ address: ADDRESS, port: 25 }, echo);
  const refused = assert.rejects(host.navigator.openTCPSocket(MAIL), { name: "NotAllowedError" });
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.equal(host.questions.length, 1);
  answered({ kind: "deny", reason: "refused" });
  await refused;
  assert.deepEqual(host.network.log, []);
  const opening = host.navigator.openTCPSocket(MAIL);
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  assert.deepEqual(host.network.log, []);
  answered(YES);
  await using _socket = await opening;
  assert.deepEqual(host.network.log, ["resolve mail.example", `connect ${ADDRESS}:25`]);
});

test("NET-14 a name that leads to a private address is refused like anything else, and the operator is told why", async () => {
  const { navigator, network, reports, clock } = approving();
  network.addName("rebind.example", ADDRESS, "192.168.1.1");
  const opening = navigator.openTCPSocket({ ...MAIL, remoteAddress: "rebind.example" }).catch((error) => error);
  const refused = await toldLate(clock, opening);
  assert.equal(refused.name, "NotAllowedError");
  assert.equal(refused.cause, undefined);
  assert.deepEqual(network.log, ["resolve rebind.example"]);
  assert.match(reports.join("\n"), /192\.168\.1\.1.*PERM_ADDRESS/);
});

test("NET-17 every refusal is one error whose message depends on the request alone", async () => {
  const messages = new Set<string>();
  for (const reason of ["refused", "no-terminal", "aborted", "queue-full"] as const) {
    const { navigator } = createTestHost({ answer: () => ({ kind: "deny", reason }) });
    const error = await navigator.openTCPSocket(MAIL).catch((error) => error);
    messages.add(`${error.name} ${error.message} ${error.cause}`);
  }
  assert.deepEqual([...messages], ["NotAllowedError Not allowed to connect to mail.example:25 undefined"]);
});

test("NET-17 an approved destination that fails gives a NetworkError with a stable code in its cause", async () => {
  const { navigator, network } = approving();
  const refused = await navigator.openTCPSocket({ ...MAIL, remotePort: 26 }).catch((error) => error);
  assert.equal(refused.name, "NetworkError");
  assert.ok(refused.cause instanceof ParleyError);
  assert.equal(refused.cause.code, "NET_REFUSED");
  network.listen({ address: ADDRESS, port: 993 }, async (link) => {
    await memoryTlsServer(link, { names: ["mail.example"], authority: "somebody" });
  });
  const tls = { ...MAIL, remotePort: 993, secureTransport: "on" } as const;
  const untrusted = await navigator.openTCPSocket(tls).catch((error) => error);
  assert.deepEqual([untrusted.name, untrusted.cause.code], ["NetworkError", "TLS_UNTRUSTED"]);
});

test("NET-17 an approved name that does not exist is refused like one that leads into the own network", async () => {
  const { navigator, network, reports, clock } = approving();
  const told: unknown[] = [];
  for (const addresses of [[], ["10.0.0.1"]]) {
    if (addresses.length > 0) network.addName("some.example", ...addresses);
    const opening = navigator.openTCPSocket({ ...MAIL, remoteAddress: "some.example" }).catch((error) => error);
    const { name, message, cause } = await toldLate(clock, opening);
    told.push([name, message, cause]);
  }
  assert.deepEqual(told[0], ["NotAllowedError", "Not allowed to connect to some.example:25", undefined]);
  assert.deepEqual(told[1], told[0]);
  assert.match(reports.join("\n"), /NET_DNS.*\n.*PERM_ADDRESS/);
});

test("NET-02 without an address the operator chooses, and the script learns what it connected to", async () => {
  const host = createTestHost({ answer: () => ({ ...YES, host: "mail.example" }) });
  host.network.addName("mail.example", ADDRESS);
  host.network.listen({ address: ADDRESS, port: 25 }, echo);
  await using socket = await host.navigator.openTCPSocket({ remotePort: 25 });
  assert.equal(socket.remoteAddress, ADDRESS);
});

test("NET-06 secureTransport on: TLS before the first program byte, the certificate readable", async () => {
  const { navigator, questions } = approving(async (link) =>
    echo(await memoryTlsServer(link, { names: ["mail.example"], authority: "public" }))
  );
  await using socket = await navigator.openTCPSocket({ ...MAIL, useSecureTransport: true });
  assert.equal(socket.tlsInfo?.chain[0]?.subjectAltName, "DNS:mail.example");
  assert.equal(questions[0]?.descriptor.destination?.scheme, "tls");
});

test("NET-06 a CA of the script's own is part of the question, and of what startTls() may use", async () => {
  const { navigator, questions } = approving(async (link) =>
    echo(await memoryTlsServer(link, { names: ["mail.example"], authority: CA }))
  );
  const plain = await navigator.openTCPSocket({ ...MAIL, secureTransport: "starttls", tls: { ca: CA } });
  assert.match(questions[0]?.descriptor.tls?.caSha256 ?? "", /^[0-9a-f]{64}$/);
  await using secure = await plain.startTls();
  assert.equal(secure.tlsInfo?.checkedBy, "own-ca");
});

for (
  const tls of [{ ca: CA }, { serverName: "other.example" }, {
    cert: CA,
    key: "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
  }]
) {
  test(`NET-06 startTls() refuses ${Object.keys(tls)[0]} that was not announced on open, and closes`, async () => {
    const { navigator } = approving();
    const plain = await navigator.openTCPSocket(MAIL);
    await assert.rejects(plain.startTls(tls), { name: "NotAllowedError" });
    await assert.rejects(plain.closed, { name: "NotAllowedError" });
  });
}

test("NET-25 a connection announced as starttls is cut off after 4 KiB in plaintext, each way", async () => {
  const { navigator } = approving(async (link) => {
    await link.write(new Uint8Array(5000));
    await link.readChunk();
  });
  const socket = await navigator.openTCPSocket({ ...MAIL, secureTransport: "starttls" });
  const writer = socket.writable.getWriter();
  await writer.write(new Uint8Array(4096));
  await assert.rejects(
    writer.write(new Uint8Array(1)),
    (error: DOMException) => (error.cause as ParleyError).code === "TLS_REQUIRED",
  );
  const other = await navigator.openTCPSocket({ ...MAIL, secureTransport: "starttls" });
  await assert.rejects(
    new Response(other.readable).bytes(),
    (error: DOMException) => (error.cause as ParleyError).code === "TLS_REQUIRED",
  );
});

test("NET-25 a connection announced as starttls is cut off when it is not upgraded within 10 s", async () => {
  const { navigator, clock } = approving();
  const socket = await navigator.openTCPSocket({ ...MAIL, secureTransport: "starttls" });
  const reading = assert.rejects(
    socket.readable.getReader().read(),
    (error: DOMException) => (error.cause as ParleyError).code === "TLS_REQUIRED",
  );
  await clock.advance(10_000);
  await reading;
});

test("NET-04 connecting gives up at connectTimeout", async () => {
  const host = createTestHost({ answer: () => YES });
  host.network.addName("slow.example", ADDRESS);
  host.network.listen({ address: ADDRESS, port: 25 }, () => new Promise(() => {}));
  const options: TCPSocketOptions = {
    remoteAddress: "slow.example",
    remotePort: 25,
    secureTransport: "on",
    connectTimeout: 500,
  };
  const opening = host.navigator.openTCPSocket(options);
  const outcome = assert.rejects(opening, (error: DOMException) => (error.cause as ParleyError).code === "NET_TIMEOUT");
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  await new Promise((resolve) => setTimeout(resolve, 0));
  await host.clock.advance(500);
  await outcome;
});

test("NET-04 a signal withdraws the request, and later breaks the connection off, with its own reason", async () => {
  const { navigator } = approving();
  const reason = new TypeError("enough");
  await assert.rejects(navigator.openTCPSocket({ ...MAIL, signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  const socket = await navigator.openTCPSocket({ ...MAIL, signal: controller.signal });
  const reading = socket.readable.getReader().read();
  controller.abort(reason);
  await assert.rejects(reading, reason);
  await assert.rejects(socket.closed, reason);
});

test("NET-04 close() refuses while a stream is locked, and await using does not", async () => {
  const { navigator } = approving();
  let closed: Promise<void>;
  {
    await using socket = await navigator.openTCPSocket(MAIL);
    const reader = socket.readable.getReader();
    await assert.rejects(socket.close(), { name: "InvalidStateError" });
    reader.releaseLock();
    socket.writable.getWriter();
    closed = socket.closed;
  }
  await closed;
});

test("CON-13 taking an approval back breaks its connections off with NotAllowedError", async () => {
  const host = createTestHost({ answer: () => ({ kind: "allow", lifetime: "run", host: null }) });
  host.network.addName("mail.example", ADDRESS);
  host.network.listen({ address: ADDRESS, port: 25 }, echo);
  const socket = await host.navigator.openTCPSocket(MAIL);
  const reading = socket.readable.getReader().read();
  host.revokeAll();
  await assert.rejects(reading, { name: "NotAllowedError" });
});
