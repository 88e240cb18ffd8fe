import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { type LineDecoderOptions, LineDecoderStream } from "./line_decoder_stream.ts";

/** Text, or bytes as numbers. */
function lines(input: string | number[], options?: LineDecoderOptions): Promise<string[]> {
  const bytes = typeof input === "string" ? new TextEncoder().encode(input) : new Uint8Array(input);
  return Array.fromAsync(new Blob([bytes]).stream().pipeThrough(new LineDecoderStream(options)));
}

test("CORE-02 lines end with LF or CR LF, which are not part of them", async () => {
  assert.deepEqual(await lines("220-mail.example\r\n220 ready\r\n", { maxBytes: 512 }), [
    "220-mail.example",
    "220 ready",
  ]);
  assert.deepEqual(await lines("a\n\nb\r\n\r\n"), ["a", "", "b", ""]);
  assert.deepEqual(await lines(""), []);
  assert.deepEqual(await lines("\n"), [""]);
});

test("CORE-02 a carriage return elsewhere is part of the line", async () => {
  assert.deepEqual(await lines("a\rb\r\r\nc\r"), ["a\rb\r", "c\r"]);
});

test("CORE-02 allowCR takes a lone carriage return for a line end, at once, and CR LF for one", async () => {
  assert.deepEqual(await lines("a\rb\r\nc\n\rd\r", { allowCR: true }), ["a", "b", "c", "", "d"]);
  const { readable, writable } = new LineDecoderStream({ allowCR: true });
  const writer = writable.getWriter();
  const reader = readable.getReader();
  void writer.write(new TextEncoder().encode("prompt\r"));
  assert.equal((await reader.read()).value, "prompt");
  void writer.write(new TextEncoder().encode("\nnext\r"));
  assert.equal((await reader.read()).value, "next");
  void writer.write(new TextEncoder().encode("\n"));
  void writer.close();
  assert.equal((await reader.read()).done, true);
});

test("CORE-02 the last line needs no line end unless one is required", async () => {
  assert.deepEqual(await lines("a\nb"), ["a", "b"]);
  assert.deepEqual(await lines("a\n", { requireFinal: true }), ["a"]);
  await assert.rejects(lines("a\nb", { requireFinal: true }), { code: "DATA_TRUNCATED" });
});

test("CORE-02 a line may have maxBytes bytes, whatever its line end, and none more", async () => {
  const options = { maxBytes: 4 };
  for (const text of ["abcd\nx\n", "abcd\r\nx\n", "äö\r\nx\n", "\r\nabcd"]) await lines(text, options);
  for (const text of ["abcde\n", "abcd\r", "abcd\r\r\n", "äöü\r\n", "abcde", "x\nabcdef\r\n"]) {
    await assert.rejects(lines(text, options), { code: "DATA_TOO_LARGE", detail: { maxBytes: 4 } });
  }
  await lines("x".repeat(65_536));
  await assert.rejects(lines("x".repeat(65_537)), { code: "DATA_TOO_LARGE" });
});

test("CORE-02 a CR LF that a chunk cuts does not count as part of a line of maxBytes bytes", async () => {
  const { readable, writable } = new LineDecoderStream({ maxBytes: 4 });
  const writer = writable.getWriter();
  const reader = readable.getReader();
  for (const chunk of ["abcd", "\r", "\nabcd\r", "\n"]) void writer.write(new TextEncoder().encode(chunk));
  for (let line = 0; line < 2; line++) assert.equal((await reader.read()).value, "abcd");
  await writer.close();
});

test("CORE-02 a line fails with the first byte that is too many, without waiting for more", async () => {
  for (const chunk of ["abcde", "abcd\rx", "abcd\r\r"]) {
    const { readable, writable } = new LineDecoderStream({ maxBytes: 4 });
    const written = assert.rejects(writable.getWriter().write(new TextEncoder().encode(chunk)));
    await assert.rejects(readable.getReader().read(), { code: "DATA_TOO_LARGE" });
    await written;
  }
});

test("CORE-02 an endless line fails once it is too long, not at the end", async () => {
  let written = 0;
  const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      written += 1000;
      controller.enqueue(new Uint8Array(1000).fill(0x61));
    },
  }, { highWaterMark: 0 });
  const reader = endless.pipeThrough(new LineDecoderStream({ maxBytes: 10_000 })).getReader();
  await assert.rejects(reader.read(), { code: "DATA_TOO_LARGE" });
  assert.ok(written <= 13_000, `${written} bytes were taken`);
});

test("CORE-02 what is not UTF-8 becomes U+FFFD, and with fatal an error; a byte order mark stays", async () => {
  assert.deepEqual(await lines([0x61, 0xff, 0xc3, 10, 0x62, 10]), ["a\ufffd\ufffd", "b"]);
  await assert.rejects(lines([0x61, 0xff, 10], { fatal: true }), TypeError);
  for (const fatal of [true, false]) {
    assert.deepEqual(await lines("\ufeffa\n\ufeffb\nä€😀", { fatal }), ["\ufeffa", "\ufeffb", "ä€😀"]);
  }
});

test("CORE-02 refuses limits that are none, and other encodings", () => {
  for (const maxBytes of [0, -1, 1.5, NaN, Infinity, 2 ** 31, "9", null]) {
    assert.throws(() => new LineDecoderStream({ maxBytes } as never), RangeError);
  }
  assert.throws(() => new LineDecoderStream({ encoding: "latin1" } as never), TypeError);
  new LineDecoderStream({ encoding: "utf-8", maxBytes: 2 ** 31 - 1 });
});
