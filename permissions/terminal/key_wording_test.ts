import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import type { PeerKeyFacts } from "../pins/peer_key_facts.ts";
import { advanceQuestion, ARM_DELAY_MS, type QuestionState, startQuestion } from "./model.ts";
import { testQuestion } from "./test_question.ts";
import { typedLifetime } from "./typed_lifetime.ts";
import { drawEcho, drawPages, drawQuestion } from "./view.ts";

const SPKI = "0123456789abcdef".repeat(4);
const FACTS: PeerKeyFacts = {
  host: "printer.example",
  port: 631,
  reason: "untrusted",
  chainError: "DEPTH_ZERO_SELF_SIGNED_CERT",
  subject: "O=Printers\nCN=printer\x1b[2J",
  issuer: "O=Printers\nCN=printer\x1b[2J",
  subjectAltName: "DNS:printer.example",
  validFromMs: Date.UTC(2025, 0, 2),
  validToMs: Date.UTC(2035, 0, 2),
  certSha256: "ab".repeat(32),
  spkiSha256: SPKI,
};

function asked(facts: Partial<PeerKeyFacts> = {}): QuestionState {
  const peerKey = { ...FACTS, ...facts };
  return startQuestion(
    testQuestion({ host: "printer.example", port: 631, tls: {}, lifetimes: ["once", "always"], peerKey }),
    "kiwi",
  );
}

function draw(state: QuestionState): string {
  return drawQuestion(state, { style: { color: false, ascii: false, plain: false }, columns: 80, rows: 24 });
}

function answered(text: string): QuestionState {
  const drawn = advanceQuestion(asked(), { kind: "drawn", atMs: 0 });
  const armed = advanceQuestion(drawn, { kind: "armed", atMs: ARM_DELAY_MS, discarded: false });
  return advanceQuestion(armed, { kind: "line", atMs: 5_000, text, cut: false, more: false });
}

function outcome(text: string): string | null {
  const { answer, cause } = answered(text);
  return answer?.kind === "allow" ? answer.lifetime : cause;
}

test("CON-05 a question about a key shows host, port, reason, subject, issuer, dates and the fingerprint in groups", () => {
  const text = draw(asked()).replace(/\s+/g, " ");
  for (
    const part of [
      "main.ts wants to trust the key of printer.example:631, for which nobody vouches.",
      "Its certificate comes from nobody that this computer trusts.",
      "The TLS library says: DEPTH_ZERO_SELF_SIGNED_CERT.",
      "It calls itself O=Printers, CN=printer\\u{1b}[2J",
      "Signed by itself",
      "For DNS:printer.example",
      "Valid from 2025-01-02 to 2035-01-02",
      "0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567 89ab cdef 0123 4567 89ab cdef",
      "CAUTION Nobody vouches for this key.",
      "type the word, or the whole fingerprint in its place.",
      "kiwi Yes, this one connection kiwi a Yes, always: from now on printer.example:631 must have this key",
    ]
  ) assert.ok(text.includes(part), part);
  assert.match(draw(asked({ reason: "name", issuer: "CN=Some CA" })), /for another name\.[^]*Signed by CN=Some CA/);
  assert.match(draw(asked({ reason: "expired", validToMs: NaN })), /not valid today[^]*to an unknown day/);
});

test("CON-05 the word or the whole fingerprint answers it, and nothing else does", () => {
  const grouped = SPKI.match(/.{4}/g)?.join(" ") ?? "";
  assert.equal(outcome("kiwi"), "once");
  assert.equal(outcome("kiwi a"), "always");
  for (const typed of [SPKI, SPKI.toUpperCase(), grouped, grouped.replaceAll(" ", ":"), `SHA256:${SPKI}`]) {
    assert.equal(outcome(typed), "once", typed);
    assert.equal(outcome(`${typed} a`), "always", typed);
  }
  assert.equal(outcome("kiwi r"), "not-offered");
  assert.equal(outcome("y"), "key-for-word");
  assert.equal(outcome(""), "enter");
  assert.equal(outcome(SPKI.replace("0", "1")), "wrong-fingerprint");
  assert.equal(outcome(`${"ab".repeat(32)} a`), "wrong-fingerprint");
  for (const typed of [SPKI.slice(0, -1), `${SPKI}0`, SPKI.slice(0, 8), `${SPKI} r`, `${SPKI} b`]) {
    assert.equal(outcome(typed), "wrong-word", typed);
  }
});

test("CON-05 where no key is asked about a fingerprint is no answer", () => {
  assert.equal(typedLifetime(SPKI, { word: "kiwi", fingerprint: null }), null);
});

test("CON-05 a key question takes the word even if whoever asks calls it harmless", () => {
  assert.equal(asked().risk, "new-key");
});

test("CON-05 the echo of a pinned key says how to remove it, and ? shows the certificate in full", () => {
  const canvas = { style: { color: false, ascii: false, plain: false }, columns: 80, rows: 60 };
  assert.match(drawEcho(answered("kiwi a"), canvas), /To take it back: parley pins remove printer\.example:631/);
  assert.match(drawEcho(answered(SPKI.replace("0", "1")), canvas), /that is the fingerprint of\s+another key/);
  const values = drawPages(asked(), canvas).join("").replace(/\s+/g, " ");
  assert.match(values, new RegExp(`the key's SHA-256 \\(SPKI\\) ${SPKI}`));
  assert.match(values, /the certificate's subject O=Printers\\u\{a\}CN=printer/);
});
