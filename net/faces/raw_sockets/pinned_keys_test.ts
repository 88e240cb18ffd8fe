import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { KeyFixture, memoryKey } from "../../../tests/support/key_fixture.ts";
import type { Answer } from "../../../permissions/prompter.ts";
import type { ByteLink } from "../../port.ts";
import type { TLSOptions } from "../../tls_options.ts";
import type { TCPSocketOptions } from "./tcp_options.ts";
import type { TCPSocket } from "./tcp_socket.ts";

const DEVICE = { names: ["iot.local"], authority: "itself" };
const OTHER = { names: ["iot.local"], authority: "somebody" };
const TRUSTED = { names: ["iot.example"], authority: "public" };
const FAKE = { names: ["iot.example", "fake"], authority: "public" };
const AT: TCPSocketOptions = { remoteAddress: "iot.example", remotePort: 8883, secureTransport: "on" };
const ONCE: Answer = { kind: "allow", lifetime: "once", host: null };
const ALWAYS: Answer = { kind: "allow", lifetime: "always", host: null };
const NO: Answer = { kind: "deny", reason: "refused" };
const ASK: TLSOptions = { onUntrusted: "ask" };

/** Plaintext before TLS, as in SMTP. */
async function starttls(link: ByteLink): Promise<void> {
  await link.write(new TextEncoder().encode("220"));
  await link.read(new Uint8Array(8));
}

async function upgraded({ navigator }: KeyFixture, tls: TLSOptions): Promise<TCPSocket> {
  const socket = await navigator.openTCPSocket({ ...AT, secureTransport: "starttls", tls });
  const reader = socket.readable.getReader();
  await reader.read();
  reader.releaseLock();
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("STARTTLS"));
  writer.releaseLock();
  return await socket.startTls();
}

/** Both ways to TLS, with the same server and the same terms. */
const WAYS = [
  ["open", (at: KeyFixture, tls: TLSOptions) => at.navigator.openTCPSocket({ ...AT, tls })],
  ["startTls", upgraded],
] as const;

async function says(socket: TCPSocket, text: string): Promise<string> {
  const { value } = await socket.readable.getReader().read();
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  await writer.close();
  return new TextDecoder().decode(value);
}

async function fails(opening: Promise<TCPSocket>, code: string): Promise<void> {
  await assert.rejects(opening, (error: DOMException) => {
    const { name, cause } = error;
    assert.equal(name, "NetworkError");
    assert.equal((cause as { readonly code?: string }).code, code);
    if (code === "TLS_PIN") {
      assert.deepEqual((cause as { readonly detail?: object }).detail, {});
      assert.doesNotMatch(`${error.message} ${(cause as Error).message}`, /[0-9a-f]{16}/);
    }
    return true;
  });
}

for (const [way, open] of WAYS) {
  const fixture = (identity: typeof DEVICE, options: ConstructorParameters<typeof KeyFixture>[0] = {}): KeyFixture => {
    const at = new KeyFixture(options);
    at.serve(identity, way === "startTls" ? starttls : undefined);
    return at;
  };

  test(`CON-05 ${way}: what is not trusted is refused, and nobody is asked, unless the program wants that`, async () => {
    const at = fixture(DEVICE, { answers: [ALWAYS] });
    await fails(open(at, {}), "TLS_UNTRUSTED");
    await fails(open(at, { onUntrusted: "refuse" }), "TLS_UNTRUSTED");
    assert.deepEqual([at.questions.length, at.heard], [0, ""]);
  });

  test(`CON-05 ${way}: the operator is asked about the key, before any byte, and it holds once`, async () => {
    const at = fixture(DEVICE, { answers: [ONCE, NO] });
    at.meanwhile = () => assert.equal(at.heard, "");
    {
      await using socket = await open(at, ASK);
      assert.equal(socket.tlsInfo?.checkedBy, "pinned-key");
      assert.equal(await says(socket, "hello"), "ready");
    }
    const [question] = at.questions;
    assert.deepEqual(
      [question?.risk, question?.peerKey?.reason, question?.peerKey?.spkiSha256, question?.peerKey?.host],
      ["new-key", "untrusted", memoryKey(DEVICE), "iot.example"],
    );
    assert.deepEqual(question?.lifetimes, ["once", "always"]);
    at.heard = "";
    await fails(open(at, ASK), "TLS_UNTRUSTED");
    assert.deepEqual(at.store.list().pins, []);
    assert.equal(at.questions.length, 2);
  });

  test(`CON-05 ${way}: a pinned key is taken from then on without a question, and needs no option`, async () => {
    const at = fixture(DEVICE, { answers: [ALWAYS] });
    for (const tls of [ASK, ASK, {}]) {
      await using socket = await open(at, tls);
      assert.equal(socket.tlsInfo?.checkedBy, "pinned-key");
      assert.equal(await says(socket, "hello"), "ready");
    }
    assert.equal(at.questions.length, 1);
    const [pin] = at.store.list().pins;
    assert.deepEqual([pin?.host, pin?.port, pin?.replacesChecks], ["iot.example", 8883, true]);
    assert.match(at.reports.join("\n"), /NOT verified, known by its key/);
  });

  test(`CON-05 ${way}: another key than the pinned one is refused without a question, with both shown to the operator`, async () => {
    const at = fixture(DEVICE, { answers: [ALWAYS, ALWAYS, ALWAYS] });
    await (await open(at, ASK))[Symbol.asyncDispose]();
    for (const impostor of [OTHER, TRUSTED]) {
      at.serve(impostor, way === "startTls" ? starttls : undefined);
      await fails(open(at, ASK), "TLS_PIN");
      await fails(open(at, {}), "TLS_PIN");
    }
    assert.deepEqual([at.questions.length, at.heard], [1, ""]);
    const told = at.reports.join("\n");
    for (const identity of [DEVICE, OTHER, TRUSTED]) {
      assert.ok(told.includes(memoryKey(identity).match(/.{4}/g)!.join(" ")), told);
    }
    assert.match(told, /pinned \d{4}-\d\d-\d\d, last met \d{4}-\d\d-\d\d/);
    assert.match(told, /parley pins replace iot\.example:8883/);
  });

  test(`CON-05 ${way}: a key asked for adds to the certificate, and another with a good certificate is refused`, async () => {
    const spkiSha256 = memoryKey(TRUSTED);
    const at = fixture(TRUSTED);
    {
      await using socket = await open(at, { spkiSha256: spkiSha256.toUpperCase() });
      assert.equal(socket.tlsInfo?.checkedBy, "runtime-roots");
      assert.equal(await says(socket, "hello"), "ready");
    }
    at.heard = "";
    at.serve(FAKE, way === "startTls" ? starttls : undefined);
    await fails(open(at, { spkiSha256 }), "TLS_PIN");
    at.serve(DEVICE, way === "startTls" ? starttls : undefined);
    await fails(open(at, { spkiSha256: memoryKey(DEVICE) }), "TLS_UNTRUSTED");
    assert.deepEqual([at.questions.length, at.heard], [0, ""]);
  });

  test(`CON-05 ${way}: with nobody to ask a new key is refused, unless a rule names it`, async () => {
    const scheme = way === "open" ? "tls://" : "";
    const nobody = fixture(DEVICE, { allow: [`${scheme}iot.example:8883`] });
    await fails(open(nobody, ASK), "TLS_UNTRUSTED");
    assert.match(nobody.reports.join("\n"), new RegExp(memoryKey(DEVICE)));
    const named = fixture(DEVICE, { allow: [`${scheme}iot.example:8883#spki=${memoryKey(DEVICE)}`] });
    {
      await using socket = await open(named, ASK);
      assert.equal(await says(socket, "hello"), "ready");
    }
    assert.deepEqual([named.questions.length, named.store.list().pins.length], [0, 0]);
    // The program did not want it: a rule's key adds to the certificate, and replaces nothing.
    await fails(open(named, {}), "TLS_UNTRUSTED");
    named.serve(TRUSTED, way === "startTls" ? starttls : undefined);
    await fails(open(named, ASK), "TLS_PIN");
    await fails(open(named, {}), "TLS_PIN");
  });

  test(`CON-05 ${way}: a pin that cannot be read lets no key in`, async () => {
    const at = fixture(TRUSTED);
    at.records.files.set(at.records.nameOf("pin iot.example:8883"), { problem: "others can write it" });
    await fails(open(at, {}), "TLS_PIN");
    await fails(open(at, ASK), "TLS_PIN");
    assert.deepEqual([at.questions.length, at.heard], [0, ""]);
    assert.match(at.reports.join("\n"), /others can write it/);
    assert.match(at.reports.join("\n"), /parley pins remove iot\.example:8883/);
  });

  test(`CON-05 ${way}: a pin that holds in place of the certificate does not do so for the program's own authority`, async () => {
    const at = fixture(DEVICE, { answers: [ALWAYS] });
    await (await open(at, ASK))[Symbol.asyncDispose]();
    const ca = "-----BEGIN CERTIFICATE-----\nmemory:names=lab;authority=lab\n-----END CERTIFICATE-----";
    await fails(open(at, { ca }), "TLS_UNTRUSTED");
  });
}

test("CON-05 a question about a key outlives the time for connecting", async () => {
  const at = new KeyFixture({ answers: [ONCE] });
  at.serve(DEVICE);
  at.meanwhile = () => at.clock.advance(60_000);
  await using socket = await at.navigator.openTCPSocket({ ...AT, tls: ASK });
  assert.equal(await says(socket, "hello"), "ready");
});

test("CON-05 withdrawing the program's signal withdraws the question", async () => {
  const at = new KeyFixture({ answers: [ONCE] });
  at.serve(DEVICE);
  const controller = new AbortController();
  at.meanwhile = () => controller.abort();
  const opening = at.navigator.openTCPSocket({ ...AT, tls: ASK, signal: controller.signal });
  await assert.rejects(opening, { name: "AbortError" });
  assert.equal(at.heard, "");
});

test("CON-05 a destination with a key is not spoken to without TLS", async () => {
  const at = new KeyFixture({ allow: [`iot.example:8883#spki=${memoryKey(TRUSTED)}`] });
  at.serve(TRUSTED);
  await assert.rejects(at.navigator.openTCPSocket({ ...AT, secureTransport: "off" }), { name: "NotAllowedError" });
});

test("CON-05 a key that is none is a TypeError", async () => {
  const at = new KeyFixture();
  for (const tls of [{ spkiSha256: "ab" }, { spkiSha256: "zz".repeat(32) }, { onUntrusted: "trust" as "ask" }]) {
    await assert.rejects(at.navigator.openTCPSocket({ ...AT, tls }), TypeError);
  }
});
