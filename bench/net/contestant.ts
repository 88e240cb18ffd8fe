/** What every contestant of the network benchmark offers, and the amounts that all of them use alike. */

/** Bytes a native reader or a BYOB reader offers at once, and bytes of a written chunk. */
export const CHUNK_BYTES: number = 64 * 1024;

/** How a connection reads: into one buffer of the caller's, again and again, or chunk by chunk as they are handed over. */
export type Reading = "buffer" | "chunks";

/** An open connection of a contestant. Its calls are made one after another. */
export interface BenchConnection {
  /** Writes the bytes and waits as a program that minds backpressure does. */
  send(bytes: Uint8Array<ArrayBuffer>): Promise<void> | void;
  /** Reads until this many bytes have come. */
  receive(count: number): Promise<void>;
  /** Closes it. */
  close(): Promise<void> | void;
}

/** One way to use a TCP connection on the runtime that runs it. */
export interface Contestant {
  /** Connects to 127.0.0.1, with TCP_NODELAY. */
  open(port: number, reading: Reading): Promise<BenchConnection>;
}

/** Fails when bytes came that nobody asked for, or the connection ended before all had come. */
export function requireExactly(count: number, expected: number): void {
  if (count !== expected) throw new RangeError(`Cannot go on: received ${count} bytes, not ${expected}`);
}
