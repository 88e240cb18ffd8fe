import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../../tests/support/harness.ts";
import { Redactor } from "./redact.ts";
import { chunkOf, redacted, redactedTalk } from "./test_dialogue.ts";

test("CON-11 a word that a chunk cuts is hidden, and so is a URL: how they go on is not known", () => {
  assert.deepEqual(redactedTalk([">see hun", ">ter2 there\n", ">https://bob:p,x", ">@a.example/b c\n"]), [
    "see [hidden]",
    "ter2 there\n",
    "https://[hidden]",
    "@a.example/b c\n",
  ]);
});

const BINARY: Readonly<Record<string, readonly number[]>> = {
  "an MQTT CONNECT": [0x10, 0x1a, 0, 4],
  "a PostgreSQL password": [0x70, 0, 0, 0, 12],
  "a MySQL login": [0x54, 0, 0, 1],
  "an LDAP bind": [0x30, 0x2c, 2, 1, 1],
  "a SOCKS password": [1, 3, 0x62, 0x6f, 0x62],
  "a TLS handshake": [0x16, 3, 1],
  "an SSH key exchange": [0, 0, 1, 0x14],
  "a Telnet negotiation": [0xff, 0xfb, 1],
  "Latin-1": [0xe4, 0x62],
  "an escape sequence": [0x1b, 0x5b],
  "DEL": [0x7f],
  "a C1 control": [0xc2, 0x85],
};

for (const [name, bytes] of Object.entries(BINARY)) {
  test(`CON-11 nothing is shown of ${name}, nor of anything after it in either direction`, () => {
    const redactor = new Redactor();
    assert.equal(redacted(redactor, chunkOf(">hello\n")), "hello\n");
    assert.equal(redacted(redactor, { direction: ">", bytes: new Uint8Array([0x61, ...bytes]) }), "(not shown)");
    assert.equal(redacted(redactor, chunkOf(">hunter2\n")), "(not shown)");
    assert.equal(redacted(redactor, chunkOf("<Welcome\n")), "(not shown)");
  });
}

test("CON-11 a character that a chunk cuts is text, and one that never ends is none", () => {
  const redactor = new Redactor();
  const [first = 0, ...rest] = new TextEncoder().encode("€");
  assert.equal(redacted(redactor, { direction: "<", bytes: new Uint8Array([0x61, 0x20, first]) }), "a ");
  assert.equal(redacted(redactor, { direction: "<", bytes: new Uint8Array([...rest, 0x0a]) }), "€\n");
  assert.equal(redacted(redactor, { direction: "<", bytes: new Uint8Array([first]) }), "");
  assert.equal(redacted(redactor, { direction: "<", bytes: new Uint8Array([0x0a]) }), "(not shown)");
});

test("CON-11 what is past 4,096 characters of a line is hidden, and the next line is read anew", () => {
  const words = "word ".repeat(2000);
  const shown = redactedTalk([`>${words}\npassword=hunter2 x\n`, `>${words}`, ">more", "> words\nend\n"]);
  assert.equal(shown[0], `${"word ".repeat(819)}[hidden]\npassword=[hidden] x\n`);
  assert.deepEqual(shown.slice(2), ["[hidden]", "[hidden]\nend\n"]);
});

test("CON-11 what comes after the limit is judged, though it is not returned", () => {
  const redactor = new Redactor();
  const long = chunkOf(`>${"a ".repeat(20_000)}\nAUTH PLAIN\r\n`);
  assert.equal(redacted(redactor, { ...long, most: 4 }), "a a ...");
  assert.equal(redacted(redactor, chunkOf(">aHVudGVyMg==\r\n")), "[hidden]\r\n");
});

test("CON-11 the limit counts bytes, and does not cut characters", () => {
  const shown = (text: string, most: number): string => redacted(new Redactor(), { ...chunkOf(text), most });
  assert.equal(shown(">a€ä\u{1f600}b\n", 3), "a...");
  assert.equal(shown(">a€ä\u{1f600}b\n", 4), "a€...");
  assert.equal(shown(">a€ä\u{1f600}b\n", 6), "a€ä...");
  assert.equal(shown(">a€ä\u{1f600}b\n", 9), "a€ä...");
  assert.equal(shown(">a€ä\u{1f600}b\n", 10), "a€ä\u{1f600}...");
  assert.equal(shown(">abc\n", 4), "abc\n");
  assert.equal(shown(">abc\nde ", 4), "abc\n...");
  assert.equal(shown(">abc\nPASS x\n", 4), "abc\n...");
  assert.equal(shown(">abc PASS", 4), "abc ...");
});

test("CON-11 secrets behind the beginning of a huge chunk are known", () => {
  const redactor = new Redactor();
  const huge = chunkOf(`>${"x y\n".repeat(100_000)}a1 LOGIN bob hun`);
  assert.equal(redacted(redactor, { ...huge, most: 8 }), "x y\nx y\n...");
  assert.equal(redacted(redactor, chunkOf(">ter2\r\n")), "[hidden]\r\n");
});

/** What makes patterns that backtrack start over and over. */
const HOSTILE = 'pin |password |secret="\\|://|<|<pin|eyJ|-----BEGIN|ab:|a|AUTH |{1}|@x |token[|a.|\t|334 '.split("|");

test("CON-11 hostile lines do not hold up the log", () => {
  for (const unit of HOSTILE) {
    const line = unit.repeat(Math.ceil(4096 / unit.length));
    const start = performance.now();
    for (const end of ["\n", "!"]) {
      redacted(new Redactor(), { ...chunkOf(`>${`${line}${end}`.repeat(20)}`), most: 100_000 });
    }
    // A few milliseconds; quadratic time would be many seconds.
    assert.ok(performance.now() - start < 2000, unit);
  }
});

test("CON-11 any bytes in any chunks give text, or nothing, and never throw", () => {
  const text = fc.string({
    unit: fc.constantFrom("\r", "\n", " ", "AUTH", "334", "+", "{3}", '"', "pass", ":", "=", "€", "\ud83d\ude00", "x"),
    maxLength: 60,
  });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.boolean(), fc.oneof(text, fc.string())), { maxLength: 8 }),
      fc.nat(40),
      (chunks, most) => {
        const redactor = new Redactor();
        for (const [received, chunk] of chunks) {
          redactor.redact(new TextEncoder().encode(chunk), { direction: received ? "<" : ">", most });
        }
      },
    ),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
    new Redactor().redact(bytes, { direction: "<", most: 100 });
  }));
});
