/** A pair of web streams as a connection of the benchmark: used alike for Parley's streams and for the runtimes' own. */
import { type BenchConnection, CHUNK_BYTES, type Reading, requireExactly } from "../contestant.ts";

/** What stands behind the streams. */
export interface StreamPair {
  /** Bytes from the far end. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Bytes to the far end. */
  readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
  /** Closes the connection. Both streams are locked. */
  close(): Promise<void> | void;
}

/**
 * Makes a connection of the benchmark from two web streams.
 *
 * @param pair The streams.
 * @param reading `buffer` uses a BYOB reader and gives it the same memory again, `chunks` a default reader.
 */
export function overStreams(pair: StreamPair, reading: Reading): BenchConnection {
  const writer = pair.writable.getWriter();
  return {
    send: (bytes) => writer.write(bytes),
    receive: reading === "buffer" ? byobReceiver(pair.readable) : defaultReceiver(pair.readable),
    close: () => pair.close(),
  };
}

function byobReceiver(readable: ReadableStream<Uint8Array>): (count: number) => Promise<void> {
  const reader = readable.getReader({ mode: "byob" });
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  return async (count) => {
    let received = 0;
    while (received < count) {
      const { value } = await reader.read(new Uint8Array(buffer));
      if (value === undefined || value.byteLength === 0) break;
      received += value.byteLength;
      buffer = value.buffer;
    }
    requireExactly(received, count);
  };
}

function defaultReceiver(readable: ReadableStream<Uint8Array>): (count: number) => Promise<void> {
  const reader = readable.getReader();
  return async (count) => {
    let received = 0;
    while (received < count) {
      const { value, done } = await reader.read();
      if (done) break;
      received += value.byteLength;
    }
    requireExactly(received, count);
  };
}
