import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { memoryTlsServer } from "../../../runtime/memory/memory_tls.ts";
import { MemoryNetwork, type MemoryService } from "../../../runtime/memory/net.ts";
import { type BrokerFixture, brokerFixture, ONCE, REQUESTER } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import type { ByteLink } from "../../port.ts";
import { createWinterTcSockets, type Socket, SocketError, type WinterTcSockets } from "./mod.ts";
import { createEngineHost } from "../../engine/engine_host.ts";

const ADDRESS = "93.184.215.14";
const MAIL = "mail.example:25";
const CA = "-----BEGIN CERTIFICATE-----\nown\n-----END CERTIFICATE-----";
const KEY = "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);
/** A turn of the event loop: every promise reaction that was due has run. */
const turn = (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 0));
const never = <T>(): Promise<T> => new Promise(() => {});

async function echo(link: ByteLink): Promise<void> {
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
}

interface TestFace extends WinterTcSockets, BrokerFixture {
  readonly network: MemoryNetwork;
}

/** A face on a network in memory, with a server for {@linkcode MAIL}. */
function face(service: MemoryService = echo): TestFace {
  const network = new MemoryNetwork();
  network.addName("mail.example", ADDRESS);
  network.listen({ address: ADDRESS, port: 25 }, service);
  const fixture = brokerFixture([ONCE, ONCE]);
  const { broker, clock, reports } = fixture;
  const report = (line: string): void => void reports.push(line);
  const engine = createEngineHost(network, clock);
  const context = { engine, broker, requester: REQUESTER, lifetimes: null, claim: null, report };
  const { connect } = createWinterTcSockets(() => Promise.resolve(context));
  return { ...fixture, connect, network };
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "the promise was fulfilled" });
}

function code(error: unknown): string | undefined {
  assert.ok(error instanceof SocketError, String(error));
  return error.cause instanceof ParleyError ? error.cause.code : undefined;
}

/** A server that answers one line with "ok" and then does TLS. */
function upgrading(identity: Partial<Parameters<typeof memoryTlsServer>[1]> = {}): MemoryService {
  return async (link) => {
    await link.readChunk();
    await link.write(bytes("ok"));
    await echo(await memoryTlsServer(link, { names: ["mail.example"], authority: "public", ...identity }));
  };
}

async function startDialogue(socket: Socket): Promise<void> {
  const [reader, writer] = [socket.readable.getReader(), socket.writable.getWriter()];
  await writer.write("STARTTLS\r\n");
  assert.equal(text((await reader.read()).value), "ok");
  reader.releaseLock();
  writer.releaseLock();
}

test("WT-12 WT-13 WT-15 startTls() spends the socket and gives an encrypted one", async () => {
  const { connect, questions } = face(upgrading({ alpnProtocols: ["smtp"] }));
  const plain = connect(MAIL, { secureTransport: "starttls", alpn: ["x", "smtp"] });
  assert.equal(plain.upgraded, false);
  assert.equal(plain.secureTransport, "starttls");
  await startDialogue(plain);
  await using secure = plain.startTls();
  assert.equal(plain.upgraded, true);
  assert.throws(() => plain.readable.getReader(), TypeError);
  assert.throws(() => plain.writable.getWriter(), TypeError);
  assert.throws(() => plain.startTls(), SocketError);
  assert.equal(secure.upgraded, false);
  assert.equal(secure.secureTransport, "on");
  const written = secure.writable.getWriter().write("hello");
  assert.equal((await secure.opened).alpn, "smtp");
  await plain.closed;
  await written;
  assert.equal(text((await secure.readable.getReader().read()).value), "hello");
  assert.equal(questions.length, 1);
  assert.equal(questions[0]?.descriptor.tls?.mode, "upgrade");
});

test("WT-12 startTls() before the socket is open sends first what was written before", async () => {
  let first = "";
  const { connect } = face(async (link) => {
    const byte = new Uint8Array(1);
    while (!first.endsWith("\n") && await link.read(byte) > 0) first += text(byte);
    await echo(await memoryTlsServer(link, { names: ["mail.example"], authority: "public" }));
  });
  const plain = connect(MAIL, { secureTransport: "starttls" });
  const writer = plain.writable.getWriter();
  const written = Promise.all([writer.write("GO"), writer.write("\r"), writer.write("\n")]);
  writer.releaseLock();
  await using secure = plain.startTls();
  await secure.opened;
  await written;
  await plain.closed;
  assert.equal(first, "GO\r\n");
});

for (const secureTransport of ["off", "on"] as const) {
  test(`WT-12 startTls() throws when secureTransport is ${secureTransport}, and the socket goes on`, async () => {
    const { connect } = face(async (link) =>
      await echo(
        secureTransport === "off"
          ? link
          : await memoryTlsServer(link, { names: ["mail.example"], authority: "public" }),
      )
    );
    await using socket = connect(MAIL, { secureTransport });
    assert.throws(() => socket.startTls(), SocketError);
    assert.equal(socket.upgraded, false);
    await socket.writable.getWriter().write("x");
    assert.equal(text((await socket.readable.getReader().read()).value), "x");
  });
}

test("WT-12 startTls() throws after close()", async () => {
  const { connect } = face();
  const socket = connect(MAIL, { secureTransport: "starttls" });
  await socket.opened;
  await socket.close();
  assert.throws(() => socket.startTls(), SocketError);
});

test("WT-14 startTls() throws while a stream is locked or a read is under way, and nothing is closed", async () => {
  const { connect } = face(upgrading());
  const socket = connect(MAIL, { secureTransport: "starttls" });
  await socket.opened;
  const reader = socket.readable.getReader();
  assert.throws(() => socket.startTls(), SocketError);
  const read = reader.read().catch(() => {});
  reader.releaseLock();
  await read;
  assert.throws(() => socket.startTls(), SocketError);
  assert.equal(socket.upgraded, false);
  await socket.close();
});

for (
  const [title, identity, expected] of [
    ["for another name", { names: ["other.example"] }, "TLS_NAME"],
    ["of an untrusted authority", { authority: "somebody" }, "TLS_UNTRUSTED"],
    ["that has expired", { expired: true }, "TLS_EXPIRED"],
  ] as const
) {
  test(`WT-16 a certificate ${title} rejects opened and closed`, async () => {
    const { connect } = face(upgrading(identity));
    const plain = connect(MAIL, { secureTransport: "starttls" });
    await startDialogue(plain);
    const secure = plain.startTls();
    const error = await failure(secure.opened);
    assert.equal(code(error), expected);
    assert.equal(await failure(secure.closed), error);
  });
}

test("WT-16 sni is the name that is sent and verified, and part of the question", async () => {
  const { connect, questions } = face(async (link) =>
    echo(await memoryTlsServer(link, { names: ["other.example"], authority: "public" }))
  );
  await using socket = connect(MAIL, { secureTransport: "on", sni: "other.example" });
  await socket.opened;
  assert.equal(questions[0]?.descriptor.tls?.serverName, "other.example");
});

test("WT-17 without an agreed protocol, alpn is null", async () => {
  const { connect } = face(async (link) =>
    echo(await memoryTlsServer(link, { names: ["mail.example"], authority: "public", alpnProtocols: ["h2"] }))
  );
  await using socket = connect(MAIL, { secureTransport: "on", alpn: ["smtp"] });
  assert.equal((await socket.opened).alpn, null);
  await using other = connect(MAIL, { secureTransport: "on", alpn: ["smtp", "h2"] });
  assert.equal((await other.opened).alpn, "h2");
});

test("NET-06 a CA of the script's own is part of the question, and of what startTls() uses", async () => {
  const { connect, questions } = face(upgrading({ authority: CA }));
  const plain = connect(MAIL, { secureTransport: "starttls", tls: { ca: CA } });
  await startDialogue(plain);
  assert.match(questions[0]?.descriptor.tls?.caSha256 ?? "", /^[0-9a-f]{64}$/);
  await using secure = plain.startTls();
  await secure.opened;
});

for (const options of [{ tls: { ca: CA } }, { sni: "other.example" }, { tls: { cert: CA, key: KEY } }]) {
  test(`NET-06 startTls() on ${JSON.stringify(options)}, which was not approved, fails and closes`, async () => {
    const { connect } = face(upgrading({ names: ["mail.example", "other.example"] }));
    const plain = connect(MAIL, { secureTransport: "starttls" });
    await startDialogue(plain);
    const error = await failure(plain.startTls(options).opened) as SocketError;
    assert.equal(error.message, `SocketError: Not allowed to connect to ${MAIL}`);
    assert.equal(error.cause, undefined);
    assert.equal(await failure(plain.closed), error);
  });
}

test("NET-06 plaintext that nobody read before startTls() ends the upgrade", async () => {
  let goOn: () => void = () => {};
  const { connect } = face(async (link) => {
    await new Promise<void>((resolve) => goOn = resolve);
    await link.write(bytes("injected"));
    await link.readChunk();
  });
  const plain = connect(MAIL, { secureTransport: "starttls" });
  await plain.opened;
  const reader = plain.readable.getReader();
  const read = reader.read().catch(() => {});
  reader.releaseLock();
  await read;
  goOn();
  await turn();
  assert.equal(code(await failure(plain.startTls().opened)), "TLS_LEFTOVER");
});

test("NET-04 an upgrade that does not end within 30 s fails", async () => {
  const { connect, clock } = face(() => never());
  const plain = connect(MAIL, { secureTransport: "starttls" });
  const secure = plain.startTls();
  await plain.opened;
  await turn();
  await clock.advance(30_000);
  assert.equal(code(await failure(secure.opened)), "NET_TIMEOUT");
});

test("NET-04 closing the socket that startTls() returned gives the upgrade up", async () => {
  const { promise: end, resolve: ended } = Promise.withResolvers<unknown>();
  const { connect } = face(async (link) => {
    await link.readChunk();
    await link.readChunk().then(ended, ended);
  });
  const secure = connect(MAIL, { secureTransport: "starttls" }).startTls();
  await turn();
  await secure.close();
  await assert.rejects(secure.opened, SocketError);
  await end;
});

test("NET-04 closing it before anything was opened withdraws the whole attempt", async () => {
  const { connect, network } = face();
  const plain = connect(MAIL, { secureTransport: "starttls" });
  await plain.startTls().close();
  await assert.rejects(plain.opened, SocketError);
  assert.deepEqual(network.log, []);
});

test("NET-25 a connection announced as starttls is cut off after 4 KiB in plaintext", async () => {
  const { connect } = face();
  const socket = connect(MAIL, { secureTransport: "starttls" });
  const writer = socket.writable.getWriter();
  await writer.write(new Uint8Array(4096));
  assert.equal(code(await failure(writer.write(new Uint8Array(1)))), "TLS_REQUIRED");
});
