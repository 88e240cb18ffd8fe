import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import type { ByteLink, TlsTerms } from "../port.ts";
import { openTcp, type OpenTcpOptions } from "./open_tcp.ts";
import { createEngineHost } from "./engine_host.ts";
import { NO_TIMEOUTS } from "./timed_link.ts";

const TERMS: TlsTerms = { serverName: "mail.example", ca: null, alpnProtocols: [], cert: null, key: null };
const OPTIONS: OpenTcpOptions = {
  signal: new AbortController().signal,
  connectTimeoutMs: 1000,
  noDelay: false,
  keepAliveDelayMs: null,
  dnsQueryType: null,
  tls: null,
  via: null,
  timeouts: NO_TIMEOUTS,
  copyWrites: false,
  toFaceError: (error) => error,
};

/** A runtime that connects by name only, and ends wherever the test says. */
class NamedNetwork extends MemoryNetwork {
  readonly #client: MemoryLink;

  constructor(client: MemoryLink) {
    super();
    this.#client = client;
  }

  override canResolve(): Promise<boolean> {
    return Promise.resolve(false);
  }

  override connectByName(): Promise<ByteLink> {
    return Promise.resolve(this.#client);
  }
}

function namedNetwork(address: string, port: number): { net: NamedNetwork; far: MemoryLink } {
  const ends = { client: { address: "127.0.0.1", port: 5000 }, server: { address, port } };
  const { client, server } = linkPair(ends);
  return { net: new NamedNetwork(client), far: server };
}

test("CON-19 a grant opens one connection: the second open is refused before anything is sent", async () => {
  const net = new MemoryNetwork();
  net.listen({ address: "9.9.9.9", port: 7 }, async (link) => void await link.readChunk());
  const grant = testGrant({ host: "9.9.9.9", port: 7 });
  const host = createEngineHost(net, new ManualClock());
  const connection = await openTcp(host, grant, OPTIONS);
  await assert.rejects(openTcp(host, grant, OPTIONS), { code: "PERM_SPENT" });
  assert.equal(net.log.length, 1);
  await connection.close();
});

test("CON-19 a grant that was taken back opens nothing", async () => {
  const net = new MemoryNetwork();
  const signal = AbortSignal.abort(new ParleyError("PERM_REVOKED", "Cannot go on"));
  const grant = testGrant({ host: "9.9.9.9", port: 7, signal });
  await assert.rejects(openTcp(createEngineHost(net, new ManualClock()), grant, OPTIONS), { code: "PERM_REVOKED" });
  assert.deepEqual(net.log, []);
});

for (
  const [title, address, port, dnsQueryType, code] of [
    ["a private address", "192.168.1.1", 25, null, "PERM_ADDRESS"],
    ["another port", "9.9.9.9", 26, null, "PERM_ADDRESS"],
    ["what is no address", "somewhere", 25, null, "PERM_ADDRESS"],
    ["the other family", "9.9.9.9", 25, "ipv6", "NET_DNS"],
  ] as const
) {
  test(`NET-14 a connection by name that ended at ${title} is broken off before any byte`, async () => {
    const { net, far } = namedNetwork(address, port);
    const grant = testGrant({ host: "mail.example", port: 25 });
    const opening = openTcp(createEngineHost(net, new ManualClock()), grant, { ...OPTIONS, dnsQueryType });
    await assert.rejects(opening, { code });
    await assert.rejects(far.readChunk(), { code: "NET_RESET" });
  });
}

test("NET-14 a connection by name that ended at a public address is taken", async () => {
  const { net } = namedNetwork("9.9.9.9", 25);
  const grant = testGrant({ host: "mail.example", port: 25 });
  const connection = await openTcp(createEngineHost(net, new ManualClock()), grant, OPTIONS);
  assert.equal(connection.remote.address, "9.9.9.9");
  await connection.close();
});

test("NET-23 a TLS session that was resumed is refused, and closed", async () => {
  const { net, far } = namedNetwork("9.9.9.9", 25);
  net.tls = (_grant, link) =>
    Promise.resolve({ trusted: true, link, chain: [], alpnProtocol: null, protocol: "TLSv1.3", resumed: true });
  const grant = testGrant({ host: "mail.example", port: 25 });
  const opening = openTcp(createEngineHost(net, new ManualClock()), grant, { ...OPTIONS, tls: TERMS });
  await assert.rejects(opening, { code: "TLS_HANDSHAKE" });
  assert.equal(await far.readChunk(), null);
});
