import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { LineDecoderStream } from "./line_decoder_stream.ts";
import { type LineEncoderOptions, LineEncoderStream } from "./line_encoder_stream.ts";

async function encoded(lines: readonly unknown[], options?: LineEncoderOptions): Promise<string> {
  const streams = new LineEncoderStream(options);
  const writer = streams.writable.getWriter();
  const writing = Promise.allSettled([...lines.map((line) => writer.write(line as string)), writer.close()]);
  const text = await new Response(streams.readable).text();
  await writing;
  return text;
}

test("CORE-02 lines are sent with CR LF, or with LF where asked", async () => {
  assert.equal(await encoded(["EHLO client.example", "", "ä"]), "EHLO client.example\r\n\r\nä\r\n");
  assert.equal(await encoded(["{}"], { newline: "\n" }), "{}\n");
});

test("CORE-02 each line is one chunk with its end", async () => {
  const streams = new LineEncoderStream();
  const writer = streams.writable.getWriter();
  void writer.write("a");
  void writer.write("b");
  const reader = streams.readable.getReader();
  assert.deepEqual((await reader.read()).value, new TextEncoder().encode("a\r\n"));
  assert.deepEqual((await reader.read()).value, new TextEncoder().encode("b\r\n"));
  await reader.cancel();
});

test("CORE-02 a line break inside a line is refused: it would be a command of someone else's", async () => {
  for (const line of ["RCPT TO:<a>\r\nDATA", "a\nb", "a\r", "\n"]) {
    await assert.rejects(encoded([line]), { name: "TypeError", message: /line break/ });
  }
  const streams = new LineEncoderStream();
  const writer = streams.writable.getWriter();
  const refused = [assert.rejects(writer.write("a\nb"), TypeError), assert.rejects(writer.closed, TypeError)];
  await assert.rejects(streams.readable.getReader().read(), TypeError);
  await Promise.all(refused);
});

test("CORE-02 refuses what is no string, without asking it for one", async () => {
  const sly = { toString: () => assert.fail("was converted") };
  for (const line of [sly, 1, null, new Uint8Array(1)]) await assert.rejects(encoded([line]), TypeError);
});

test("CORE-02 refuses other line ends", () => {
  for (const newline of ["\r", "", "\n\n", 1]) {
    assert.throws(() => new LineEncoderStream({ newline } as never), TypeError);
  }
});

test("CORE-02 what was encoded decodes to the same lines", async () => {
  const lines = ["a", "", "ä\u2028\u0085\u{1f600}", "\0", "x".repeat(10_000)];
  const blob = new Blob([await encoded(lines)]);
  assert.deepEqual(await Array.fromAsync(blob.stream().pipeThrough(new LineDecoderStream())), lines);
});
