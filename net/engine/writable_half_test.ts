import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import type { ByteLink } from "../port.ts";
import { WritableHalf } from "./writable_half.ts";
import { Counters } from "./inventory.ts";

/** A link that takes everything at once and keeps a copy. */
function takingLink(): { readonly link: ByteLink; readonly taken: number[][] } {
  const taken: number[][] = [];
  const nothing = (): void => {};
  const address = { address: "127.0.0.1", port: 1 };
  const link: ByteLink = {
    remote: address,
    local: address,
    bufferedBytes: 0,
    read: () => Promise.resolve(0),
    readChunk: () => Promise.resolve(null),
    write: (bytes) => Promise.resolve(void taken.push([...bytes])),
    closeWrite: () => Promise.resolve(),
    close: nothing,
    reset: nothing,
  };
  return { link, taken };
}

async function writeTo(chunk: unknown): Promise<number[][]> {
  const { link, taken } = takingLink();
  const half = new WritableHalf(link, {
    copyWrites: false,
    counters: new Counters(),
    toFaceError: (error) => error,
    onEnd: () => {},
  });
  await half.stream.getWriter().write(chunk as BufferSource);
  return taken;
}

const bytes = (): Uint8Array<ArrayBuffer> => new Uint8Array([0, 1, 2, 3, 4, 5, 6, 7]);

test("DS-30 sends exactly the bytes that a view shows, of whatever kind it is", async () => {
  assert.deepEqual(await writeTo(bytes().subarray(2, 5)), [[2, 3, 4]]);
  assert.deepEqual(await writeTo(new DataView(bytes().buffer, 6)), [[6, 7]]);
  assert.deepEqual(await writeTo(new Uint16Array(bytes().buffer, 4, 1)), [[4, 5]]);
  assert.deepEqual(await writeTo(bytes().buffer), [[0, 1, 2, 3, 4, 5, 6, 7]]);
  assert.deepEqual(await writeTo(new Uint8Array(0)), []);
});

test("CORE-01 a chunk's own properties do not change what is sent, nor how much of it is counted", async () => {
  const chunk = bytes().subarray(2, 5);
  const other = new Uint8Array([9]).buffer;
  for (const [name, value] of Object.entries({ buffer: other, byteOffset: 0, byteLength: 1, length: 1 })) {
    Object.defineProperty(chunk, name, { value });
  }
  Object.defineProperty(chunk, Symbol.toStringTag, { value: "Uint8Array" });
  assert.deepEqual(await writeTo(chunk), [[2, 3, 4]]);
});

test("DS-30 refuses memory that is shared, resizable or gone, and what only looks like a view", async () => {
  const gone = bytes();
  gone.buffer.transfer();
  const resizable = new (ArrayBuffer as unknown as new (length: number, options: object) => ArrayBuffer)(4, {
    maxByteLength: 8,
  });
  const impostor = Object.create(Uint8Array.prototype, { [Symbol.toStringTag]: { value: "Uint8Array" } });
  for (const chunk of [new Uint8Array(new SharedArrayBuffer(4)), new Uint8Array(resizable), gone, impostor, "text"]) {
    await assert.rejects(writeTo(chunk), TypeError);
  }
});
