import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { LineAssembler } from "./line_assembler.ts";

const encoder = new TextEncoder();

test("a line is put together from pieces, characters cut in two included", () => {
  const line = new LineAssembler(64);
  for (const byte of encoder.encode("grüß 漢")) assert.equal(line.add(Uint8Array.of(byte)), false);
  assert.equal(line.add(encoder.encode("\n")), true);
  assert.equal(line.text(), "grüß 漢");
  assert.equal(line.cut, false);
  assert.equal(line.more, false);
});

test("CON-10 what comes behind the line end is noticed and is not part of the line", () => {
  const line = new LineAssembler(64);
  assert.equal(line.add(encoder.encode("y\ny")), true);
  assert.equal(line.text(), "y");
  assert.equal(line.more, true);
});

test("CON-10 an overlong line is cut, flagged, and takes no more room", () => {
  const line = new LineAssembler(4);
  for (let turn = 0; turn < 1_000; turn++) line.add(encoder.encode("abcd"));
  assert.equal(line.add(encoder.encode("\r")), true);
  assert.equal(line.text(), "abcd");
  assert.equal(line.cut, true);
});

test("bytes that are no UTF-8 and a byte order mark are kept visible", () => {
  const line = new LineAssembler(64);
  line.add(Uint8Array.of(0xff, 0x79));
  line.add(encoder.encode("\n"));
  assert.equal(line.text(), "\ufffdy");
  const marked = new LineAssembler(64);
  marked.add(encoder.encode("\ufeffy\n"));
  assert.equal(marked.text(), "\ufeffy");
});
