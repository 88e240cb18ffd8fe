import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { createFaultPlan, type FaultOptions } from "../../runtime/memory/faults.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import type { TlsTerms } from "../port.ts";
import { createEngineHost } from "./engine_host.ts";
import { TcpConnection } from "./tcp_connection.ts";
import { NO_TIMEOUTS } from "./timed_link.ts";

const TERMS: TlsTerms = { serverName: "mail.example", ca: null, alpnProtocols: [], cert: null, key: null };
const NEVER = new AbortController().signal;
const REVOKED = new ParleyError("PERM_REVOKED", "Cannot go on: the permission was taken back");

interface Opened {
  readonly connection: TcpConnection;
  readonly peer: MemoryLink;
  readonly clock: ManualClock;
  revoke(): void;
}

function open(faults: FaultOptions = {}): Opened {
  const ends = { client: { address: "127.0.0.1", port: 5000 }, server: { address: "127.0.0.1", port: 7 } };
  const { client, server } = linkPair(ends);
  const clock = new ManualClock();
  const approval = new AbortController();
  const connection = new TcpConnection({
    link: createFaultPlan(faults, clock).link({ near: client, far: server }),
    grant: testGrant(),
    host: createEngineHost(new MemoryNetwork(), clock),
    timeouts: NO_TIMEOUTS,
    tls: null,
    signal: approval.signal,
    copyWrites: false,
    toFaceError: (error: unknown) => error,
  });
  return { connection, peer: server, clock, revoke: () => approval.abort(REVOKED) };
}

test("CON-19 an approval that is taken back during the handshake is why the upgrade fails, not that the link is closed", async () => {
  const { connection, peer, revoke } = open();
  const outcome = assert.rejects(connection.startTls(TERMS, NEVER), REVOKED);
  // The client has spoken and waits.
  await peer.readChunk();
  revoke();
  await outcome;
  await assert.rejects(connection.closed, REVOKED);
});

test("NET-04 a deadline of the handshake is why the upgrade fails", async () => {
  const { connection, peer } = open();
  const deadline = new AbortController();
  const outcome = assert.rejects(connection.startTls(TERMS, deadline.signal), { code: "NET_TIMEOUT" });
  await peer.readChunk();
  deadline.abort(new ParleyError("NET_TIMEOUT", "Cannot start TLS within 5 ms"));
  await outcome;
});

test("NET-04 an upgrade of a connection that broke says what broke it", async () => {
  const { connection, peer } = open();
  peer.reset();
  await assert.rejects(connection.readable.getReader().read(), { code: "NET_RESET" });
  await assert.rejects(connection.startTls(TERMS, NEVER), { code: "NET_RESET" });
});

test("NET-04 an upgrade of a connection that was closed says that", async () => {
  const { connection } = open();
  await connection.close();
  await assert.rejects(connection.startTls(TERMS, NEVER), { code: "ARG_INVALID" });
});

test("CON-19 a close of the writable under way fails because the approval was taken back", async () => {
  const { connection, clock, revoke } = open({ delayMs: [5, 5] });
  const closing = assert.rejects(connection.writable.getWriter().close(), REVOKED);
  await clock.advance(1);
  revoke();
  await closing;
  await assert.rejects(connection.closed, REVOKED);
});
