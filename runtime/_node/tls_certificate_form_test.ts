import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";
import { test } from "../../tests/support/harness.ts";
import { forgedChain, version1Identity } from "../../tests/support/hostile_pki.ts";
import { PKI_MISSING, testPki } from "../../tests/support/test_pki.ts";
import { chainIsSound } from "./tls_chain_check.ts";
import { readCertificateForm } from "./tls_certificate_form.ts";

const options = { skip: PKI_MISSING };

function derOf(pem: string): Uint8Array {
  return new Uint8Array(new X509Certificate(pem).raw);
}

/** A certificate with other bytes in place of some, of the same length. */
function altered(der: Uint8Array, from: string, to: string): Uint8Array {
  const hex = Buffer.from(der).toString("hex");
  assert.ok(hex.includes(from), from);
  return Buffer.from(hex.replace(from, to), "hex");
}

/** What `getPeerCertificate(true)` gives. */
function presented(...pems: string[]): Parameters<typeof chainIsSound>[0] {
  const [first = "", ...rest] = pems;
  const certificate = { raw: new X509Certificate(first).raw } as Parameters<typeof chainIsSound>[0];
  if (rest.length > 0) certificate.issuerCertificate = presented(...rest);
  return certificate;
}

const each = (pem: string): string[] => pem.match(/-----BEGIN[\s\S]*?END CERTIFICATE-----/g) ?? [];

test("NET-06 every certificate that the runtime trusts is of the form", () => {
  for (const pem of rootCertificates) assert.equal(readCertificateForm(derOf(pem))?.isAuthority, true, pem);
});

test("NET-06 a certificate of the form tells issuer, subject and whether it may sign", () => {
  const { ca, server, client } = testPki();
  const [authority, leaf] = [readCertificateForm(derOf(ca)), readCertificateForm(derOf(server.cert))];
  assert.ok(authority !== null && leaf !== null && readCertificateForm(derOf(client.cert)) !== null);
  assert.deepEqual([authority.isAuthority, leaf.isAuthority], [true, false]);
  assert.deepEqual(leaf.issuer, authority.subject);
}, options);

test("NET-06 what one verifier reads and another does not is not of the form", () => {
  const der = derOf(testPki().server.cert);
  const year = Buffer.from(String(new Date().getUTCFullYear()).slice(2)).toString("hex");
  const bad: [string, Uint8Array][] = [
    ["version 1", derOf(version1Identity().cert)],
    ["version 2", altered(der, "a003020102", "a003020101")],
    ["version 4", altered(der, "a003020102", "a003020103")],
    ["more after its end", Buffer.concat([der, Buffer.from([0])])],
    ["cut off", der.subarray(0, -1)],
    ["nothing", new Uint8Array()],
    ["a year before 1970", altered(der, `170d${year}`, "170d3639")],
    [
      "a thirteenth month",
      altered(der, `170d${year}`, `170d${year}`).map((b, i, all) => {
        const at = Buffer.from(all).indexOf(Buffer.from(`170d${year}`, "hex"));
        return i === at + 4 ? 0x31 : i === at + 5 ? 0x33 : b;
      }),
    ],
    ["an address of no length", altered(der, "87047f000001", "86047f000001").map((b) => b === 0x86 ? 0x8f : b)],
    ["unused bits in its signature", altered(der, "034200", "034201")],
    ["an endless length", altered(der, "3082", "3080")],
  ];
  for (const [title, bytes] of bad) assert.equal(readCertificateForm(bytes), null, title);
}, options);

test("NET-06 random bytes are never of the form, and never throw", () => {
  const der = derOf(testPki().server.cert);
  for (let at = 0; at < der.byteLength; at++) {
    for (const value of [0x00, 0x7f, 0x80, 0xff]) {
      const bytes = new Uint8Array(der);
      bytes[at] = value;
      readCertificateForm(bytes);
      readCertificateForm(bytes.subarray(at));
    }
  }
}, options);

test("NET-06 a chain is sound when signatures lead to a root, and every certificate can be read", () => {
  const { ca, server, stranger } = testPki();
  assert.ok(chainIsSound(presented(server.cert), [ca]));
  assert.ok(chainIsSound(presented(server.cert, ca), [ca]));
  assert.ok(chainIsSound(presented(stranger.cert), [stranger.cert]));
  assert.ok(!chainIsSound(presented(stranger.cert), [ca]));
  assert.ok(!chainIsSound(presented(server.cert), [stranger.cert]));
  assert.ok(!chainIsSound(presented(server.cert), []));
  const forged = each(forgedChain(ca).cert);
  assert.equal(forged.length, 2);
  for (const roots of [[ca], undefined]) assert.ok(!chainIsSound(presented(...forged), roots));
  // Behind a repetition, too.
  const [leaf = "", middle = ""] = forged;
  assert.ok(!chainIsSound(presented(leaf, leaf, ca, ca, middle), undefined));
  assert.ok(!chainIsSound(presented(...Array.from({ length: 17 }, () => server.cert)), [ca]));
}, options);
