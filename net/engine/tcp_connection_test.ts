import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import { ParleyError } from "../../core/errors.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { memoryTlsServer } from "../../runtime/memory/memory_tls.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { PIPE_BYTES } from "../../runtime/memory/pipe.ts";
import type { TlsTerms } from "../port.ts";
import { TcpConnection } from "./tcp_connection.ts";
import { createEngineHost } from "./engine_host.ts";
import { NO_TIMEOUTS } from "./timed_link.ts";
import { ManualClock } from "../../core/manual_clock.ts";

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);
const bytes = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content);
const NEVER = new AbortController().signal;
const TERMS: TlsTerms = { serverName: "mail.example", ca: null, alpnProtocols: [], cert: null, key: null };
const IDENTITY = { names: ["mail.example"], authority: "public" };

function open(signal: AbortSignal = NEVER): { connection: TcpConnection; peer: MemoryLink } {
  const ends = { client: { address: "127.0.0.1", port: 5000 }, server: { address: "127.0.0.1", port: 7 } };
  const { client, server } = linkPair(ends);
  const init = {
    link: client,
    grant: testGrant(),
    host: createEngineHost(new MemoryNetwork(), new ManualClock()),
    timeouts: NO_TIMEOUTS,
    tls: null,
    signal,
    copyWrites: false,
    toFaceError: (e: unknown) => e,
  };
  return { connection: new TcpConnection(init), peer: server };
}

async function readAll(link: MemoryLink): Promise<string> {
  let all = "";
  for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) all += text(chunk);
  return all;
}

test("NET-03 readable is a byte stream: a BYOB read fills the caller's view", async () => {
  const { connection, peer } = open();
  await peer.write(bytes("abcdef"));
  const reader = connection.readable.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(4));
  assert.equal(text(value), "abcd");
  const rest = await reader.read(new Uint8Array(4));
  assert.equal(text(rest.value), "ef");
  await connection.close();
});

test("NET-03 a reader that stops reading stops the peer, and memory holds one pipe's worth", async () => {
  const { connection, peer } = open();
  let written = 0;
  const sender = (async () => {
    for (let i = 0; i < 100; i++) {
      await peer.write(new Uint8Array(PIPE_BYTES / 4));
      written++;
    }
  })();
  const outcome = sender.catch((error: ParleyError) => error.code);
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  assert.equal(written, 4);
  const reader = connection.readable.getReader();
  await reader.read();
  for (let turn = 0; turn < 200; turn++) await Promise.resolve();
  assert.ok(written > 4 && written < 10, `the sender went on by one pipe: ${written}`);
  peer.reset();
  assert.equal(await outcome, "NET_CLOSED");
  await assert.rejects(reader.read(), { code: "NET_RESET" });
  await assert.rejects(connection.closed, { code: "NET_RESET" });
});

test("NET-03 a writer waits while the peer does not read", async () => {
  const { connection, peer } = open();
  const writer = connection.writable.getWriter();
  let done = false;
  const write = writer.write(new Uint8Array(PIPE_BYTES + 1)).then(() => done = true);
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  assert.equal(done, false);
  await peer.readChunk();
  await write;
  assert.equal(done, true);
  writer.releaseLock();
  await connection.close();
});

test("NET-04 half-close: after our FIN the peer's bytes still arrive, and closed settles when both ends have finished", async () => {
  const { connection, peer } = open();
  let closed = false;
  const settled = connection.closed.then(() => closed = true);
  const writer = connection.writable.getWriter();
  await writer.write(bytes("question"));
  await writer.close();
  assert.equal(await readAll(peer), "question");
  assert.equal(closed, false);
  await peer.write(bytes("answer"));
  await peer.closeWrite();
  const reader = connection.readable.getReader();
  assert.equal(text((await reader.read()).value), "answer");
  assert.equal((await reader.read()).done, true);
  await settled;
});

test("NET-04 half-close: after the peer's FIN we can still write", async () => {
  const { connection, peer } = open();
  await peer.closeWrite();
  const reader = connection.readable.getReader();
  assert.equal((await reader.read()).done, true);
  const writer = connection.writable.getWriter();
  await writer.write(bytes("late"));
  await writer.close();
  assert.equal(await readAll(peer), "late");
  await connection.closed;
});

test("NET-04 a BYOB reader sees the end of the stream", async () => {
  const { connection, peer } = open();
  const reader = connection.readable.getReader({ mode: "byob" });
  const pending = reader.read(new Uint8Array(8));
  await peer.closeWrite();
  assert.equal((await pending).done, true);
  await connection.close();
});

test("NET-04 a peer's reset fails pending reads, later writes and closed with the same cause", async () => {
  const { connection, peer } = open();
  const reading = connection.readable.getReader().read();
  peer.reset();
  await assert.rejects(reading, { code: "NET_RESET" });
  await assert.rejects(connection.writable.getWriter().write(bytes("x")), { code: "NET_RESET" });
  await assert.rejects(connection.closed, { code: "NET_RESET" });
});

test("NET-04 cancelling the readable leaves the writable at work", async () => {
  const { connection, peer } = open();
  await connection.readable.cancel("enough");
  const writer = connection.writable.getWriter();
  await writer.write(bytes("more"));
  await writer.close();
  assert.equal(await readAll(peer), "more");
  await connection.closed;
});

test("NET-04 aborting the writable settles a write that is stuck, with the reason, and reading goes on", async () => {
  const { connection, peer } = open();
  const writer = connection.writable.getWriter();
  const stuck = writer.write(new Uint8Array(PIPE_BYTES * 2));
  const outcome = assert.rejects(stuck, /stop it/);
  await writer.abort(new TypeError("stop it"));
  await outcome;
  await peer.write(bytes("still here"));
  assert.equal(text((await connection.readable.getReader().read()).value), "still here");
  await connection.close();
});

test("NET-04 close() while locked fails pending reads and writes and settles closed", async () => {
  const { connection } = open();
  const reading = connection.readable.getReader().read();
  const writing = connection.writable.getWriter().write(new Uint8Array(PIPE_BYTES * 2));
  const outcomes = Promise.allSettled([reading, writing]);
  await connection.close();
  const [read, write] = await outcomes;
  assert.equal(read?.status, "rejected");
  assert.equal(write?.status, "rejected");
});

test("NET-04 a chunk that is not a BufferSource fails the write and the stream", async () => {
  const { connection } = open();
  const writer = connection.writable.getWriter();
  await assert.rejects(writer.write("text" as unknown as BufferSource), TypeError);
  await assert.rejects(writer.write(bytes("x")), TypeError);
  await connection.close();
});

test("CON-19 revoking the grant breaks the connection off", async () => {
  const revoked = new AbortController();
  const { connection } = open(revoked.signal);
  const reading = connection.readable.getReader().read();
  revoked.abort(new ParleyError("PERM_REVOKED", "Cannot go on: the permission was taken back"));
  await assert.rejects(reading, { code: "PERM_REVOKED" });
  await assert.rejects(connection.closed, { code: "PERM_REVOKED" });
});

test("NET-06 startTls() hands over a verified connection and spends the old one", async () => {
  const { connection, peer } = open();
  const served = memoryTlsServer(peer, IDENTITY);
  const secure = await connection.startTls(TERMS, NEVER);
  await connection.closed;
  await assert.rejects(connection.readable.getReader().read(), { code: "NET_CLOSED" });
  assert.equal(secure.tls?.checkedBy, "runtime-roots");
  await (await served).write(bytes("secret"));
  assert.equal(text((await secure.readable.getReader().read()).value), "secret");
  await assert.rejects(secure.startTls(TERMS, NEVER), { code: "ARG_INVALID" });
  await secure.close();
});

test("NET-06 startTls() refuses while a stream is locked, and the connection goes on", async () => {
  const { connection, peer } = open();
  const reader = connection.readable.getReader();
  await assert.rejects(connection.startTls(TERMS, NEVER), { code: "ARG_INVALID" });
  await peer.write(bytes("fine"));
  assert.equal(text((await reader.read()).value), "fine");
  reader.releaseLock();
  await connection.close();
});

for (const kind of ["a chunk", "a buffer of the reader's own"]) {
  test(`NET-06 startTls() refuses when plaintext was read ahead of the handshake as ${kind} and left unread`, async () => {
    const { connection, peer } = open();
    const { readable } = connection;
    const reader = kind === "a chunk" ? readable.getReader() : readable.getReader({ mode: "byob" });
    const pending = reader.read(new Uint8Array(100)).catch(() => {});
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    reader.releaseLock();
    await pending;
    await peer.write(bytes("injected"));
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    await assert.rejects(connection.startTls(TERMS, NEVER), { code: "TLS_LEFTOVER" });
    await assert.rejects(connection.closed, { code: "TLS_LEFTOVER" });
  });
}

test("NET-06 plaintext injected before the handshake fails it and reaches nobody", async () => {
  const { connection, peer } = open();
  await peer.write(bytes("220 injected\r\n"));
  void memoryTlsServer(peer, IDENTITY).catch(() => {});
  await assert.rejects(connection.startTls(TERMS, NEVER), { code: "TLS_HANDSHAKE" });
  await assert.rejects(connection.closed, { code: "TLS_HANDSHAKE" });
});

for (
  const [title, identity, terms, code] of [
    ["an unknown authority", { ...IDENTITY, authority: "evil" }, TERMS, "TLS_UNTRUSTED"],
    ["another name", { ...IDENTITY, names: ["other.example"] }, TERMS, "TLS_NAME"],
    ["an expired certificate", { ...IDENTITY, expired: true }, TERMS, "TLS_EXPIRED"],
    [
      "a public certificate where the program brought its own authority",
      IDENTITY,
      { ...TERMS, ca: ["own"] },
      "TLS_UNTRUSTED",
    ],
  ] as const
) {
  test(`NET-06 startTls() refuses ${title}`, async () => {
    const { connection, peer } = open();
    void memoryTlsServer(peer, identity).catch(() => {});
    await assert.rejects(connection.startTls(terms, NEVER), { code });
  });
}
