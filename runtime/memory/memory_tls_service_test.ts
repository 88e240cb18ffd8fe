import assert from "node:assert/strict";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink, TlsResult, TlsTerms } from "../../net/port.ts";
import type { TlsIdentity, TlsServed } from "../../net/server_port.ts";
import { test } from "../../tests/support/harness.ts";
import { testGrant } from "../../tests/support/test_grant.ts";
import { memoryCertificate } from "./memory_certificate.ts";
import { MemoryNetwork } from "./net.ts";

const grant = testGrant();
const { signal } = new AbortController();
const settings = { backlog: 4, ipv6Only: false, noDelay: true, keepAliveDelayMs: null };
const LOOPBACK = parseIpAddress("127.0.0.1")!;

/** What the server is, unless a test says otherwise. */
const IDENTITY: TlsIdentity = {
  cert: memoryCertificate({ names: ["mail.test"], authority: "lab" }),
  key: "any",
  clientCa: null,
  alpnProtocols: [],
};
/** What the client shows, where it shows something. */
const CLIENT = { names: ["sensor-7"], authority: "plant" };

/** Both ends of a connection. */
async function ends(net: MemoryNetwork): Promise<{ readonly client: ByteLink; readonly server: ByteLink }> {
  const listener = await net.listenTcp(grant, { address: LOOPBACK, port: 0 }, settings);
  const client = await net.connect(grant, { address: LOOPBACK, port: listener.local.port }, { ...settings, signal });
  return { client, server: (await listener.accept())! };
}

/** Both sides of a handshake. */
async function shake(
  identity: Partial<TlsIdentity>,
  terms: Partial<TlsTerms> = {},
  abort: AbortSignal = signal,
): Promise<[TlsServed | Error, TlsResult | Error]> {
  const net = new MemoryNetwork();
  const { client, server } = await ends(net);
  const how = { identity: { ...IDENTITY, ...identity }, signal: abort };
  const wanted = { serverName: "mail.test", ca: ["lab"], alpnProtocols: [], cert: null, key: null, ...terms };
  const failed = (error: Error): Error => error;
  return await Promise.all([
    net.serveTls(grant, server, how).catch(failed),
    net.tls(grant, client, wanted, { signal }).catch(failed),
  ]);
}

function codeOf(outcome: unknown): unknown {
  return (outcome as { readonly code?: unknown }).code;
}

test("serves TLS in memory under the names of its certificate", async () => {
  const [served, result] = await shake({ alpnProtocols: ["b/1"] }, { alpnProtocols: ["a/1", "b/1"] });
  assert.ok(!(served instanceof Error) && !(result instanceof Error) && result.trusted);
  const { serverName, alpnProtocol, protocol, chain, link } = served;
  assert.deepEqual({ serverName, alpnProtocol, protocol, chain }, {
    serverName: "mail.test",
    alpnProtocol: "b/1",
    protocol: "TLSv1.3",
    chain: [],
  });
  assert.equal(result.alpnProtocol, "b/1");
  await result.link.write(Uint8Array.of(1, 2, 3));
  assert.deepEqual([...(await link.readChunk())!], [1, 2, 3]);
});

test("serves a client in memory that then trusts or refuses the certificate as a real one would", async () => {
  const reason = async (identity: Partial<TlsIdentity>, terms: Partial<TlsTerms> = {}): Promise<unknown> => {
    const result = (await shake(identity, terms))[1];
    return result instanceof Error || result.trusted ? result : result.reason;
  };
  assert.equal(await reason({}, { serverName: "other.test" }), "name");
  assert.equal(await reason({}, { ca: null }), "untrusted");
  const cert = memoryCertificate({ names: ["mail.test"], authority: "lab", expired: true });
  assert.equal(await reason({ cert }), "expired");
});

test("WT-17 refuses a client in memory that offers only other protocols", async () => {
  const [served, result] = await shake({ alpnProtocols: ["b/1"] }, { alpnProtocols: ["a/1"] });
  assert.deepEqual([codeOf(served), codeOf(result)], ["TLS_HANDSHAKE", "TLS_HANDSHAKE"]);
});

test("WT-17 agrees in memory on the protocol that the server likes best", async () => {
  const [served, result] = await shake({ alpnProtocols: ["b/1", "c/1"] }, { alpnProtocols: ["a/1", "c/1", "b/1"] });
  assert.ok(!(served instanceof Error) && !(result instanceof Error) && result.trusted);
  assert.deepEqual([served.alpnProtocol, result.alpnProtocol], ["b/1", "b/1"]);
});

test("WT-17 agrees in memory on none with a client that offers none, or when the server knows none", async () => {
  for (const [known, offered] of [[["b/1"], []], [[], ["b/1"]]] as const) {
    const [served, result] = await shake({ alpnProtocols: known }, { alpnProtocols: offered });
    assert.ok(!(served instanceof Error) && !(result instanceof Error) && result.trusted);
    assert.deepEqual([served.alpnProtocol, result.alpnProtocol], [null, null]);
  }
});

test("reports no name in memory when the client wants an address", async () => {
  const cert = memoryCertificate({ names: ["127.0.0.1"], authority: "lab" });
  const [served, result] = await shake({ cert }, { serverName: "127.0.0.1" });
  assert.ok(!(served instanceof Error) && !(result instanceof Error) && result.trusted);
  assert.equal(served.serverName, null);
});

test("NET-23 verifies the certificate of a client in memory and describes it", async () => {
  const cert = memoryCertificate(CLIENT);
  for (const clientCa of [["other", "plant"], [memoryCertificate({ names: ["plant"], authority: "plant" })]]) {
    const [served, result] = await shake({ clientCa }, { cert, key: "any" });
    assert.ok(!(served instanceof Error) && !(result instanceof Error) && result.trusted);
    assert.equal(served.chain.length, 1);
    const { subject, subjectAltName, sha256 } = served.chain[0]!;
    assert.deepEqual([subject, subjectAltName], ["CN=sensor-7", "DNS:sensor-7"]);
    assert.match(sha256, /^[0-9a-f]{64}$/);
    // One certificate looks the same from either side.
    const [, other] = await shake({ cert }, { ca: ["plant"], serverName: "sensor-7", alpnProtocols: ["a/1"] });
    assert.ok(!(other instanceof Error));
    assert.equal(other.chain[0]!.sha256, sha256);
  }
});

test("NET-23 shows no certificate in memory of a client that was asked for none", async () => {
  const [served] = await shake({}, { cert: memoryCertificate(CLIENT), key: "any" });
  assert.ok(!(served instanceof Error));
  assert.deepEqual(served.chain, []);
});

const TURNED_AWAY: readonly [who: string, cert: string | null, state: RegExp][] = [
  ["shows none", null, /showed no certificate/],
  ["shows one of another authority", memoryCertificate({ ...CLIENT, authority: "lab" }), /no authority that was named/],
  ["shows one that nobody signed", memoryCertificate({ ...CLIENT, authority: "" }), /no authority that was named/],
  [
    "shows one of an authority that is public only",
    memoryCertificate({ ...CLIENT, authority: "public" }),
    /no authority that was named/,
  ],
  ["shows one that has expired", memoryCertificate({ ...CLIENT, expired: true }), /has expired/],
  ["shows what is none", "-----BEGIN CERTIFICATE-----", /no authority that was named/],
];

for (const [who, cert, state] of TURNED_AWAY) {
  test(`NET-23 turns a client in memory away that ${who}, before a byte passes`, async () => {
    const [served, result] = await shake({ clientCa: ["plant", ""] }, { cert, key: cert === null ? null : "any" });
    assert.deepEqual([codeOf(served), codeOf(result)], ["TLS_HANDSHAKE", "TLS_HANDSHAKE"]);
    assert.match((served as Error).message, state);
  });
}

test("refuses a certificate that is none, with TLS_OPTIONS", async () => {
  const [served] = await shake({ cert: "-----BEGIN CERTIFICATE-----" });
  assert.equal(codeOf(served), "TLS_OPTIONS");
});

test("ends a handshake in memory when its signal fires, before or during it", async () => {
  const [before] = await shake({}, {}, AbortSignal.abort(new TypeError("mine")));
  assert.equal(codeOf(before), "NET_ABORTED");
  const net = new MemoryNetwork();
  const { client, server } = await ends(net);
  const controller = new AbortController();
  const serving = net.serveTls(grant, server, { identity: IDENTITY, signal: controller.signal });
  controller.abort(new TypeError("mine"));
  await assert.rejects(serving, { code: "NET_ABORTED" });
  assert.equal(await client.readChunk(), null);
});

const RUBBISH = [
  "GET / HTTP/1.1\r\n\r\n",
  "PARLEY-MEMORY-TLS null\n",
  "PARLEY-MEMORY-TLS {\n",
  "PARLEY-MEMORY-TLS 5\n",
];

test("fails with TLS_HANDSHAKE in memory on what is no greeting, and closes the link", async () => {
  for (const line of RUBBISH) {
    const net = new MemoryNetwork();
    const { client, server } = await ends(net);
    const serving = net.serveTls(grant, server, { identity: IDENTITY, signal });
    await client.write(new TextEncoder().encode(line));
    await assert.rejects(serving, { code: "TLS_HANDSHAKE" });
    await assert.rejects(server.readChunk(), { code: "NET_CLOSED" });
  }
});

test("takes what a greeting in memory has of the wrong type for what was not said", async () => {
  const net = new MemoryNetwork();
  const { client, server } = await ends(net);
  const identity = { ...IDENTITY, alpnProtocols: ["b/1"] };
  const serving = net.serveTls(grant, server, { identity, signal });
  const hello = { serverName: 5, alpnProtocols: { length: 1 }, cert: [] };
  await client.write(new TextEncoder().encode(`PARLEY-MEMORY-TLS ${JSON.stringify(hello)}\n`));
  const { serverName, alpnProtocol, chain } = await serving;
  assert.deepEqual([serverName, alpnProtocol, chain], [null, null, []]);
  const other = await ends(net);
  const terms: TlsTerms = { serverName: "mail.test", ca: ["lab"], alpnProtocols: [], cert: null, key: null };
  const securing = net.tls(grant, other.client, terms, { signal });
  await other.server.write(new TextEncoder().encode('PARLEY-MEMORY-TLS {"names":5}\n'));
  const result = await securing;
  assert.equal(result.trusted ? "trusted" : result.reason, "untrusted");
});
