/** Both directions: what is written by one is read by the other. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { test } from "../../../tests/support/harness.ts";
import { LengthPrefixDecoderStream } from "./length_prefix_decoder_stream.ts";
import { LengthPrefixEncoderStream } from "./length_prefix_encoder_stream.ts";
import type { LengthPrefixOptions } from "./length_prefix_options.ts";

type Bytes = Uint8Array<ArrayBuffer>;

async function frames(chunks: readonly number[][], options?: LengthPrefixOptions): Promise<number[][]> {
  const decoder = new LengthPrefixDecoderStream(options);
  const writer = decoder.writable.getWriter();
  const writing = Promise.allSettled([
    ...chunks.map((chunk) => writer.write(new Uint8Array(chunk))),
    writer.close(),
    writer.closed,
  ]);
  try {
    return (await Array.fromAsync(decoder.readable)).map((frame) => [...frame]);
  } finally {
    await writing;
  }
}

async function encoded(input: readonly BufferSource[], options?: LengthPrefixOptions): Promise<Bytes> {
  const encoder = new LengthPrefixEncoderStream(options);
  const writer = encoder.writable.getWriter();
  const writing = Promise.allSettled([...input.map((frame) => writer.write(frame)), writer.close(), writer.closed]);
  try {
    return new Uint8Array(await new Response(encoder.readable).arrayBuffer());
  } finally {
    await writing;
  }
}

const FORMS: readonly (readonly [LengthPrefixOptions, number[]])[] = [
  [{ lengthBytes: 1 }, [2, 7, 8]],
  [{ lengthBytes: 2 }, [0, 2, 7, 8]],
  [{ lengthBytes: 3 }, [0, 0, 2, 7, 8]],
  [{}, [0, 0, 0, 2, 7, 8]],
  [{ lengthBytes: 4, littleEndian: true }, [2, 0, 0, 0, 7, 8]],
  [{ lengthBytes: 3, littleEndian: true }, [2, 0, 0, 7, 8]],
  [{ lengthBytes: 4, includesLength: true }, [0, 0, 0, 6, 7, 8]],
  [{ lengthBytes: 2, littleEndian: true, includesLength: true }, [4, 0, 7, 8]],
];

for (const [options, bytes] of FORMS) {
  test(`CORE-02 length-prefixed frames in the form ${JSON.stringify(options)} go both ways`, async () => {
    assert.deepEqual(await frames([bytes], options), [[7, 8]]);
    assert.deepEqual([...await encoded([new Uint8Array([7, 8])], options)], bytes);
  });
}

test("CORE-02 what was encoded decodes to the same frames, the largest lengths included", async () => {
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 8 }),
    fc.constantFrom(255, 256, 65_535, 65_536).map((length) => new Uint8Array(length).fill(3)),
  );
  const form = fc.record({
    lengthBytes: fc.constantFrom(3 as const, 4 as const),
    littleEndian: fc.boolean(),
    includesLength: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { maxLength: 4 }), form, async (input, options) => {
      const bytes = await encoded(input as Bytes[], options);
      const decoder = new LengthPrefixDecoderStream(options);
      const output = await Array.fromAsync(new Blob([bytes]).stream().pipeThrough(decoder));
      assert.deepEqual(output.map((each) => each.length), input.map((each) => each.length));
      assert.deepEqual(output, input.map((each) => new Uint8Array(each)));
    }),
    { numRuns: 40 },
  );
});

test("CORE-02 frames may be empty, and come as soon as their length is there", async () => {
  assert.deepEqual(await frames([[0, 2, 7, 8, 0, 0, 0, 1, 9]], { lengthBytes: 2 }), [[7, 8], [], [9]]);
  const decoder = new LengthPrefixDecoderStream({ lengthBytes: 1 });
  void decoder.writable.getWriter().write(new Uint8Array([0]));
  assert.equal((await decoder.readable.getReader().read()).value?.byteLength, 0);
});

test("CORE-02 each frame has memory of its own", async () => {
  const chunk = new Uint8Array([1, 7, 1, 8]);
  const decoder = new LengthPrefixDecoderStream({ lengthBytes: 1 });
  void decoder.writable.getWriter().write(chunk);
  const reader = decoder.readable.getReader();
  const first = (await reader.read()).value;
  const second = (await reader.read()).value;
  assert.equal(first?.buffer.byteLength, 1);
  assert.notEqual(first?.buffer, second?.buffer);
  assert.notEqual(first?.buffer, chunk.buffer);
});

test("CORE-02 a length over the limit fails before anything of its frame arrives", async () => {
  const options = { lengthBytes: 4, maxBytes: 10 } as const;
  assert.deepEqual(await frames([[0, 0, 0, 10], new Array(10).fill(1)], options), [new Array(10).fill(1)]);
  for (const length of [[0, 0, 0, 11], [0xff, 0xff, 0xff, 0xff], [0x80, 0, 0, 0]]) {
    const decoder = new LengthPrefixDecoderStream(options);
    const writer = decoder.writable.getWriter();
    const written = [
      assert.rejects(writer.write(new Uint8Array(length)), { code: "DATA_TOO_LARGE" }),
      assert.rejects(writer.closed, { code: "DATA_TOO_LARGE" }),
    ];
    await assert.rejects(decoder.readable.getReader().read(), { code: "DATA_TOO_LARGE" });
    await Promise.all(written);
  }
  await assert.rejects(frames([[0, 16, 0, 1]]), {
    code: "DATA_TOO_LARGE",
    detail: { length: 1048577, maxBytes: 1048576 },
  });
});

test("CORE-02 the limit does not count the length, though that counts itself", async () => {
  const options = { lengthBytes: 1, includesLength: true, maxBytes: 3 } as const;
  assert.deepEqual(await frames([[4, 7, 8, 9, 1]], options), [[7, 8, 9], []]);
  await assert.rejects(frames([[5]], options), { code: "DATA_TOO_LARGE" });
  await assert.rejects(frames([[0]], options), { code: "DATA_TRUNCATED" });
  await assert.rejects(frames([[0, 3]], { lengthBytes: 2, littleEndian: true, includesLength: true, maxBytes: 900 }), {
    code: "DATA_TRUNCATED",
  });
});

test("CORE-02 the end within a length or a frame is an error", async () => {
  for (const bytes of [[0], [0, 2], [0, 2, 7], [0, 1, 7, 0]]) {
    await assert.rejects(frames([bytes], { lengthBytes: 2 }), { code: "DATA_TRUNCATED" });
  }
  assert.deepEqual(await frames([[]]), []);
});

test("CORE-02 a frame in single bytes is joined whole, in memory of its own size", async () => {
  const rest = [[0, 1, 0, 0], ...Array.from({ length: 1 << 16 }, () => [5])].values();
  const source = new ReadableStream<Bytes>({
    pull(controller) {
      const { done, value } = rest.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  });
  const [frame] = await Array.fromAsync(source.pipeThrough(new LengthPrefixDecoderStream()));
  assert.equal(frame?.byteLength, 1 << 16);
  assert.equal(frame?.buffer.byteLength, 1 << 16);
  assert.ok(frame?.every((byte) => byte === 5));
});

test("CORE-02 refuses to send a frame that is over the limit or that its length cannot say", async () => {
  for (
    const [length, options] of [
      [11, { maxBytes: 10 }],
      [256, { lengthBytes: 1 }],
      [255, { lengthBytes: 1, includesLength: true }],
      [65_536, { lengthBytes: 2 }],
    ] as const
  ) {
    await assert.rejects(encoded([new Uint8Array(length)], options), { code: "DATA_TOO_LARGE" });
    await encoded([new Uint8Array(length - 1)], options);
  }
  await assert.rejects(encoded(["text" as never]), TypeError);
  assert.deepEqual(
    await encoded([new Uint8Array([9, 7, 8, 9]).subarray(1, 3)], { lengthBytes: 1 }),
    new Uint8Array([2, 7, 8]),
  );
});

test("CORE-02 refuses lengths of other sizes and limits that are none", () => {
  for (const Class of [LengthPrefixDecoderStream, LengthPrefixEncoderStream]) {
    for (const lengthBytes of [0, 5, 1.5, "2", NaN]) {
      assert.throws(() => new Class({ lengthBytes } as never), RangeError);
    }
    assert.throws(() => new Class({ maxBytes: Infinity }), RangeError);
  }
});
