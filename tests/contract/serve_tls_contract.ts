/** What every real back end must do as the server of a TLS handshake. */
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ByteLink } from "../../net/port.ts";
import type { TlsIdentity } from "../../net/server_port.ts";
import { test } from "../support/harness.ts";
import { PKI_MISSING, type TestIdentity, testPki } from "../support/test_pki.ts";
import type { ContractHost } from "./contract_host.ts";
import { discard, patternBytes, stalled, utf8 } from "./link_tools.ts";
import { rejectsWith } from "./net_contract.ts";
import { serveTlsFlow } from "./serve_tls_flow_contract.ts";
import {
  codeOf,
  FLAGS,
  servedOf,
  type ServeTlsTraits,
  sessionOf,
  type TlsCheck,
  VERSIONS,
  withTlsScene,
} from "./serve_tls_scene.ts";
import { settledDescriptors } from "./server_contract.ts";

/** Registers the suite. */
export function serveTlsContract(name: string, makeHost: () => ContractHost, traits: ServeTlsTraits): void {
  const check: TlsCheck = (title, body) =>
    test(`${name} TLS server: ${title}`, () => withTlsScene(makeHost(), traits, body), { skip: PKI_MISSING });
  introducing(check);
  judging(check);
  forgetting(check);
  refusing(check);
  serveTlsFlow(check);
}

function introducing(check: TlsCheck): void {
  check("NET-22 shows its certificate, and says what was agreed on", async ({ shake }) => {
    const { served, result } = await shake();
    const { serverName, alpnProtocol, protocol, chain, link } = servedOf(served);
    assert.deepEqual({ serverName, alpnProtocol, protocol, chain }, {
      serverName: "mail.test",
      alpnProtocol: null,
      protocol: "TLSv1.3",
      chain: [],
    });
    const client = sessionOf(result);
    assert.deepEqual(link.remote, client.local);
    assert.deepEqual(link.local, client.remote);
    await client.write(utf8("through TLS"));
    assert.equal(new TextDecoder().decode((await link.readChunk())!), "through TLS");
    await link.write(utf8("and back"));
    assert.equal(new TextDecoder().decode((await client.readChunk())!), "and back");
  });

  check("reports no name when the client wants an address", async ({ shake }) => {
    const { served } = await shake({}, { serverName: "127.0.0.1" });
    assert.equal(servedOf(served).serverName, null);
  });

  check("WT-17 agrees by ALPN on the protocol that it likes best itself", async ({ shake }) => {
    const { served, result } = await shake({ alpnProtocols: ["b/1", "c/1"] }, { alpnProtocols: ["a/1", "c/1", "b/1"] });
    assert.equal(servedOf(served).alpnProtocol, "b/1");
    assert.equal(sessionOf(result) && (result as { alpnProtocol?: unknown }).alpnProtocol, "b/1");
  });

  check("WT-17 agrees on none with a client that offers none, or when it knows none", async ({ shake }) => {
    for (const [known, offered] of [[["b/1"], []], [[], ["b/1"]]] as const) {
      const { served, result } = await shake({ alpnProtocols: known }, { alpnProtocols: offered });
      sessionOf(result);
      assert.equal(servedOf(served).alpnProtocol, null);
    }
  });

  check("WT-17 refuses a client that offers only other protocols, and tells it why", async ({ shake, visit }) => {
    const { served, result } = await shake({ alpnProtocols: ["b/1"] }, { alpnProtocols: ["a/1"] });
    assert.equal(codeOf(served), "TLS_HANDSHAKE");
    assert.equal(codeOf(result), "TLS_HANDSHAKE");
    const visited = await visit({ identity: { alpnProtocols: ["b/1"] }, args: ["-alpn", "a/1"] });
    assert.equal(codeOf(visited.served), "TLS_HANDSHAKE");
    assert.match(visited.printed, /alert no application protocol/);
  });

  for (const version of VERSIONS) {
    check(`speaks ${version} with others`, async ({ visit }) => {
      const { served, printed } = await visit({ args: [FLAGS[version]] });
      assert.equal(servedOf(served).protocol, version);
      assert.match(printed, /served\n/);
    });
  }

  check("refuses TLS 1.1", async ({ visit }) => {
    const { served, printed } = await visit({ args: ["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"] });
    assert.equal(codeOf(served), "TLS_HANDSHAKE");
    assert.doesNotMatch(printed, /served\n/);
  });
}

function judging(check: TlsCheck): void {
  for (const version of VERSIONS) {
    check(`NET-23 verifies a client certificate and describes it (${version})`, async ({ visit }) => {
      const { client, ca } = testPki();
      const { served, printed } = await visit({ identity: { clientCa: [ca] }, client, args: [FLAGS[version]] });
      const [leaf] = servedOf(served).chain;
      assert.equal(leaf!.subject, "CN=client");
      assert.equal(leaf!.issuer, "CN=Parley Test CA");
      assert.equal(leaf!.sha256, new X509Certificate(client.cert).fingerprint256.replaceAll(":", "").toLowerCase());
      assert.match(printed, /served\n/);
    });
  }

  check("NET-23 takes a client of the same back end", async ({ shake }) => {
    const { client, ca } = testPki();
    const { served, result } = await shake({ clientCa: [ca] }, { cert: client.cert, key: client.key });
    await sessionOf(result).write(utf8("x"));
    assert.equal(servedOf(served).chain[0]!.subject, "CN=client");
    assert.equal((await servedOf(served).link.readChunk())!.byteLength, 1);
  });

  const turnsAway = (title: string, client: () => TestIdentity | undefined, ca: () => string): void => {
    for (const version of VERSIONS) {
      check(`NET-23 turns away ${title} before a byte passes, each time (${version})`, async ({ directory, visit }) => {
        const identity = client();
        const options = { identity: { clientCa: [ca()] }, ...(identity === undefined ? {} : { client: identity }) };
        // The second time with what it was given the first time: a session is no proof of anything.
        for (const session of ["-sess_out", "-sess_in"]) {
          if (session === "-sess_in" && !existsSync(join(directory, "session"))) continue;
          const args = [FLAGS[version], session, join(directory, "session")];
          const { served, printed } = await visit({ ...options, args });
          assert.equal(codeOf(served), "TLS_HANDSHAKE", session);
          assert.doesNotMatch(printed, /served\n/);
        }
      });
    }
  };
  turnsAway("a client without certificate", () => undefined, () => testPki().ca);
  turnsAway("a client that signed for itself", () => testPki().stranger, () => testPki().ca);
  turnsAway("an expired client", () => testPki().expired, () => testPki().ca);
  turnsAway("a client of another authority", () => testPki().client, () => testPki().stranger.cert);

  for (const version of VERSIONS) {
    check(
      `NET-23 takes no session from when nobody was asked for a certificate (${version})`,
      async ({ directory, visit }) => {
        const session = join(directory, "session");
        servedOf((await visit({ args: [FLAGS[version], "-sess_out", session] })).served);
        if (!existsSync(session)) return;
        const second = { identity: { clientCa: [testPki().ca] }, args: [FLAGS[version], "-sess_in", session] };
        const { served, printed } = await visit(second);
        assert.equal(codeOf(served), "TLS_HANDSHAKE");
        assert.doesNotMatch(printed, /served\n/);
      },
    );
  }

  check("tells a client of the same back end that it was turned away", async ({ shake }) => {
    const { stranger, ca } = testPki();
    const { served, result } = await shake({ clientCa: [ca] }, { cert: stranger.cert, key: stranger.key });
    assert.equal(codeOf(served), "TLS_HANDSHAKE");
    // With TLS 1.3 the client is done before it is judged, and learns of it when it reads.
    if (!(result instanceof Error)) await assert.rejects(sessionOf(result).readChunk());
  });

  check("refuses certificates and keys that cannot be used, with TLS_OPTIONS", async ({ plain, serve }) => {
    const { server, client } = testPki();
    const bad: Partial<TlsIdentity>[] = [
      { cert: "garbage" },
      { key: "garbage" },
      { cert: "", key: "" },
      { key: client.key },
      { cert: server.key, key: server.cert },
      { clientCa: ["garbage"] },
      { clientCa: ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] },
      { alpnProtocols: ["x".repeat(256)] },
    ];
    for (const identity of bad) {
      const ends = await plain();
      await rejectsWith(serve(ends.server, identity), "TLS_OPTIONS");
      await rejectsWith(ends.server.readChunk(), "NET_CLOSED");
    }
  });
}

function forgetting(check: TlsCheck): void {
  for (const version of VERSIONS) {
    check(`NET-23 resumes no session, whatever tickets it gives (${version})`, async ({ directory, traits, visit }) => {
      const session = join(directory, "session");
      const first = await visit({ args: [FLAGS[version], "-sess_out", session] });
      servedOf(first.served);
      assert.equal(first.printed.includes("TLS session ticket"), traits.sendsTickets.includes(version), first.printed);
      // With TLS 1.3 there is no session without a ticket.
      if (!existsSync(session)) return;
      const second = await visit({ args: [FLAGS[version], "-sess_in", session] });
      if (traits.refusesTickets) return assert.equal(codeOf(second.served), "TLS_HANDSHAKE");
      servedOf(second.served);
      assert.match(second.printed, /^New, TLS/m);
      assert.doesNotMatch(second.printed, /^Reused, /m);
    });
  }

  check("NET-23 refuses renegotiation", async ({ visit }) => {
    const service = async (link: ByteLink): Promise<void> => {
      await link.write(utf8("served\n"));
      await discard(link);
    };
    const { printed } = await visit({ args: [FLAGS["TLSv1.2"]], answer: { to: "served", text: "R\n" }, service });
    assert.match(printed, /RENEGOTIATING[^]*no renegotiation/);
  });
}

/** What is no ClientHello. */
const RUBBISH: readonly [what: string, bytes: () => Uint8Array][] = [
  ["an HTTP request", () => utf8("GET / HTTP/1.1\r\nHost: mail.test\r\n\r\n")],
  ["a record longer than any", () => Uint8Array.of(22, 3, 1, 0xff, 0xff, 1)],
  ["bytes without meaning", () => patternBytes(1000)],
  ["a ClientHello of 16 MiB", () => {
    const record = new Uint8Array(5 + 16_384);
    record.set([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]);
    const flood = new Uint8Array(record.byteLength * 64);
    for (let at = 0; at < flood.byteLength; at += record.byteLength) {
      flood.set(at === 0 ? record : [22, 3, 1, 0x40, 0], at);
    }
    return flood;
  }],
];

function refusing(check: TlsCheck): void {
  for (const [what, bytes] of RUBBISH) {
    check(`fails with TLS_HANDSHAKE on ${what}, and closes the link`, async ({ plain, serve }) => {
      const { client, server } = await plain();
      const serving = rejectsWith(serve(server), "TLS_HANDSHAKE");
      await Promise.resolve(client.write(bytes())).catch(() => {});
      await serving;
      await rejectsWith(server.readChunk(), "NET_CLOSED");
    });
  }

  check("fails when the client hangs up, and closes the link", async ({ plain, serve }) => {
    for (const how of ["close", "reset"] as const) {
      const { client, server } = await plain();
      client[how]();
      const error = await serve(server).then(() => null, (error) => error);
      assert.ok(["TLS_HANDSHAKE", "NET_RESET"].includes(codeOf(error)), codeOf(error));
      await rejectsWith(server.readChunk(), "NET_CLOSED");
    }
  });

  check("waits for a silent client until its signal fires, and then closes the link", async ({ plain, serve }) => {
    const { client, server } = await plain();
    const controller = new AbortController();
    const reason = new TypeError("mine");
    const serving = serve(server, {}, controller.signal);
    const outcome = serving.then(() => "served", (error) => error);
    let settled = false;
    void outcome.then(() => settled = true);
    await stalled(() => Number(settled));
    assert.ok(!settled);
    controller.abort(reason);
    await rejectsWith(serving, "NET_ABORTED");
    assert.equal((await outcome).cause, reason);
    await rejectsWith(server.readChunk(), "NET_CLOSED");
    assert.equal(await client.readChunk(), null);
  });

  check("does not begin when its signal has fired already", async ({ plain, serve }) => {
    const { client, server } = await plain();
    await rejectsWith(serve(server, {}, AbortSignal.abort(new TypeError("before"))), "NET_ABORTED");
    await rejectsWith(server.readChunk(), "NET_CLOSED");
    assert.equal(await client.readChunk(), null);
  });

  check("does not mind a signal that fires after the handshake", async ({ plain, serve, secure }) => {
    const { client, server } = await plain();
    const controller = new AbortController();
    const [served, result] = await Promise.all([serve(server, {}, controller.signal), secure(client)]);
    controller.abort();
    await sessionOf(result).write(utf8("still here"));
    assert.equal((await served.link.readChunk())!.byteLength, 10);
  });

  check(
    "NET-04 leaves no descriptor behind after 20 handshakes, half of them failed",
    async ({ plain, shake, serve }) => {
      const once = async (): Promise<void> => {
        const { served, result } = await shake();
        servedOf(served).link.close();
        sessionOf(result).close();
        const { client, server } = await plain();
        await client.write(utf8("rubbish rubbish"));
        await rejectsWith(serve(server), "TLS_HANDSHAKE");
        client.close();
      };
      await once();
      const before = await settledDescriptors();
      for (let i = 0; i < 10; i++) await once();
      const after = await settledDescriptors();
      assert.ok(after <= before + 2, `${before} descriptors before, ${after} after`);
    },
  );
}
