import assert from "node:assert/strict";
import type { ParleyError } from "../../core/errors.ts";
import { bytesOf, textOf } from "../../tests/support/approving_host.ts";
import { test } from "../../tests/support/harness.ts";
import { lineDatagrams, type LineOptions, wholeDatagram } from "./input_datagrams.ts";

const MAX = 65_507;

/** What becomes of an input that comes in these chunks. */
async function read(
  chunks: readonly (string | Uint8Array)[],
  options: Partial<LineOptions> = {},
): Promise<{ datagrams: string[]; errors: string[] }> {
  const errors: string[] = [];
  const onBadLine = ({ code, message }: ParleyError): void => void errors.push(`${code} ${message}`);
  const input = ReadableStream.from(chunks.map((chunk) => typeof chunk === "string" ? bytesOf(chunk) : chunk));
  const datagrams: string[] = [];
  for await (const bytes of lineDatagrams(input, { hex: false, crlf: false, empty: false, onBadLine, ...options })) {
    datagrams.push(textOf(bytes));
  }
  return { datagrams, errors };
}

test("NET-07 each line of the input is a datagram without its line end, however the input is cut", async () => {
  const expected = { datagrams: ["one", "two \t", "three"], errors: [] };
  const text = "one\n\ntwo \t\r\n\r\nthree";
  assert.deepEqual(await read([text]), expected);
  assert.deepEqual(await read([...text]), expected);
  assert.deepEqual(await read([`${text}\n`]), expected);
  assert.deepEqual(await read([]), { datagrams: [], errors: [] });
});

test("NET-07 --empty sends blank lines, and the end of the last line is no line", async () => {
  assert.deepEqual((await read(["\na\n\r\n", "\n"], { empty: true })).datagrams, ["", "a", "", ""]);
  assert.deepEqual((await read(["\n \t\n00\n"], { empty: true, hex: true })).datagrams, ["", "", "\0"]);
  assert.deepEqual((await read(["\n \t\n00\n"], { hex: true })).datagrams, ["\0"]);
});

test("NET-07 --crlf ends each datagram with CR LF, once", async () => {
  assert.deepEqual((await read(["a\nb\r\n\nc"], { crlf: true })).datagrams, ["a\r\n", "b\r\n", "c\r\n"]);
  assert.deepEqual((await read(["\na\n"], { crlf: true, empty: true })).datagrams, ["\r\n", "a\r\n"]);
});

test("NET-07 bytes that are no text pass unchanged", async () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, at) => at);
  const input = ReadableStream.from([bytes]);
  const found: number[] = [];
  const options = { hex: false, crlf: false, empty: false, onBadLine: assert.fail };
  for await (const datagram of lineDatagrams(input, options)) found.push(...datagram);
  assert.deepEqual(found, [...bytes].filter((byte) => byte !== 10));
});

test("NET-07 a line that is too long or no hexadecimal is told with its number, and the next one is read", async () => {
  const long = "x".repeat(MAX);
  const { datagrams, errors } = await read([`${long}\r\n${long}y\n`, long, long, long, "\nlast"]);
  assert.deepEqual(datagrams.map(({ length }) => length), [MAX, 4]);
  const tooLarge = "a datagram holds 65507 bytes";
  assert.deepEqual(errors, [
    `DATA_TOO_LARGE Cannot send line 2: ${tooLarge}`,
    `DATA_TOO_LARGE Cannot send line 3: ${tooLarge}`,
  ]);
  assert.deepEqual((await read([long], { crlf: true })).errors, [`DATA_TOO_LARGE Cannot send line 1: ${tooLarge}`]);
  assert.deepEqual(await read(["61\nnot hex\n6\n62"], { hex: true }), {
    datagrams: ["a", "b"],
    errors: [2, 3].map((line) => `ARG_INVALID Cannot send line ${line}: it is not pairs of hexadecimal digits`),
  });
});

test("NET-07 a line that goes on and on is told once, and nothing of it is sent", async () => {
  let pulled = 0;
  const chunk = new Uint8Array(64 * 1024).fill(0x61);
  const input = new ReadableStream<Uint8Array>({
    pull: (controller) => ++pulled > 50 ? controller.close() : controller.enqueue(chunk.slice()),
  });
  const errors: string[] = [];
  const options = {
    hex: false,
    crlf: false,
    empty: false,
    onBadLine: ({ code }: ParleyError) => void errors.push(code),
  };
  for await (const _ of lineDatagrams(input, options)) assert.fail("nothing of it is a datagram");
  assert.deepEqual(errors, ["DATA_TOO_LARGE"]);
});

test("NET-07 --whole makes one datagram of the input, and stops reading what is too much", async () => {
  assert.equal(textOf(await wholeDatagram(ReadableStream.from([bytesOf("a\r\n"), bytesOf("\nb")]))), "a\r\n\nb");
  assert.equal((await wholeDatagram(ReadableStream.from<Uint8Array>([]))).byteLength, 0);
  assert.equal((await wholeDatagram(ReadableStream.from([new Uint8Array(MAX)]))).byteLength, MAX);
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(MAX - 1));
    },
  }, { highWaterMark: 0 });
  await assert.rejects(wholeDatagram(endless), { code: "DATA_TOO_LARGE" });
  assert.equal(pulled, 2);
});
