/** What every real back end must do with TLS. */
import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import type { ByteLink, TlsResult, TlsSession, TlsTerms } from "../../net/port.ts";
import { test } from "../support/harness.ts";
import { testGrant } from "../support/test_grant.ts";
import { PKI_MISSING, testPki } from "../support/test_pki.ts";
import type { ContractHost, ContractServer, ContractService } from "./contract_host.ts";
import { collect, discard, echo, MeteredLink, patternBytes, pump, stalled, utf8 } from "./link_tools.ts";
import { connectOptions, rejectsWith } from "./net_contract.ts";
import { renegotiatingServer } from "./renegotiating_server.ts";
import { listenTls, type TlsContractServer, type TlsServerOptions } from "./tls_server.ts";
import { tlsTrustContract } from "./tls_trust_contract.ts";

const MIB = 1024 * 1024;

/** What a test of the suite works with. */
export interface Scene {
  readonly host: ContractHost;
  /** Connects without TLS. */
  connect(server: ContractServer): Promise<ByteLink>;
  /** Starts a TLS server, connects and makes the handshake. */
  shake(service: ContractService, at?: Partial<TlsServerOptions>, terms?: Partial<TlsTerms>): Promise<Shaken>;
  /** A handshake over a link. */
  over(link: ByteLink, terms?: Partial<TlsTerms>): Promise<TlsResult>;
  /** Starts a TLS server. */
  serve(service: ContractService, at?: Partial<TlsServerOptions>): Promise<TlsContractServer>;
  /** Stops it after the test. */
  keep<T extends ContractServer>(server: Promise<T>): Promise<T>;
}

interface Shaken {
  readonly result: TlsResult;
  readonly server: TlsContractServer;
  readonly below: ByteLink;
}

/** TLS terms with the test authority and mail.test. */
export function tlsTerms(terms: Partial<TlsTerms> = {}): TlsTerms {
  return { serverName: "mail.test", ca: [testPki().ca], alpnProtocols: [], cert: null, key: null, ...terms };
}

/** Registers one test. */
export type Check = (title: string, body: (scene: Scene) => Promise<void>) => void;

/** Registers the suite. */
export function tlsContract(name: string, makeHost: () => ContractHost): void {
  const check: Check = (title, body) =>
    test(`${name}: ${title}`, () => withScene(makeHost(), body), { skip: PKI_MISSING });
  verifying(check);
  negotiating(check);
  ending(check);
  flowing(check);
  resisting(check);
  tlsTrustContract(check);
}

async function withScene(host: ContractHost, body: (scene: Scene) => Promise<void>): Promise<void> {
  const servers: ContractServer[] = [];
  const links: ByteLink[] = [];
  const keep = async <T extends ContractServer>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  const connect = async ({ address, port }: ContractServer): Promise<ByteLink> => {
    const link = await host.net.connect(testGrant(), { address, port }, connectOptions());
    links.push(link);
    return link;
  };
  const over = async (link: ByteLink, terms: Partial<TlsTerms> = {}): Promise<TlsResult> => {
    const result = await host.net.tls(testGrant(), link, tlsTerms(terms), { signal: new AbortController().signal });
    if (result.trusted) links.push(result.link);
    return result;
  };
  const serve: Scene["serve"] = (service, at = {}) => keep(listenTls(service, { identity: testPki().server, ...at }));
  const shake: Scene["shake"] = async (service, at = {}, terms = {}) => {
    const server = await serve(service, at);
    const below = await connect(server);
    return { result: await over(below, terms), server, below };
  };
  try {
    await body({ host, connect, shake, over, serve, keep });
  } finally {
    for (const link of links) link.close();
    for (const server of servers) await server.stop();
  }
}

function session(result: TlsResult): TlsSession {
  assert.ok(result.trusted, result.trusted ? "" : `rejected: ${result.chainError}`);
  return result;
}

function verifying(check: Check): void {
  check("NET-06 trusts a certificate of the given authority and describes it", async ({ shake }) => {
    const { result, server, below } = await shake(echo);
    const { link, chain, protocol, resumed, alpnProtocol } = session(result);
    const [leaf] = chain;
    const known = new X509Certificate(testPki().server.cert);
    assert.equal(leaf!.sha256, known.fingerprint256.replaceAll(":", "").toLowerCase());
    assert.equal(createHash("sha256").update(leaf!.der).digest("hex"), leaf!.sha256);
    assert.equal(
      leaf!.spkiSha256,
      createHash("sha256").update(known.publicKey.export({ type: "spki", format: "der" })).digest("hex"),
    );
    assert.equal(leaf!.subject, "CN=mail.test");
    assert.equal(leaf!.issuer, "CN=Parley Test CA");
    assert.match(leaf!.subjectAltName, /DNS:mail\.test/);
    assert.equal(leaf!.validFromMs, Date.parse(known.validFrom));
    assert.equal(leaf!.validToMs, Date.parse(known.validTo));
    assert.deepEqual({ protocol, resumed, alpnProtocol }, { protocol: "TLSv1.3", resumed: false, alpnProtocol: null });
    assert.deepEqual(link.remote, below.remote);
    await link.write(utf8("through TLS"));
    assert.equal(new TextDecoder().decode((await link.readChunk())!), "through TLS");
    assert.deepEqual(server.seen.map((s) => s.serverName), ["mail.test"]);
  });

  const rejects = (
    title: string,
    at: () => Partial<TlsServerOptions>,
    terms: Partial<TlsTerms>,
    reason: string,
  ): void =>
    check(title, async ({ shake }) => {
      let heard = 0;
      const service = async (link: ByteLink): Promise<void> => void (heard = (await collect(link)).byteLength);
      const { result, below } = await shake(service, at(), terms);
      assert.ok(!result.trusted);
      assert.equal(result.reason, reason, result.chainError);
      await rejectsWith(Promise.resolve(below.write(utf8("plaintext"))), "NET_CLOSED");
      assert.equal(heard, 0);
    });
  rejects("NET-06 rejects a certificate of its own making", () => ({ identity: testPki().stranger }), {}, "untrusted");
  rejects("NET-06 rejects an authority that is not among the built-in ones", () => ({}), { ca: null }, "untrusted");
  rejects("NET-06 rejects another name", () => ({}), { serverName: "other.test" }, "name");
  rejects("NET-06 rejects another address", () => ({}), { serverName: "127.0.0.2" }, "name");
  rejects("NET-06 rejects an expired certificate", () => ({ identity: testPki().expired }), {}, "expired");
  rejects(
    "NET-06 rejects a name that stands in the common name only",
    () => ({ identity: testPki().commonNameOnly }),
    {},
    "name",
  );
  rejects("NET-06 rejects a client's certificate as a server's", () => ({ identity: testPki().client }), {
    serverName: "client",
  }, "untrusted");

  check("NET-06 checks an address against the certificate and sends no SNI for it", async ({ shake }) => {
    const { result, server } = await shake(echo, {}, { serverName: "127.0.0.1" });
    await session(result).link.write(utf8("x"));
    await session(result).link.readChunk();
    assert.deepEqual(server.seen.map((s) => s.serverName), [false]);
  });

  check("refuses certificates and keys that cannot be used, with TLS_OPTIONS", async ({ over, connect, keep }) => {
    const { client, server } = testPki();
    const bad: Partial<TlsTerms>[] = [
      { ca: ["garbage"] },
      { ca: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] },
      { cert: client.cert },
      { key: client.key },
      { cert: client.cert, key: server.key },
      { cert: client.cert, key: "garbage" },
      { cert: "garbage", key: client.key },
    ];
    const tls = await keep(listenTls(echo, { identity: server }));
    for (const terms of bad) {
      const link = await connect(tls);
      await rejectsWith(over(link, terms), "TLS_OPTIONS");
      await rejectsWith(link.readChunk(), "NET_CLOSED");
    }
  });
}

function negotiating(check: Check): void {
  check("NET-06 agrees on a protocol by ALPN", async ({ shake }) => {
    const { result } = await shake(echo, { alpnProtocols: ["b/1", "c/1"] }, { alpnProtocols: ["a/1", "b/1"] });
    assert.equal(session(result).alpnProtocol, "b/1");
  });

  check("NET-06 reports no protocol when the server knows no ALPN", async ({ shake }) => {
    const { result } = await shake(echo, {}, { alpnProtocols: ["a/1"] });
    assert.equal(session(result).alpnProtocol, null);
  });

  check("NET-06 shows a client certificate that the server demands", async ({ shake }) => {
    const { client, ca } = testPki();
    const { result, server } = await shake(echo, { clientCa: ca }, { cert: client.cert, key: client.key });
    await session(result).link.write(utf8("x"));
    assert.equal((await session(result).link.readChunk())!.byteLength, 1);
    assert.deepEqual(server.seen.map((s) => s.client), ["client"]);
  });

  check("speaks TLS 1.2", async ({ shake }) => {
    const { result } = await shake(echo, { maxVersion: "TLSv1.2" });
    assert.equal(session(result).protocol, "TLSv1.2");
  });

  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    check(
      `NET-23 makes a full handshake each time, though the server offers tickets (${maxVersion})`,
      async ({ over, connect, keep }) => {
        const server = await keep(listenTls(echo, { identity: testPki().server, maxVersion }));
        for (let i = 0; i < 3; i++) {
          const { link, resumed } = session(await over(await connect(server)));
          assert.equal(resumed, false);
          await link.write(utf8("x"));
          await link.readChunk();
          link.close();
        }
        assert.deepEqual(server.seen.map((s) => s.resumed), [false, false, false]);
      },
    );
  }

  check("makes a handshake over another TLS session", async ({ host, connect, over, keep }) => {
    const inner = await keep(listenTls(echo, { identity: testPki().server }));
    const outer = await keep(listenTls(async (front) => {
      const back = await host.net.connect(testGrant(), inner, connectOptions());
      await Promise.all([pump(front, back), pump(back, front)]).finally(() => back.close());
    }, { identity: testPki().server }));
    const first = session(await over(await connect(outer)));
    const { link } = session(await over(first.link));
    const sent = patternBytes(300_000);
    const sending = Promise.resolve(link.write(sent)).then(() => link.closeWrite());
    const got = await collect(link);
    await sending;
    assert.deepEqual(createHash("sha256").update(got).digest("hex"), createHash("sha256").update(sent).digest("hex"));
  });

  check("ends the handshake and the link below when its signal fires", async ({ host, connect, keep }) => {
    const server = await keep(host.listen(discard));
    const link = await connect(server);
    const controller = new AbortController();
    const attempt = host.net.tls(testGrant(), link, tlsTerms(), { signal: controller.signal });
    controller.abort();
    await rejectsWith(attempt, "NET_ABORTED");
    await rejectsWith(link.readChunk(), "NET_CLOSED");
  });

  check(
    "fails with TLS_HANDSHAKE when the other side hangs up in the handshake",
    async ({ host, connect, over, keep }) => {
      const server = await keep(host.listen(async (link) => void await link.readChunk()));
      const link = await connect(server);
      await rejectsWith(over(link), "TLS_HANDSHAKE");
      await rejectsWith(link.readChunk(), "NET_CLOSED");
    },
  );
}

function ending(check: Check): void {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    check(`NET-04 takes close_notify for the end, after everything was read (${maxVersion})`, async ({ shake }) => {
      const { result } = await shake(async (link) => {
        await link.write(patternBytes(100_000));
        await link.closeWrite();
        await discard(link);
      }, { maxVersion });
      assert.equal((await collect(session(result).link)).byteLength, 100_000);
      assert.equal(await session(result).link.readChunk(), null);
    });

    check(
      `tells a connection that was cut off from one that ended, with NET_RESET (${maxVersion})`,
      async ({ shake }) => {
        const { result, server } = await shake(async (link) => {
          await link.write(patternBytes(100_000));
          await discard(link);
        }, { maxVersion });
        const { link } = session(result);
        let got = 0;
        while (got < 50_000) got += (await link.readChunk())!.byteLength;
        server.cut();
        await rejectsWith(
          (async () => {
            while (await link.readChunk() !== null);
          })(),
          "NET_RESET",
        );
      },
    );
  }

  check("DS-33 ends its own side with close_notify and FIN, and goes on reading", async ({ connect, over, keep }) => {
    const server = await keep(listenTls(async (link) => {
      const heard = await collect(link);
      await link.write(utf8(`heard ${heard.byteLength}`));
      await link.closeWrite();
    }, { identity: testPki().server }));
    const below = new MeteredLink(await connect(server));
    const { link } = session(await over(below));
    await link.write(patternBytes(200_001));
    await link.closeWrite();
    assert.ok(below.writingEnded);
    assert.equal(new TextDecoder().decode(await collect(link)), "heard 200001");
    await rejectsWith(Promise.resolve(link.write(utf8("x"))), "NET_CLOSED");
  });

  check("DS-25 goes on writing after close_notify, where the runtime can", async ({ host, shake }) => {
    let heard = 0;
    const done = Promise.withResolvers<void>();
    const { result } = await shake(async (link) => {
      await link.closeWrite();
      heard = (await collect(link)).byteLength;
      done.resolve();
    });
    const { link } = session(result);
    assert.equal(await link.readChunk(), null);
    const writing = Promise.resolve(link.write(utf8("after the end"))).then(() => link.closeWrite());
    if (host.traits.writesAfterCloseNotify) {
      await writing;
      await done.promise;
      assert.equal(heard, 13);
    } else {
      await rejectsWith(writing, "NET_CLOSED");
    }
  });

  check("NET-04 closes the link below with it, and rejects what is pending", async ({ shake }) => {
    const { result, below } = await shake(discard);
    const { link } = session(result);
    const pending = rejectsWith(link.readChunk(), "NET_CLOSED");
    link.close();
    await pending;
    await rejectsWith(Promise.resolve(below.write(utf8("x"))), "NET_CLOSED");
    await rejectsWith(Promise.resolve(link.write(utf8("x"))), "NET_CLOSED");
  });
}

function flowing(check: Check): void {
  check("carries 4 MiB both ways at once, unharmed", async ({ shake }) => {
    const { result } = await shake(echo);
    const { link } = session(result);
    const sent = patternBytes(4 * MIB);
    const sending = (async () => {
      for (let at = 0; at < sent.byteLength; at += 100_000) await link.write(sent.subarray(at, at + 100_000));
      await link.closeWrite();
    })();
    const got = await collect(link);
    await sending;
    assert.equal(createHash("sha256").update(got).digest("hex"), createHash("sha256").update(sent).digest("hex"));
  });

  // Both tests look at the link below the TLS client, so that they do not depend on how the server's TLS buffers.
  check("NET-03 stops reading from the link below while nobody reads", async ({ connect, over, keep }) => {
    const total = 24 * MIB;
    const piece = patternBytes(256 * 1024);
    const server = await keep(listenTls(async (peer) => {
      for (let sent = 0; sent < total; sent += piece.byteLength) await peer.write(piece);
      await peer.closeWrite();
      await discard(peer);
    }, { identity: testPki().server }));
    const below = new MeteredLink(await connect(server));
    const { link } = session(await over(below));
    await stalled(() => below.bytesRead);
    assert.ok(below.bytesRead < 4 * MIB, `the client took ${below.bytesRead} bytes`);
    assert.ok(link.bufferedBytes <= 2 * MIB, `the link holds ${link.bufferedBytes} bytes`);
    let got = 0;
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) got += chunk.byteLength;
    assert.equal(got, total);
  });

  for (const kib of [255, 257, 300, 330, 400, 1000]) {
    check(`finds an end that arrived while nobody read (${kib} KiB)`, async ({ shake }) => {
      const { result } = await shake(async (peer) => {
        await peer.write(patternBytes(kib * 1024));
        await peer.closeWrite();
        await discard(peer);
      });
      const { link } = session(result);
      await stalled(() => link.bufferedBytes);
      assert.equal((await collect(link)).byteLength, kib * 1024);
    });
  }

  check(
    "NET-03 makes a writer wait while the link below takes nothing, then finishes",
    async ({ connect, over, keep }) => {
      const total = 24 * MIB;
      const counted = Promise.withResolvers<number>();
      const gate = Promise.withResolvers<void>();
      const server = await keep(listenTls(async (peer) => {
        let got = 0;
        // Not until the end: a TLS server under Deno never hears of an end that came while it was paused.
        while (got < total) got += (await peer.readChunk())!.byteLength;
        counted.resolve(got);
      }, { identity: testPki().server }));
      const { link } = session(await over(new MeteredLink(await connect(server), { after: MIB, open: gate.promise })));
      let written = 0;
      const piece = patternBytes(256 * 1024);
      const writing = (async () => {
        for (; written < total; written += piece.byteLength) await link.write(piece);
        await link.closeWrite();
      })();
      await stalled(() => written);
      assert.ok(written <= 2 * MIB, `the link took ${written} bytes`);
      gate.resolve();
      await writing;
      assert.equal(await counted.promise, total);
    },
  );
}

function resisting(check: Check): void {
  check(
    "NET-06 fails the handshake on plaintext that was injected before it",
    async ({ host, connect, over, keep }) => {
      const tls = await keep(listenTls(echo, { identity: testPki().server }));
      const server = await keep(host.listen(async (front) => {
        await front.write(utf8("220 go\r\nINJECTED\r\n"));
        const back = await host.net.connect(testGrant(), tls, connectOptions());
        await Promise.all([pump(front, back), pump(back, front)]).finally(() => back.close());
      }));
      const link = await connect(server);
      const greeting = new Uint8Array(8);
      for (let got = 0; got < 8;) got += await link.read(greeting.subarray(got));
      await rejectsWith(over(link), "TLS_HANDSHAKE");
    },
  );

  check("NET-23 refuses renegotiation", async ({ connect, over, keep }) => {
    const server = await keep(renegotiatingServer(testPki().server));
    const { link } = session(await over(await connect(server)));
    await link.write(utf8("ready\n"));
    await server.until("ready");
    server.renegotiate();
    await server.until("write hello request");
    // The client answers no_renegotiation or breaks the connection off; it never shakes hands again.
    const ended = discard(link).catch(() => {}).then(() => link.close());
    await server.until(/no renegotiation|CONNECTION CLOSED/);
    await ended;
    assert.equal(server.handshakes(), 1);
  });
}
