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

/** Bytes of a datagram that is sent or received for a rate. */
export const DATAGRAM_BYTES: number = 512;

/** How datagrams pass: by calls and what the runtime or Parley calls or iterates over, or by web streams of messages. */
export type DatagramWay = "calls" | "streams";

/** A datagram socket of a contestant, connected to the peer. */
export interface BenchDatagrams {
  /** Sends the same bytes so many times without waiting in between, then waits until the system has taken all. */
  send(bytes: Uint8Array<ArrayBuffer>, count: number): Promise<void> | void;
}

/** One way to use UDP on the runtime that runs it. */
export interface DatagramContestant {
  /**
   * Connects to 127.0.0.1 and takes whatever comes.
   *
   * @param onDatagram Told of the size of each datagram.
   */
  open(port: number, way: DatagramWay, onDatagram: (byteLength: number) => void): Promise<BenchDatagrams>;
}

/** One way to be a TCP server on the runtime that runs it. */
export interface ServerContestant {
  /**
   * Listens at a free port of 127.0.0.1, and closes each connection as soon as it has it.
   *
   * @returns The port.
   */
  serve(): Promise<number>;
}

/** A plaintext connection that can become TLS. */
export interface BenchUpgrade {
  /** Upgrades it, and waits until the certificate was verified. */
  startTls(): Promise<void>;
  /** Closes it. */
  close(): Promise<void> | void;
}

/** One way to upgrade a connection on the runtime that runs it. */
export interface UpgradeContestant {
  /** Connects to 127.0.0.1; trusts this authority only, and expects the name `localhost`. */
  open(port: number, ca: string): Promise<BenchUpgrade>;
}
