import assert from "node:assert/strict";
import { makeDestination } from "../../core/destination.ts";
import { canonicalHost } from "../../core/host.ts";
import { ManualClock } from "../../core/manual_clock.ts";
import { connectDescriptor, type ProxyRoute, type TlsClaims } from "../../permissions/descriptor.ts";
import { type Grant, type GrantInit, mintGrant } from "../../permissions/grant.ts";
import { mainRequester } from "../../permissions/main_requester.ts";
import { NO_TERMS } from "../../permissions/policy.ts";
import type { PeerKeys } from "../../permissions/pins/peer_keys_port.ts";
import type { Requester } from "../../permissions/requester.ts";
import { memoryTlsServer } from "../../runtime/memory/memory_tls.ts";
import { MemoryNetwork } from "../../runtime/memory/net.ts";
import { test } from "../../tests/support/harness.ts";
import type { ByteLink, TlsTerms } from "../port.ts";
import { isGuarded } from "./cors_guard.ts";
import { CorsVerdicts, MAX_VERDICTS } from "./cors_guard_verdicts.ts";
import { createEngineHost, type EngineHost } from "./engine_host.ts";
import { openTcp, type OpenTcpOptions } from "./open_tcp.ts";
import { NO_TIMEOUTS } from "./timed_link.ts";

const ADDRESS = "93.184.215.14";
const PROGRAM = mainRequester("file:///home/me/main.ts", 1);
const CORS = "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: https://other.example\r\n\r\n";
const NO_CORS = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
const REFUSED = { code: "PERM_FETCH", message: /web\.example port 443: .*fetch\(\)/ };
const SILENT = { code: "PERM_FETCH", message: /did not say over HTTPS/ };

interface Wanted {
  readonly host?: string;
  readonly port?: number;
  readonly tls?: Partial<TlsClaims>;
  readonly via?: ProxyRoute;
  readonly given?: Partial<GrantInit>;
}

function grantFor({ host = "web.example", port = 443, tls, via, given }: Wanted = {}): Grant {
  const claims = { mode: "open", serverName: host, caSha256: null, clientCertSha256: null, required: true } as const;
  const destination = makeDestination({ scheme: "tcp", host: canonicalHost(host), port });
  return mintGrant({
    requester: PROGRAM,
    descriptor: connectDescriptor({
      destination,
      port,
      tls: tls === undefined ? null : { ...claims, ...tls },
      via: via ?? null,
    }),
    destination,
    lifetime: "once",
    source: "test",
    terms: NO_TERMS,
    signal: new AbortController().signal,
    connected: () => {},
    ...given,
  });
}

interface Scene {
  readonly host: EngineHost;
  readonly network: MemoryNetwork;
  readonly clock: ManualClock;
  /** What was said in each connection under TLS. */
  readonly asked: string[];
  /** Names that certificates are for. */
  readonly names: string[];
  open(wanted?: Wanted, options?: Partial<OpenTcpOptions>): ReturnType<typeof openTcp>;
}

/** A host that gives each TLS connection this answer, and plain ones none. */
function scene(answer: string | ((link: ByteLink) => Promise<void>), authority = "public"): Scene {
  const network = new MemoryNetwork();
  const clock = new ManualClock();
  const host = createEngineHost(network, clock);
  const asked: string[] = [];
  const names = ["web.example", "other.example", ADDRESS];
  network.addName("web.example", ADDRESS);
  network.listen({ address: ADDRESS, port: 443 }, async (link) => {
    const secure = await memoryTlsServer(link, { names, authority, alpnProtocols: ["http/1.1"] });
    asked.push(new TextDecoder().decode(await secure.readChunk() ?? undefined));
    if (typeof answer !== "string") return await answer(secure);
    await secure.write(new TextEncoder().encode(answer));
    await secure.readChunk();
  });
  const open: Scene["open"] = (wanted, options = {}) =>
    openTcp(host, grantFor(wanted), {
      signal: new AbortController().signal,
      connectTimeoutMs: 30_000,
      noDelay: false,
      keepAliveDelayMs: null,
      dnsQueryType: null,
      tls: null,
      via: null,
      timeouts: NO_TIMEOUTS,
      copyWrites: false,
      toFaceError: (error) => error,
      ...options,
    });
  return { host, network, clock, asked, names, open };
}

const connects = ({ network }: Scene): string[] => network.log.filter((line) => line.startsWith("connect"));

test("NET-12 RS-15 a connection to port 443 of a host that supports CORS is refused, with advice to use fetch()", async () => {
  const all = scene(CORS);
  await assert.rejects(all.open(), REFUSED);
  assert.deepEqual(connects(all), [`connect ${ADDRESS}:443`], "the program's own connection was opened");
  assert.deepEqual(all.asked.map((text) => text.split("\r\n").slice(0, 3)), [
    ["OPTIONS / HTTP/1.1", "Host: web.example", "Origin: null"],
  ]);
});

test("NET-12 an HTTP answer without the header lets through, to the address that was asked, looked up once", async () => {
  const all = scene(NO_CORS);
  all.network.addName("web.example", "9.9.9.9", ADDRESS);
  const connection = await all.open();
  assert.equal(connection.remote.address, ADDRESS);
  assert.deepEqual(all.network.log, [
    "resolve web.example",
    "connect 9.9.9.9:443",
    `connect ${ADDRESS}:443`,
    `connect ${ADDRESS}:443`,
  ]);
  await connection.close();
});

for (const port of [80, 8443, 444]) {
  test(`NET-12 port ${port} is not asked`, async () => {
    const all = scene(CORS);
    all.network.listen({ address: ADDRESS, port }, async (link) => void await link.readChunk());
    await (await all.open({ port })).close();
    assert.deepEqual([connects(all), all.asked], [[`connect ${ADDRESS}:${port}`], []]);
  });
}

test("NET-12 TLS from the first byte and TLS by an upgrade are no way around it", async () => {
  const tls: TlsTerms = { serverName: "web.example", ca: null, alpnProtocols: ["mqtt"], cert: null, key: null };
  const all = scene(CORS);
  await assert.rejects(all.open({ tls: { mode: "open" } }, { tls }), REFUSED);
  await assert.rejects(scene(CORS).open({ tls: { mode: "upgrade" } }), REFUSED);
});

test("NET-12 the host is asked under the approved TLS name, and by it: an address is no way around it", async () => {
  const all = scene(CORS);
  const tls: TlsTerms = { serverName: "other.example", ca: null, alpnProtocols: [], cert: null, key: null };
  const wanted = { host: ADDRESS, tls: { serverName: "other.example" } };
  await assert.rejects(all.open(wanted, { tls }), { code: "PERM_FETCH" });
  assert.match(all.asked[0] ?? "", /\r\nHost: other\.example\r\n/);
  await assert.rejects(scene(CORS).open({ host: ADDRESS }), {
    code: "PERM_FETCH",
    message: /93\.184\.215\.14 port 443/,
  });
});

test("NET-12 the certificate is judged by the terms of the approval: its own authorities, and no others", async () => {
  const ca = ["somebody"];
  const tls: TlsTerms = { serverName: "web.example", ca, alpnProtocols: [], cert: null, key: null };
  await assert.rejects(scene(NO_CORS, "somebody").open(), SILENT);
  await assert.rejects(scene(NO_CORS, "public").open({ tls: { caSha256: "00" } }, { tls }), SILENT);
  const own = scene(NO_CORS, "somebody");
  await (await own.open({ tls: { mode: "open", caSha256: "00" } }, { tls })).close();
  assert.equal(connects(own).length, 2);
  const upgrade = scene(NO_CORS, "somebody");
  await (await upgrade.open({ tls: { mode: "upgrade", caSha256: "00", required: false } }, { upgradeTls: tls }))
    .close();
});

test("NET-12 CON-05 a pinned key counts as it does for the program's own connection, and nobody is asked about another", async () => {
  let spkiSha256 = "";
  const learning = scene(NO_CORS, "somebody");
  const asked: string[] = [];
  const keys: PeerKeys = {
    pinned: () => spkiSha256 === "" ? null : { spkiSha256, replacesChecks: true },
    met: () => {},
    mismatch: (_grant, { seen }) => void asked.push(`mismatch ${seen?.spkiSha256.length}`),
    approve: (_grant, facts) => {
      asked.push("asked");
      spkiSha256 = facts.spkiSha256;
      return Promise.resolve(true);
    },
  };
  const trust = { certificate: "reported", spkiSha256: null } as const;
  const tls: TlsTerms = { serverName: "web.example", ca: null, alpnProtocols: [], cert: null, key: null, trust };
  await assert.rejects(learning.open({ tls: {} }, { tls, keys }), SILENT);
  assert.deepEqual(asked, [], "the guard has no time for a question");
  learning.network.listen({ address: ADDRESS, port: 993 }, async (link) => {
    const identity = { names: learning.names, authority: "somebody", alpnProtocols: ["http/1.1"] };
    await (await memoryTlsServer(link, identity)).readChunk();
  });
  await (await learning.open({ port: 993, tls: {} }, { tls, keys })).close();
  const pinned = scene(NO_CORS, "somebody");
  await (await pinned.open({ tls: {} }, { tls: { ...tls, trust: { ...trust, certificate: "required" } }, keys }))
    .close();
  assert.equal(connects(pinned).length, 2);
  spkiSha256 = "ab".repeat(32);
  await assert.rejects(scene(NO_CORS, "somebody").open({ tls: {} }, { tls, keys }), SILENT);
  assert.deepEqual(asked, ["asked", "mismatch 64"]);
});

test("NET-12 a web program is asked about by its own origin, and a local one has none", async () => {
  const all = scene(CORS);
  const remote: Requester = { ...PROGRAM, kind: "remote", origin: "https://site.example:8443" };
  const odd: Requester = { ...remote, origin: "https://site.example\r\nX: y" };
  for (const requester of [remote, odd, { ...PROGRAM, kind: "package", origin: "npm:x" } as Requester]) {
    await assert.rejects(all.open({ given: { requester } }), REFUSED);
  }
  const origins = all.asked.map((text) => /^Origin: (.*)\r$/m.exec(text)?.[1]);
  assert.deepEqual(origins, ["https://site.example:8443", "null"], "the last two share an answer");
});

test("NET-12 the operator's own commands and what a rule exempts are not asked about", async () => {
  for (
    const given of [
      { requester: { ...PROGRAM, role: "command" } },
      { terms: { addresses: [], skipCors: true } },
    ] as const
  ) {
    const all = scene(CORS);
    await (await all.open({ given })).close();
    assert.equal(connects(all).length, 1);
  }
  await assert.rejects(scene(CORS).open({ given: { terms: { addresses: [], skipCors: false } } }), REFUSED);
});

test("NET-12 CORE-01 a polluted prototype is no rule that exempts", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const names = { skipCors: true, terms: { skipCors: true }, role: "command" };
  Object.assign(prototype, names);
  try {
    assert.equal(isGuarded(grantFor()), true);
  } finally {
    for (const name of Object.keys(names)) delete prototype[name];
  }
});

for (
  const [title, answer, reason] of [
    ["does not speak HTTP", "220 mail.example ready\r\n", /does not speak HTTP/],
    ["ends the connection", (): Promise<void> => Promise.resolve(), /ended the connection/],
    ["says too much", `HTTP/1.1 200 OK\r\nX: ${"a".repeat(20_000)}`, /longer than/],
  ] as const
) {
  test(`NET-12 a host that ${title} is refused, and the operator told why and how to let programs through`, async () => {
    const all = scene(answer);
    await assert.rejects(all.open(), (error: Error) => {
      assert.match(error.message, reason);
      assert.match(error.message, /a rule with "fetchCheck": "skip" lets programs through$/);
      return true;
    });
    assert.equal(connects(all).length, 1);
  });
}

test("NET-12 a host that does not speak TLS, or has another name, is refused", async () => {
  const plain = scene(NO_CORS);
  plain.network.listen(
    { address: ADDRESS, port: 443 },
    (link) => link.write(new TextEncoder().encode("SSH-2.0-x\r\n")),
  );
  await assert.rejects(plain.open(), SILENT);
  const named = scene(NO_CORS);
  named.names.length = 0;
  await assert.rejects(named.open(), SILENT);
});

test("NET-12 a host that says nothing is refused after 5 s, and the connection to it broken off", async () => {
  const gone = Promise.withResolvers<string>();
  const all = scene(async (link) => {
    await link.readChunk().catch((error) => gone.resolve(error.code));
  });
  const refused = assert.rejects(all.open(), { code: "PERM_FETCH", message: /no answer in time/ });
  await all.clock.advance(4_999);
  assert.equal(all.asked.length, 1);
  await all.clock.advance(1);
  await refused;
  assert.equal(await gone.promise, "NET_RESET");
  assert.equal(all.clock.pendingTimers, 0);
});

test("NET-12 a host that nothing listens at is what it would be without the guard", async () => {
  const all = scene(CORS);
  all.network.unlisten({ address: ADDRESS, port: 443 });
  await assert.rejects(all.open(), { code: "NET_REFUSED" });
  all.network.listen({ address: ADDRESS, port: 443 }, async (link) => {
    await (await memoryTlsServer(link, { names: all.names, authority: "public" })).write(
      new TextEncoder().encode(CORS),
    );
  });
  await assert.rejects(all.open(), REFUSED);
});

test("NET-12 an answer holds for an hour, the lack of one for 30 s, each for one name, origin and way", async () => {
  const all = scene(CORS);
  await assert.rejects(all.open(), REFUSED);
  await all.clock.advance(3_599_999);
  await assert.rejects(all.open(), REFUSED);
  assert.equal(all.asked.length, 1);
  await all.clock.advance(1);
  await assert.rejects(all.open(), REFUSED);
  assert.equal(all.asked.length, 2);
  await assert.rejects(all.open({ host: ADDRESS }), { code: "PERM_FETCH" });
  assert.equal(all.asked.length, 3);
  const silent = scene("SSH-2.0-x\r\n");
  for (const [waitMs, asked] of [[0, 1], [29_999, 1], [1, 2]] as const) {
    await silent.clock.advance(waitMs);
    await assert.rejects(silent.open(), SILENT);
    assert.equal(silent.asked.length, asked);
  }
});

test("NET-12 a program that gives up, or whose permission is taken back, leaves no verdict and no connection behind", async () => {
  const all = scene(() => new Promise(() => {}));
  const breaker = new AbortController();
  const opening = all.open({}, { signal: breaker.signal });
  await all.clock.advance(0);
  breaker.abort(new TypeError("enough"));
  await assert.rejects(opening, (error: Error) => (error.cause as Error).message === "enough");
  assert.equal(all.clock.pendingTimers, 0);
  const timed = all.open({}, { connectTimeoutMs: 1_000 });
  const late = assert.rejects(timed, { code: "NET_TIMEOUT" });
  // A handshake takes as long as it takes.
  while (all.asked.length < 2) await all.clock.advance(0);
  await all.clock.advance(1_000);
  await late;
  assert.equal(all.asked.length, 2, "the first asked for nothing");
});

test("NET-12 NET-17 there is no verdict later than the moment of telling", async () => {
  const all = scene(() => new Promise(() => {}));
  const judging = new AbortController();
  const opening = all.open({}, { judging: judging.signal });
  await all.clock.advance(100);
  judging.abort();
  await assert.rejects(opening, SILENT);
  assert.equal(all.clock.pendingTimers, 0);
});

test("NET-12 NET-26 through a proxy the host is asked through the proxy", async () => {
  const all = scene(CORS);
  const proxy = makeDestination({ scheme: "tcp", host: canonicalHost("9.9.9.9"), port: 443 });
  const tunnels: string[] = [];
  all.network.listen({ address: "9.9.9.9", port: 443 }, async (link) => {
    tunnels.push(new TextDecoder().decode(await link.readChunk() ?? undefined).split("\r\n")[0] ?? "");
    await link.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    const secure = await memoryTlsServer(link, { names: all.names, authority: "public" });
    await secure.readChunk();
    await secure.write(new TextEncoder().encode(CORS));
  });
  const via: ProxyRoute = { protocol: "http", destination: proxy, remoteDns: false };
  const hop = { ...via, credentials: null, grant: grantFor({ host: "9.9.9.9" }) };
  await assert.rejects(all.open({ via }, { via: hop }), REFUSED);
  assert.deepEqual(tunnels, [`CONNECT ${ADDRESS}:443 HTTP/1.1`]);
  assert.deepEqual(connects(all), ["connect 9.9.9.9:443"]);
});

test("NET-12 no more than 1,000 verdicts are kept, the newest", () => {
  const verdicts = new CorsVerdicts(new ManualClock());
  const verdict = { refusal: null, isAnswer: true };
  for (let number = 0; number <= MAX_VERDICTS; number++) verdicts.keep(`host ${number}`, verdict);
  assert.equal(verdicts.size, MAX_VERDICTS);
  assert.deepEqual([verdicts.find("host 0"), verdicts.find("host 1")], [null, verdict]);
});
