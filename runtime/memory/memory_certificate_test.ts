import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { isSignedBy, memoryCertificate, readMemoryCertificate } from "./memory_certificate.ts";

test("writes a certificate in memory as a line that can be read again", () => {
  for (
    const identity of [
      { names: ["mail.test", "localhost"], authority: "public", expired: false },
      { names: [], authority: "", expired: false },
      { names: ["mail.test"], authority: "lab", expired: true },
    ]
  ) {
    assert.deepEqual(readMemoryCertificate(memoryCertificate(identity)), identity);
  }
  assert.equal(
    memoryCertificate({ names: ["a.example", "b.example"], authority: "public" }),
    "-----BEGIN CERTIFICATE-----\nmemory:names=a.example,b.example;authority=public\n-----END CERTIFICATE-----\n",
  );
});

test("reads a certificate in memory among other lines, with spaces, and without what it need not say", () => {
  assert.deepEqual(readMemoryCertificate("memory:names=a"), { names: ["a"], authority: "", expired: false });
  const text =
    "-----BEGIN CERTIFICATE-----\nmemory: names = a.example , b.example ; __proto__=x\n-----END CERTIFICATE-----";
  assert.deepEqual(readMemoryCertificate(text), { names: ["a.example", "b.example"], authority: "", expired: false });
});

test("refuses other text, and names that cannot be written", () => {
  for (const text of ["", "names=a", "-----BEGIN CERTIFICATE-----"]) {
    assert.throws(() => readMemoryCertificate(text), { code: "TLS_OPTIONS" });
  }
  for (const name of ["a,b", "a;b", "a\nb"]) {
    assert.throws(() => memoryCertificate({ names: [name], authority: "public" }), TypeError);
    assert.throws(() => memoryCertificate({ names: [], authority: name }), TypeError);
  }
});

test("takes for an authority its text, or a certificate in memory for its name", () => {
  const signed = { names: ["mail.test"], authority: "lab", expired: false };
  const lab = memoryCertificate({ names: ["root", "lab"], authority: "other" });
  assert.ok(isSignedBy(signed, ["other", "lab"]));
  assert.ok(isSignedBy(signed, [lab]));
  for (const authorities of [[], ["la", "public"], [memoryCertificate({ names: ["other"], authority: "lab" })]]) {
    assert.equal(isSignedBy(signed, authorities), false);
  }
  assert.equal(isSignedBy({ ...signed, authority: "" }, ["", lab]), false);
});
