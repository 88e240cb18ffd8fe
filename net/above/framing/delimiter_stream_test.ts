/** Both directions: what is written by one is read by the other. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../../tests/support/harness.ts";
import { type DelimiterDecoderOptions, DelimiterDecoderStream } from "./delimiter_decoder_stream.ts";
import { DelimiterEncoderStream } from "./delimiter_encoder_stream.ts";
import { DelimiterMatcher } from "./delimiter_matcher.ts";

const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

async function frames(chunks: readonly string[], options: DelimiterDecoderOptions): Promise<string[]> {
  const rest = chunks.values();
  const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      const { done, value } = rest.next();
      if (done) controller.close();
      else controller.enqueue(utf8(value));
    },
  });
  const found = await Array.fromAsync(source.pipeThrough(new DelimiterDecoderStream(options)));
  return found.map((frame) => new TextDecoder().decode(frame));
}

async function encoded(input: readonly (BufferSource | string)[], delimiter: string): Promise<string> {
  const encoder = new DelimiterEncoderStream({ delimiter });
  const writer = encoder.writable.getWriter();
  const chunks = input.map((frame) => typeof frame === "string" ? utf8(frame) : frame);
  const writing = Promise.allSettled([...chunks.map((frame) => writer.write(frame)), writer.close(), writer.closed]);
  try {
    return await new Response(encoder.readable).text();
  } finally {
    await writing;
  }
}

test("CORE-02 frames end where the delimiter begins, in one chunk or across several", async () => {
  assert.deepEqual(await frames(["one\0two\0"], { delimiter: "\0" }), ["one", "two"]);
  assert.deepEqual(await frames(["one\r", "\n.\r", "\ntwo\r\n.", "\r\n"], { delimiter: "\r\n.\r\n" }), ["one", "two"]);
  assert.deepEqual(await frames(["a--b-", "-", "--"], { delimiter: utf8("--") }), ["a", "b", ""]);
  assert.deepEqual(await frames([], { delimiter: "x" }), []);
});

test("CORE-02 each frame has memory of its own", async () => {
  const chunk = utf8("a;b;");
  const decoder = new DelimiterDecoderStream({ delimiter: ";" });
  void decoder.writable.getWriter().write(chunk);
  const reader = decoder.readable.getReader();
  for (let frame = 0; frame < 2; frame++) assert.equal((await reader.read()).value?.buffer.byteLength, 1);
});

test("CORE-02 a delimiter that begins within a failed one is found", async () => {
  assert.deepEqual(await frames(["xaab", "aaab"], { delimiter: "aab" }), ["x", "a"]);
  assert.deepEqual(await frames(["ababac", "ababaab", "abac"], { delimiter: "ababac" }), ["", "ababa"]);
  assert.deepEqual(await frames(["aaaaa"], { delimiter: "aa", requireFinal: false }), ["", "", "a"]);
});

test("CORE-02 the matcher finds what indexOf finds, in any pieces", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 60 });
  const delimiter = fc.string({ unit: fc.constantFrom("a", "b"), minLength: 1, maxLength: 6 });
  fc.assert(fc.property(text, delimiter, fc.nat(60), (input, wanted, cut) => {
    const matcher = new DelimiterMatcher(utf8(wanted));
    const at = input.indexOf(wanted);
    const bytes = utf8(input);
    const first = matcher.search(bytes.subarray(0, cut), 0);
    const second = first < 0 ? matcher.search(bytes.subarray(cut), 0) : -1;
    const end = first >= 0 ? first : second >= 0 ? Math.min(cut, bytes.length) + second : -1;
    assert.equal(end, at < 0 ? -1 : at + wanted.length);
  }));
});

test("CORE-02 hostile input is searched in linear time", () => {
  // Begins the delimiter anew at every byte: a naive search would take 8192 times as long.
  const delimiter = new Uint8Array(16_384).fill(0x61);
  delimiter[8192] = 0x62;
  const input = new Uint8Array(4 << 20).fill(0x61);
  const compared = { count: 0 };
  const counting = new Proxy(delimiter, {
    get(target, name) {
      if (typeof name === "string" && /^\d+$/.test(name)) compared.count++;
      return Reflect.get(target, name);
    },
  });
  const part = input.subarray(0, 1 << 16);
  new DelimiterMatcher(counting).search(part, 0);
  assert.ok(compared.count < 8 * (part.length + delimiter.length), `${compared.count} comparisons`);
  assert.equal(new DelimiterMatcher(delimiter).search(input, 0), -1);
});

test("CORE-02 a frame may have maxBytes bytes and none more, delimiters begun or not", async () => {
  const options = { delimiter: "--", maxBytes: 4 };
  assert.deepEqual(await frames(["abcd--", "ab-d-", "-"], options), ["abcd", "ab-d"]);
  for (const chunks of [["abcde--"], ["abcd-", "e"], ["abcde"], ["ab--abcd", "-x"]]) {
    await assert.rejects(frames(chunks, options), { code: "DATA_TOO_LARGE" });
  }
  await frames(["x".repeat(65_536), "\n"], { delimiter: "\n" });
  await assert.rejects(frames(["x".repeat(65_537)], { delimiter: "\n" }), { code: "DATA_TOO_LARGE" });
});

test("CORE-02 the end within a frame is an error, or a frame where that is allowed", async () => {
  const options = { delimiter: "--", maxBytes: 4 };
  for (const chunks of [["a"], ["a--b"], ["-"]]) {
    await assert.rejects(frames(chunks, options), { code: "DATA_TRUNCATED" });
  }
  assert.deepEqual(await frames(["a--b-"], { ...options, requireFinal: false }), ["a", "b-"]);
  assert.deepEqual(await frames(["a--"], { ...options, requireFinal: false }), ["a"]);
  await assert.rejects(frames(["abcd-"], { ...options, requireFinal: false }), { code: "DATA_TOO_LARGE" });
});

test("CORE-02 refuses to send a frame that would be cut before its end", async () => {
  assert.equal(await encoded(["one", "", "a\0".slice(0, 1)], "\0"), "one\0\0a\0");
  assert.equal(await encoded([utf8("xoney").subarray(1, 4)], "\n"), "one\n");
  for (const [frame, delimiter] of [["a\0b", "\0"], ["\0", "\0"], ["ba", "aa"], ["abab", "abac\0abab"]] as const) {
    const whole = (frame + delimiter).indexOf(delimiter) === frame.length;
    if (whole) assert.equal(await encoded([frame], delimiter), frame + delimiter);
    else await assert.rejects(encoded([frame], delimiter), TypeError);
  }
  await assert.rejects(encoded(["ba"], "aa"), TypeError);
  await assert.rejects(encoded([1 as never], "aa"), TypeError);
});

test("CORE-02 what is sent is received: any frame is refused or cut where it ends", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 4 }), text.filter((one) => one !== ""), async (input, delimiter) => {
      const sent = await encoded(input, delimiter).catch((error) => assert.ok(error instanceof TypeError));
      if (typeof sent === "string") assert.deepEqual(await frames([sent], { delimiter }), input);
      else assert.ok(input.some((frame) => (frame + delimiter).indexOf(delimiter) < frame.length));
    }),
    { numRuns: 100 },
  );
});

test("CORE-02 refuses what is no delimiter, and copies what is", async () => {
  for (const Class of [DelimiterDecoderStream, DelimiterEncoderStream]) {
    for (const delimiter of ["", new Uint8Array(0), 1, undefined, null]) {
      assert.throws(() => new Class({ delimiter } as never), TypeError);
    }
    assert.throws(() => new Class(undefined as never), TypeError);
  }
  const delimiter = utf8(";");
  const decoder = new DelimiterDecoderStream({ delimiter });
  delimiter[0] = 0x20;
  const stream = new Blob(["a b;"]).stream().pipeThrough(decoder);
  assert.deepEqual((await Array.fromAsync(stream)).map((frame) => new TextDecoder().decode(frame)), ["a b"]);
  assert.throws(() => new DelimiterDecoderStream({ delimiter: ";", maxBytes: 0 }), RangeError);
});
