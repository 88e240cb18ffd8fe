import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { escapeBytes, escapeMarkup, escapeText, heldBack, shellQuote } from "./escape.ts";

const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

test("CON-11 makes controls, bidi, ignorable, private and unassigned characters visible", () => {
  const points = [
    ...Array.from({ length: 0x20 }, (_, index) => index),
    ...Array.from({ length: 0x21 }, (_, index) => 0x7f + index),
    ...[0xad, 0x34f, 0x61c, 0x115f, 0x17b4, 0x180e, 0x200b, 0x200d, 0x200e, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060],
    ...[0x2066, 0x2069, 0x206f, 0x3164, 0xd800, 0xdfff, 0xe000, 0xfdd0, 0xfe0f, 0xfeff, 0xffa0, 0xfff9, 0xffff],
    ...[0x1bca0, 0x1d173, 0x1ffff, 0xe0001, 0xe0041, 0xe007f, 0xe0100, 0xf0000, 0x10ffff],
  ];
  for (const point of points) {
    assert.equal(escapeText(`a${String.fromCodePoint(point)}b`), `a\\u{${point.toString(16)}}b`, point.toString(16));
  }
});

test("CON-11 leaves text that only says what it says", () => {
  const text = "Grüße, 日本語 «مرحبا» नमस्ते 💩 C:\\temp \\x1b a\u0301 \u00a0~";
  assert.equal(escapeText(text), text);
});

test("CON-11 never shows two texts alike: a backslash that could begin an escape is one", () => {
  assert.equal(escapeText("\\u{1b}"), "\\u{5c}u{1b}");
  assert.equal(escapeText("\u001b"), "\\u{1b}");
  assert.equal(escapeText("\\\u001b"), "\\\\u{1b}");
  assert.equal(escapeText("\\u1b \\u"), "\\u1b \\u");
  assert.equal(escapeBytes(bytes(0x5c, 0x78, 0x66, 0x66, 0xff)), "\\u{5c}xff\\xff");
});

test("CON-11 keeps three combining marks on a base, and none without", () => {
  assert.equal(escapeText(`a${"\u0301".repeat(5)}b\u0301`), "a\u0301\u0301\u0301\\u{301}\\u{301}b\u0301");
  assert.equal(escapeText("\u0301a"), "\\u{301}a");
  assert.equal(escapeText("\u202e\u0301"), "\\u{202e}\\u{301}");
  assert.equal(escapeText("a\n\u0301", { newlines: "keep" }), "a\n\\u{301}");
  assert.equal(escapeText("a\u20e3"), "a\u20e3");
});

test("CON-11 keeps line ends only when asked, and never a lone carriage return", () => {
  assert.equal(escapeText("a\r\nb\nc\rd\te"), "a\\u{d}\\u{a}b\\u{a}c\\u{d}d\\u{9}e");
  assert.equal(escapeText("a\r\nb\nc\rd\r\r\ne", { newlines: "keep" }), "a\nb\nc\\u{d}d\\u{d}\ne");
});

test("CON-11 cuts long text in the middle and states its length", () => {
  assert.equal(escapeText("x".repeat(400)), "x".repeat(400));
  assert.equal(escapeText("x".repeat(401)), `${"x".repeat(200)} ...[401 characters in all]... ${"x".repeat(200)}`);
  assert.equal(escapeText("abcdefghij", { maxLength: 4 }), "ab ...[10 characters in all]... ij");
  assert.equal(escapeText("💩".repeat(500_000), { maxLength: 2 }), "💩 ...[500000 characters in all]... 💩");
  assert.equal(escapeText("\u001b".repeat(3), { maxLength: 12 }), "\\u{1b} ...[3 characters in all]... \\u{1b}");
  assert.equal(escapeText(`abc${"\u0301".repeat(3)}`, { maxLength: 4 }), "ab ...[6 characters in all]... ");
  assert.equal(escapeText("x".repeat(1000), { maxLength: Infinity }).length, 1000);
  for (const maxLength of [0, -1, NaN]) assert.throws(() => escapeText("a", { maxLength }), RangeError);
});

test("CON-11 cuts so that the limit holds for what is shown, not for what was given", () => {
  const shown = escapeText("\u{e0041}".repeat(1_000_000));
  assert.ok([...shown].length < 450, String(shown.length));
  assert.match(shown, /1000000 characters in all/);
});

test("CON-11 shows bytes of the other side as UTF-8, and each that is not as itself", () => {
  assert.equal(escapeBytes(new TextEncoder().encode("Grüße 日本 💩")), "Grüße 日本 💩");
  assert.equal(escapeBytes(bytes(0x1b, 0x5b, 0x32, 0x4a, 0x9b)), "\\u{1b}[2J\\x9b");
  assert.equal(escapeBytes(bytes(0xc2, 0x9b)), "\\u{9b}");
  const invalid: readonly number[][] = [[0x80], [0xc0, 0x80], [0xc1, 0xbf], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [
    0xe2,
    0x82,
  ]];
  for (
    const sequence of [...invalid, [0xf0, 0x80, 0x80, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80], [0xff], [0xc3]]
  ) {
    assert.equal(escapeBytes(bytes(...sequence)), sequence.map((byte) => `\\x${byte.toString(16)}`).join(""));
  }
  assert.equal(escapeBytes(bytes(0xe2, 0x41)), "\\xe2A");
  assert.equal(escapeBytes(bytes(0x61, 13, 10, 0x62), { newlines: "keep" }), "a\nb");
  assert.equal(escapeBytes(new Uint8Array(100_000).fill(0x78)).length, 100_000);
  assert.equal(escapeBytes(new Uint8Array(1000).fill(0x78), { maxLength: 2 }), "x ...[1000 bytes in all]... x");
});

test("CON-11 reads bytes at an offset in their buffer", () => {
  assert.equal(escapeBytes(bytes(0x61, 0x62, 0x63, 0x64).subarray(1, 3)), "bc");
});

test("CON-11 tells how much of a chunk to hold back for the next", () => {
  const table: readonly (readonly [number[], number])[] = [
    [[], 0],
    [[0x61], 0],
    [[0x61, 13], 1],
    [[13, 10], 0],
    [[0xc3], 1],
    [[0xc3, 0xa4], 0],
    [[0xe2, 0x82], 2],
    [[0xe2, 0x82, 0xac], 0],
    [[0xf0, 0x9f], 2],
    [[0xf0, 0x9f, 0x92], 3],
    [[0xf0, 0x9f, 0x92, 0xa9], 0],
    [[0x80, 0x80, 0x80, 0x80], 0],
    [[0xff], 0],
  ];
  for (const [values, count] of table) assert.equal(heldBack(bytes(...values)), count, String(values));
});

test("CON-11 escapes markup for notifications on top of everything else", () => {
  assert.equal(escapeMarkup(`<b>"a" & 'b'\u202e</b>`), "&lt;b&gt;&quot;a&quot; &amp; &#39;b&#39;\\u{202e}&lt;/b&gt;");
});

test("CON-11 quotes arguments for a shell where it must", () => {
  for (const text of ["mail.example.com:25", "a=b", "--ca", "/tmp/x_1.pem"]) assert.equal(shellQuote(text), text);
  assert.equal(shellQuote("tls://[::1]:993"), "'tls://[::1]:993'");
  assert.equal(shellQuote("a.example:1#spki=00"), "'a.example:1#spki=00'");
  assert.equal(shellQuote("it's $HOME `id` \\"), "'it'\\''s $HOME `id` \\'");
  assert.equal(shellQuote(""), "''");
  assert.equal(shellQuote("=ls"), "'=ls'");
  assert.equal(shellQuote("~root"), "'~root'");
  assert.equal(shellQuote("a\nb"), "'a\nb'");
});

test("CORE-01 escapes alike after Object.prototype was polluted", () => {
  const polluted = Object.prototype as Record<string, unknown>;
  try {
    polluted.newlines = "keep";
    polluted.maxLength = 2;
    assert.equal(escapeText("abc\n"), "abc\\u{a}");
  } finally {
    delete polluted.newlines;
    delete polluted.maxLength;
  }
});
