import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { Cursor } from "./cursor.ts";

const of = (...values: number[]): Cursor => new Cursor(new Uint8Array(values));

test("CORE-02 reads every width in both orders", () => {
  assert.equal(of(0xfe).u8(), 0xfe);
  assert.equal(of(0xfe).i8(), -2);
  assert.equal(of(1, 0xff).u16le(), 0xff01);
  assert.equal(of(1, 0xff).u16be(), 0x01ff);
  assert.equal(of(0xfe, 0xff).i16le(), -2);
  assert.equal(of(0xff, 0xfe).i16be(), -2);
  assert.equal(of(1, 2, 0xff).u24le(), 0xff0201);
  assert.equal(of(0xff, 2, 1).u24be(), 0xff0201);
  assert.equal(of(1, 2, 3, 0xff).u32le(), 0xff030201);
  assert.equal(of(0xff, 3, 2, 1).u32be(), 0xff030201);
  assert.equal(of(0xfe, 0xff, 0xff, 0xff).i32le(), -2);
  assert.equal(of(0xff, 0xff, 0xff, 0xfe).i32be(), -2);
  assert.equal(of(1, 0, 0, 0, 0, 0, 0, 0xff).u64le(), 0xff00000000000001n);
  assert.equal(of(0xff, 0, 0, 0, 0, 0, 0, 1).u64be(), 0xff00000000000001n);
  assert.equal(of(0, 0, 0xc0, 0x3f).f32le(), 1.5);
});

test("CORE-02 reads in order, takes views, skips and reads text", () => {
  const bytes = new Uint8Array([9, 9, 1, 2, 3, 4, 5, 0xc3, 0xa4, 0xff, 7]).subarray(2);
  const cursor = new Cursor(bytes);
  assert.equal(cursor.u8(), 1);
  cursor.skip(2, "reserved");
  const taken = cursor.take(2);
  assert.deepEqual([...taken], [4, 5]);
  assert.equal(taken.buffer, bytes.buffer);
  assert.equal(cursor.utf8(3), "ä\ufffd");
  assert.deepEqual([cursor.offset, cursor.remaining, cursor.ok, cursor.failure], [8, 1, true, null]);
  assert.equal(cursor.take(0).length, 0);
  assert.equal(cursor.u8(), 7);
  assert.equal(cursor.remaining, 0);
  assert.ok(cursor.ok);
});

test("CORE-02 never throws past the end: it stays failed and gives zeros", () => {
  const cursor = of(1, 2, 3);
  assert.equal(cursor.u8(), 1);
  assert.equal(cursor.u32le(), 0);
  assert.equal(cursor.ok, false);
  assert.equal(cursor.failure, "u32le at byte 1 of 3");
  assert.equal(cursor.u8(), 0, "a byte is there, but the record is broken");
  const numbers = [cursor.i8(), cursor.u16le(), cursor.u16be(), cursor.i16le(), cursor.i16be(), cursor.u24le()];
  const more = [cursor.u24be(), cursor.u32be(), cursor.i32le(), cursor.i32be(), cursor.f32le(), cursor.remaining];
  assert.ok([...numbers, ...more].every((value) => Object.is(value, 0)));
  assert.deepEqual([cursor.u64le(), cursor.u64be(), cursor.utf8(1), cursor.take(1).length], [0n, 0n, "", 0]);
  cursor.skip(1, "later");
  assert.equal(cursor.failure, "u32le at byte 1 of 3");
  assert.equal(cursor.offset, 1);
});

test("CORE-02 takes a senseless count for a failure", () => {
  for (const count of [-1, 1.5, NaN, Infinity, 4, 2 ** 53]) {
    for (const read of ["take", "utf8"] as const) {
      const cursor = of(1, 2, 3);
      assert.equal(cursor[read](count).length, 0);
      assert.equal(cursor.ok, false, String(count));
    }
    const cursor = of(1, 2, 3);
    cursor.skip(count, "padding");
    assert.equal(cursor.failure, "padding at byte 0 of 3");
  }
});
