import assert from "node:assert/strict";
import { createHash, X509Certificate } from "node:crypto";
import type { DetailedPeerCertificate } from "node:tls";
import { test } from "../../tests/support/harness.ts";
import { PKI_MISSING, testPki } from "../../tests/support/test_pki.ts";
import { certificateChain, certificateNames } from "./peer_certificate.ts";

function native(pem: string, issuer?: DetailedPeerCertificate): DetailedPeerCertificate {
  return { raw: new X509Certificate(pem).raw, issuerCertificate: issuer } as unknown as DetailedPeerCertificate;
}

const options = { skip: PKI_MISSING };

test("a name counts only when the subjectAltName holds it", () => {
  const { server, commonNameOnly } = testPki();
  assert.ok(certificateNames(native(server.cert), "mail.test"));
  assert.ok(certificateNames(native(server.cert), "127.0.0.1"));
  for (const name of ["other.test", "mail.test.evil", "test", "", "127.0.0.2", "::1"]) {
    assert.ok(!certificateNames(native(server.cert), name), name);
  }
  assert.ok(!certificateNames(native(commonNameOnly.cert), "mail.test"));
  assert.ok(!certificateNames(undefined, "mail.test"));
  assert.ok(!certificateNames({} as DetailedPeerCertificate, "mail.test"));
}, options);

test("a chain is described from its DER, and a root that is its own issuer ends it", () => {
  const { server, ca } = testPki();
  const root = native(ca);
  root.issuerCertificate = root;
  const chain = certificateChain(native(server.cert, root));
  assert.deepEqual(chain.map((certificate) => certificate.subject), ["CN=mail.test", "CN=Parley Test CA"]);
  assert.equal(chain[0]!.sha256, createHash("sha256").update(new X509Certificate(server.cert).raw).digest("hex"));
  assert.ok(chain[0]!.validFromMs < chain[0]!.validToMs);
}, options);

test("a chain that goes round in new objects for ever is cut", () => {
  const { server, ca } = testPki();
  const endless = (turn: number): DetailedPeerCertificate =>
    ({
      raw: new X509Certificate(turn % 2 === 0 ? server.cert : ca).raw,
      get issuerCertificate() {
        return endless(turn + 1);
      },
    }) as unknown as DetailedPeerCertificate;
  assert.equal(certificateChain(endless(0)).length, 2);
}, options);

test("no certificate is an empty chain", () => {
  assert.deepEqual(certificateChain(null), []);
  assert.deepEqual(certificateChain({} as DetailedPeerCertificate), []);
});
