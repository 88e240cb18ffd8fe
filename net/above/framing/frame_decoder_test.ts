import assert from "node:assert/strict";
import fc from "fast-check";
import { isParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { DelimiterDecoderStream } from "./delimiter_decoder_stream.ts";
import { FrameDecodingStreams } from "./frame_decoder.ts";
import { LengthPrefixDecoderStream } from "./length_prefix_decoder_stream.ts";
import { LineDecoderStream } from "./line_decoder_stream.ts";
import { LineEncoderStream } from "./line_encoder_stream.ts";

type Bytes = Uint8Array<ArrayBuffer>;
type Streams = ReadableWritablePair<unknown, BufferSource>;

const RUNS = { numRuns: 150 };
const MAX = 6;

/** Every decoder, with limits so small that generated input meets them. */
const DECODERS: Readonly<Record<string, () => Streams>> = {
  lines: () => new LineDecoderStream({ maxBytes: MAX }),
  "lines with CR": () => new LineDecoderStream({ maxBytes: MAX, allowCR: true, requireFinal: true }),
  "lines of valid UTF-8": () => new LineDecoderStream({ maxBytes: MAX, fatal: true }),
  "one byte of length": () => new LengthPrefixDecoderStream({ lengthBytes: 1, maxBytes: MAX }),
  "two bytes of length": () => new LengthPrefixDecoderStream({ lengthBytes: 2, littleEndian: true, maxBytes: MAX }),
  "a length of itself, too": () =>
    new LengthPrefixDecoderStream({ lengthBytes: 1, includesLength: true, maxBytes: MAX }),
  "a delimiter of one byte": () => new DelimiterDecoderStream({ delimiter: "\n", maxBytes: MAX }),
  "a delimiter that repeats itself": () => new DelimiterDecoderStream({ delimiter: "\n\r\n\r\r", maxBytes: MAX }),
  "a delimiter and a rest": () => new DelimiterDecoderStream({ delimiter: "\r\r", maxBytes: MAX, requireFinal: false }),
};

function source(chunks: readonly Bytes[]): ReadableStream<Bytes> {
  const rest = chunks.values();
  return new ReadableStream<Bytes>({
    pull(controller) {
      const { done, value } = rest.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  }, { highWaterMark: 0 });
}

/** What comes out, and how it ends. */
async function decode(streams: Streams, chunks: readonly Bytes[]): Promise<{ frames: unknown[]; end: string }> {
  const frames: unknown[] = [];
  const reader = source(chunks).pipeThrough(streams).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { frames, end: "" };
      frames.push(typeof value === "string" ? value : [...value as Uint8Array]);
    }
  } catch (error) {
    assert.ok(isParleyError(error) || error instanceof TypeError, String(error));
    return { frames, end: String(error) };
  }
}

function split(bytes: Bytes, cuts: readonly number[]): Bytes[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.slice(at[index], end));
}

/** Bytes that make frames: line ends, small lengths, parts of characters. */
const bytes = fc.array(fc.oneof(fc.constantFrom(10, 13, 13, 0, 1, 2, 3, 0x61, 0xc3, 0xa4), fc.nat(255)), {
  maxLength: 40,
}).map((list) => new Uint8Array(list));
const cuts = fc.array(fc.nat(1000), { maxLength: 6 });

for (const [name, make] of Object.entries(DECODERS)) {
  test(`CORE-02 ${name}: any bytes in any pieces give the same frames and the same end, or an error of ours`, async () => {
    await fc.assert(
      fc.asyncProperty(bytes, cuts, async (input, at) => {
        const whole = await decode(make(), [input]);
        assert.deepEqual(await decode(make(), split(input, at)), whole);
        assert.deepEqual(await decode(make(), [...input].map((byte) => new Uint8Array([byte]))), whole);
      }),
      RUNS,
    );
  });

  test(`NET-03 ${name}: what is written is not used after its write has settled`, async () => {
    const streams = make();
    const writer = streams.writable.getWriter();
    const shared = new Uint8Array(3);
    const frames = Array.fromAsync(streams.readable as ReadableStream<unknown>).catch(() => null);
    for (const chunk of [[2, 0, 5], [6, 2, 0], [13, 10, 13], [13, 13, 13]]) {
      shared.set(chunk);
      await writer.write(shared).catch(() => {});
      shared.fill(0x58);
    }
    await writer.close().catch(() => {});
    assert.ok(!JSON.stringify(await frames).includes("X") && !JSON.stringify(await frames).includes("88"));
  });
}

test("NET-03 a chunk of a million frames is decoded as it is read: no queue of frames", async () => {
  const decoder = { fed: 0, made: 0 };
  const streams = new FrameDecodingStreams<number>({
    feed: (chunk) => void (decoder.fed += chunk.byteLength),
    next: () => decoder.made < decoder.fed ? decoder.made++ : undefined,
    end: () => undefined,
  });
  const writer = streams.writable.getWriter();
  let settled = false;
  const written = writer.write(new Uint8Array(1_000_000)).then(() => settled = true);
  const reader = streams.readable.getReader();
  for (let frame = 0; frame < 5; frame++) assert.equal((await reader.read()).value, frame);
  assert.equal(decoder.made, 6);
  assert.equal(writer.desiredSize, 0);
  assert.equal(settled, false);
  await reader.cancel();
  await assert.rejects(written);
});

test("NET-03 the writer waits until its chunk is used up", async () => {
  const { readable, writable } = new LineDecoderStream();
  const writer = writable.getWriter();
  const order: string[] = [];
  const written = writer.write(new TextEncoder().encode("a\nb\nc")).then(() => order.push("written"));
  const reader = readable.getReader();
  for (let line = 0; line < 2; line++) order.push((await reader.read()).value ?? "");
  const last = reader.read().then(({ value }) => order.push(value ?? ""));
  await written;
  await writer.close();
  await last;
  assert.deepEqual(order, ["a", "b", "written", "c"]);
  assert.equal((await reader.read()).done, true);
});

test("NET-04 frames before the input breaks off are delivered before the error, a read given up or not", async () => {
  const { readable, writable } = new LineDecoderStream({ requireFinal: true });
  const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));
  await turn();
  // The frame that such a read asked for is queued.
  const first = readable.getReader();
  const lost = assert.rejects(first.read(), TypeError);
  first.releaseLock();
  await lost;
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("one\ntwo".slice(0, 6)));
  const closed = assert.rejects(writer.close(), { code: "DATA_TRUNCATED" });
  await turn();
  const reader = readable.getReader();
  assert.equal((await reader.read()).value, "one");
  await assert.rejects(reader.read(), { code: "DATA_TRUNCATED" });
  await closed;
});

test("NET-03 a write is settled once the last frame that ends in it was read", async () => {
  for (const rest of ["", "beginning"]) {
    const { readable, writable } = new LineDecoderStream();
    const writer = writable.getWriter();
    const reading = readable.getReader().read();
    await writer.write(new TextEncoder().encode(`line\n${rest}`));
    assert.equal((await reading).value, "line");
  }
});

test("NET-04 an abort while the end waits for a reader ends that", async () => {
  const { readable, writable } = new LineDecoderStream({ requireFinal: true });
  await new Promise((resolve) => setTimeout(resolve, 0));
  const reader = readable.getReader();
  const lost = assert.rejects(reader.read(), TypeError);
  reader.releaseLock();
  await lost;
  const writer = writable.getWriter();
  await writer.write(new TextEncoder().encode("one\nt"));
  const closed = assert.rejects(writer.close(), { code: "DATA_TRUNCATED" });
  await new Promise((resolve) => setTimeout(resolve, 0));
  await Promise.allSettled([writer.abort("stop"), closed]);
  await assert.rejects(readable.getReader().read(), (reason) => reason === "stop");
});

test("NET-04 cancelling the readable fails a write that waits, with the reason", async () => {
  const { readable, writable } = new LineDecoderStream();
  const writer = writable.getWriter();
  const written = writer.write(new TextEncoder().encode("a\nb\n"));
  await readable.cancel("enough");
  await assert.rejects(written, (reason) => reason === "enough");
  await assert.rejects(writer.closed, (reason) => reason === "enough");
});

test("NET-04 aborting the writable does not wait for a reader, and fails the readable with the reason", async () => {
  const { readable, writable } = new LineDecoderStream();
  const writer = writable.getWriter();
  const written = assert.rejects(writer.write(new TextEncoder().encode("a\n")), (reason) => reason === "stop");
  const closed = assert.rejects(writer.closed, (reason) => reason === "stop");
  await new Promise((resolve) => setTimeout(resolve, 0));
  await writer.abort("stop");
  await Promise.all([written, closed, assert.rejects(readable.getReader().read(), (reason) => reason === "stop")]);
});

test("NET-04 a failure of the source arrives as it is, and one of decoding cancels the source", async () => {
  const broken = new ReadableStream<Bytes>({ pull: (controller) => controller.error("torn") });
  await assert.rejects(broken.pipeThrough(new LineDecoderStream()).getReader().read(), (reason) => reason === "torn");
  const reasons: unknown[] = [];
  const endless = new ReadableStream<Bytes>({
    pull: (controller) => controller.enqueue(new Uint8Array(16).fill(0x61)),
    cancel: (reason) => void reasons.push(reason),
  }, { highWaterMark: 0 });
  const lines = endless.pipeThrough(new LineDecoderStream({ maxBytes: 100 })).getReader();
  await assert.rejects(lines.read(), { code: "DATA_TOO_LARGE" });
  while (reasons.length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(isParleyError(reasons[0], "DATA_TOO_LARGE"));
});

test("NET-04 an empty input ends at once, without a read", async () => {
  const { readable, writable } = new LengthPrefixDecoderStream();
  await writable.getWriter().close();
  await readable.getReader().closed;
});

test("NET-04 what is no BufferSource ends both streams", async () => {
  const { readable, writable } = new LineDecoderStream();
  await assert.rejects(writable.getWriter().write("text" as never), TypeError);
  await assert.rejects(readable.getReader().read(), TypeError);
});

test("CORE-01 decodes alike after Object.prototype was polluted", async () => {
  const names = ["maxBytes", "allowCR", "fatal", "requireFinal", "size", "highWaterMark", "type", "flush"];
  const pollution = Object.prototype as Record<string, unknown>;
  for (const name of names) pollution[name] = 1;
  try {
    const { readable, writable } = new LineDecoderStream();
    const writer = writable.getWriter();
    void writer.write(new TextEncoder().encode("ab\rc\xff\nde"));
    void writer.close();
    const reader = readable.getReader();
    assert.equal((await reader.read()).value, "ab\rc\xff");
    assert.equal((await reader.read()).value, "de");
    assert.equal((await reader.read()).done, true);
    const lines = new LineEncoderStream();
    void lines.writable.getWriter().write("a");
    assert.equal((await lines.readable.getReader().read()).value?.byteLength, 3);
  } finally {
    for (const name of names) delete pollution[name];
  }
});
