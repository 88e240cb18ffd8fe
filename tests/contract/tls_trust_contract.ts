/** What every real back end must do where the far end is known by its key (CON-05), and with what only looks like a chain. */
import assert from "node:assert/strict";
import type { ByteLink, TlsResult, TlsTerms, TlsTrust } from "../../net/port.ts";
import { RUNTIME } from "../support/harness.ts";
import { forgedChain, spkiOf, version1Identity } from "../support/hostile_pki.ts";
import { type TestIdentity, testPki } from "../support/test_pki.ts";
import { impostorServer } from "./impostor_server.ts";
import { collect, echo, utf8 } from "./link_tools.ts";
import { rejectsWith } from "./net_contract.ts";
import type { Check } from "./tls_contract.ts";
import type { TlsServerOptions } from "./tls_server.ts";

const VERSIONS = ["TLSv1.2", "TLSv1.3"] as const;

/** Registers the tests. */
export function tlsTrustContract(check: Check): void {
  pinned(check);
  reported(check);
  impostors(check);
}

function trust(certificate: TlsTrust["certificate"], spkiSha256: string | null): Partial<TlsTerms> {
  return { trust: { certificate, spkiSha256 } };
}

async function answers(result: TlsResult): Promise<void> {
  assert.ok(result.trusted, result.trusted ? "" : `rejected: ${result.chainError}`);
  await result.link.write(utf8("hello"));
  assert.equal(new TextDecoder().decode((await result.link.readChunk())!), "hello");
}

function pinned(check: Check): void {
  for (const maxVersion of VERSIONS) {
    check(
      `CON-05 takes the key that is asked for, with its certificate verified (${maxVersion})`,
      async ({ shake }) => {
        const { server } = testPki();
        const { result } = await shake(echo, { maxVersion }, trust("required", spkiOf(server)));
        assert.ok(result.trusted && !result.problem);
        await answers(result);
      },
    );

    check(
      `CON-05 refuses a verified certificate of another key before any byte (${maxVersion})`,
      async ({ shake }) => {
        let heard = 0;
        const service = async (link: ByteLink): Promise<void> => void (heard = (await collect(link)).byteLength);
        const { result, below } = await shake(service, { maxVersion }, trust("required", spkiOf(testPki().stranger)));
        assert.ok(!result.trusted);
        assert.deepEqual([result.reason, result.chain[0]?.spkiSha256], ["key", spkiOf(testPki().server)]);
        await rejectsWith(Promise.resolve(below.write(utf8("plaintext"))), "NET_CLOSED");
        assert.equal(heard, 0);
      },
    );

    check(`CON-05 takes a key in place of the certificate, whatever is wrong with that (${maxVersion})`, async (at) => {
      const { stranger, expired, server } = testPki();
      const cases: [TestIdentity, Partial<TlsTerms>][] = [
        [stranger, {}],
        [expired, {}],
        [server, { serverName: "other.test" }],
        [server, { serverName: "127.0.0.2", ca: null }],
      ];
      for (const [identity, terms] of cases) {
        const { result } = await at.shake(echo, { identity, maxVersion }, {
          ...terms,
          ...trust("ignored", spkiOf(identity)),
        });
        await answers(result);
        const other = await at.shake(echo, { identity, maxVersion }, { ...terms, ...trust("ignored", "0".repeat(64)) });
        assert.ok(!other.result.trusted);
        assert.equal(other.result.reason, "key");
      }
    });
  }

  check("CON-05 a required key does not make up for a certificate that is not verified", async ({ shake }) => {
    const { stranger } = testPki();
    const { result } = await shake(echo, { identity: stranger }, trust("required", spkiOf(stranger)));
    assert.ok(!result.trusted);
    assert.equal(result.reason, "untrusted");
  });

  check("CORE-01 what Object.prototype says of trust is none of it", async ({ shake }) => {
    const identity = testPki().stranger;
    const polluted = Object.prototype as { trust?: TlsTrust };
    polluted.trust = { certificate: "ignored", spkiSha256: spkiOf(identity) };
    try {
      const { result } = await shake(echo, { identity });
      assert.ok(!result.trusted);
    } finally {
      delete polluted.trust;
    }
  });

  check("NET-23 makes a full handshake each time for a key, too", async ({ over, connect, serve }) => {
    for (const certificate of ["reported", "ignored"] as const) {
      const identity = testPki().stranger;
      const server = await serve(echo, { identity });
      for (let turn = 0; turn < 3; turn++) {
        const result = await over(await connect(server), trust(certificate, spkiOf(identity)));
        assert.ok(result.trusted && !result.resumed);
        await answers(result);
      }
      assert.deepEqual(server.seen.map((s) => s.resumed), [false, false, false]);
      // What was let through once is no reason to let it through where it has to verify.
      assert.ok(!(await over(await connect(server))).trusted);
    }
  });
}

function reported(check: Check): void {
  const reports = (
    title: string,
    { at, terms = {} }: { at: () => Partial<TlsServerOptions>; terms?: Partial<TlsTerms> },
    reason: string | null,
  ): void =>
    check(`CON-05 reports ${title}`, async ({ shake }) => {
      for (const maxVersion of VERSIONS) {
        const { result } = await shake(echo, { ...at(), maxVersion }, { ...terms, ...trust("reported", null) });
        assert.ok(result.trusted);
        assert.equal(result.problem?.reason ?? null, reason, result.problem?.chainError);
        const { cert } = at().identity ?? testPki().server;
        assert.equal(result.chain[0]?.spkiSha256, spkiOf({ cert }));
        await answers(result);
      }
    });
  reports("nothing for a certificate that verifies", { at: () => ({}) }, null);
  reports("a certificate of its own making", { at: () => ({ identity: testPki().stranger }) }, "untrusted");
  reports("an authority that is not known", { at: () => ({}), terms: { ca: null } }, "untrusted");
  reports("another name", { at: () => ({}), terms: { serverName: "other.test" } }, "name");
  reports("an expired certificate", { at: () => ({ identity: testPki().expired }) }, "expired");
  reports("a name in the common name only", { at: () => ({ identity: testPki().commonNameOnly }) }, "name");
}

function impostors(check: Check): void {
  for (const version of VERSIONS) {
    for (
      const [title, whose] of [["verified", "server"], ["self-signed", "stranger"], ["expired", "expired"]] as const
    ) {
      check(`CON-05 refuses whoever shows a ${title} certificate without its key (${version})`, async (at) => {
        const identity = testPki()[whose];
        const key = spkiOf(identity);
        const impostor = await at.keep(impostorServer(identity, version));
        const all = [
          {},
          trust("required", key),
          trust("reported", key),
          trust("reported", null),
          trust("ignored", key),
        ];
        for (const terms of all) await refused(at.over(await at.connect(impostor), terms));
        await impostor.shown(all.length);
        assert.equal(impostor.believed(), 0);
      });
    }
  }

  check("NET-06 rejects a chain that only names its authority, whatever version it is of", async ({ shake }) => {
    const identity = forgedChain(testPki().ca);
    for (const maxVersion of VERSIONS) {
      const { result } = await shake(echo, { identity, maxVersion });
      assert.ok(!result.trusted);
      assert.equal(result.reason, "untrusted", result.chainError);
      const reportedTo = await shake(echo, { identity, maxVersion }, trust("reported", null));
      assert.ok(reportedTo.result.trusted);
      assert.equal(reportedTo.result.problem?.reason, "untrusted");
    }
  });

  check("CON-05 takes the key of a version 1 certificate, or says that this runtime cannot", async (at) => {
    const identity = version1Identity();
    const key = spkiOf(identity);
    const server = await at.serve(echo, { identity });
    assert.ok(!(await at.over(await at.connect(server))).trusted);
    for (const certificate of ["reported", "ignored"] as const) {
      const attempt = at.over(await at.connect(server), trust(certificate, key));
      // Deno does not check the signature that proves possession of such a key.
      if (RUNTIME === "deno") await rejectsWith(attempt, "RUNTIME_UNSUPPORTED");
      else await answers(await attempt);
    }
    for (const version of VERSIONS) {
      const impostor = await at.keep(impostorServer(identity, version));
      for (const certificate of ["reported", "ignored"] as const) {
        await refused(at.over(await at.connect(impostor), trust(certificate, key)));
      }
    }
  });
}

/** A certificate without its key: the stacks differ in what they call that, and agree that it is the end. */
async function refused(attempt: Promise<TlsResult>): Promise<void> {
  const outcome = await attempt.then(
    (result) => result.trusted ? "trusted" : result.reason,
    (error: { readonly code?: string }) => error.code,
  );
  assert.ok(
    ["TLS_HANDSHAKE", "untrusted", "expired", "RUNTIME_UNSUPPORTED"].includes(String(outcome)),
    String(outcome),
  );
}
