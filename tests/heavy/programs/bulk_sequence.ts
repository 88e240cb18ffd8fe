/** The bytes of the bulk transfer: the same block again and again, with its number in front, so that no two are equal. */

/** Bytes of a block. */
export const BLOCK_BYTES: number = 256 * 1024;

/** The block before its number is put in: the same bytes as in `bulk_peer.py`. */
export function firstBlock(): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(BLOCK_BYTES);
  const words = new DataView(block.buffer);
  let value = 0x2545f491;
  for (let index = 0; index < BLOCK_BYTES; index += 4) {
    value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
    words.setUint32(index, value, true);
  }
  return block;
}

/** Puts a block's number in. */
export function numberBlock(block: Uint8Array<ArrayBuffer>, number: number): void {
  new DataView(block.buffer).setBigUint64(0, BigInt(number), true);
}
