/** What programs give to be sent in one datagram: bytes at hand, or a Blob that is to be read first. */
import { ParleyError } from "../core/errors.ts";
import { toBufferSource } from "../core/webidl.ts";
import { MAX_DATAGRAM_BYTES } from "./engine/udp/udp_socket.ts";

// Taken at load: what a Blob is must not be up to code that runs later (CORE-01).
const { apply } = Reflect;
const { isView } = ArrayBuffer;
const sizeOf = Object.getOwnPropertyDescriptor(Blob.prototype, "size")?.get;
const { arrayBuffer } = Blob.prototype;

/** Reads what is to be sent, in the order in which it was given: no datagram overtakes a Blob that is still being read. */
export class DatagramReader {
  #reading = 0;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Begins to read.
   *
   * @param data A Blob, an ArrayBuffer or a view.
   * @returns The bytes: at once where they are at hand and nothing is being read.
   * @throws {TypeError} for anything else.
   * @throws {ParleyError} `NET_MESSAGE_SIZE` for a Blob that fits no datagram; it is not read.
   */
  read(data: unknown): Uint8Array | Promise<Uint8Array> {
    const size = blobSize(data);
    if (size === null) {
      const bytes = toBufferSource(data, "data");
      return this.#reading === 0 ? bytes : this.#inTurn(Promise.resolve(bytes));
    }
    if (size > MAX_DATAGRAM_BYTES) {
      throw new ParleyError("NET_MESSAGE_SIZE", `Cannot send ${size} bytes: a datagram holds ${MAX_DATAGRAM_BYTES}`);
    }
    const read = apply(arrayBuffer, data as Blob, []) as Promise<ArrayBuffer>;
    return this.#inTurn(read.then((buffer) => new Uint8Array(buffer)));
  }

  async #inTurn(read: Promise<Uint8Array>): Promise<Uint8Array> {
    const before = this.#last;
    this.#last = Promise.allSettled([before, read]);
    this.#reading++;
    try {
      await before;
      return await read;
    } finally {
      this.#reading--;
    }
  }
}

/** A Blob's size; null for anything else. */
function blobSize(value: unknown): number | null {
  // What a getter throws for a view costs more than the system call.
  if (typeof value !== "object" || value === null || sizeOf === undefined || isView(value)) return null;
  try {
    const size: unknown = apply(sizeOf, value, []);
    return typeof size === "number" ? size : null;
  } catch {
    return null;
  }
}
