import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { PendingBytes } from "./pending_bytes.ts";

test("CORE-02 a megabyte in single bytes moves a few times only, and takes no more memory than the limit", () => {
  const pending = new PendingBytes();
  const most = 1_000_000;
  const buffers = new Set<ArrayBuffer>();
  for (let length = 0; length < most; length++) {
    pending.append(new Uint8Array([length]), most);
    buffers.add(pending.view().buffer);
  }
  const sizes = Array.from(buffers, (buffer) => buffer.byteLength);
  assert.ok(sizes.length <= 13, sizes.join());
  assert.equal(sizes.at(-1), most);
  const whole = pending.take(most);
  assert.equal(whole.byteLength, most);
  assert.ok(whole.every((byte, index) => byte === index % 256));
  assert.equal(pending.length, 0);
});

test("CORE-02 memory follows what has arrived, not what may", () => {
  const pending = new PendingBytes();
  pending.append(new Uint8Array(10), 1 << 30);
  assert.ok(pending.view().buffer.byteLength <= 256);
});

test("CORE-02 what is handed over is not written to again", () => {
  const pending = new PendingBytes();
  for (const size of [3, 300]) {
    pending.append(new Uint8Array(size).fill(1), 300);
    const taken = pending.take(size);
    pending.append(new Uint8Array(size).fill(2), 300);
    assert.ok(taken.every((byte) => byte === 1));
    pending.clear();
  }
});

test("CORE-02 a large frame's memory is given back", () => {
  const pending = new PendingBytes();
  pending.append(new Uint8Array(100_000), 100_000);
  pending.clear();
  assert.equal(pending.view().buffer.byteLength, 0);
});
