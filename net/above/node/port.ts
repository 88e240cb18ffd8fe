/** What passes between Parley's sockets and Node streams; `runtime/_node/node_stream/` implements both ways. */
import type { TCPSocketOptions } from "../../faces/raw_sockets/tcp_options.ts";

/**
 * A socket with web streams: a `TCPSocket` of Raw Sockets, a `Socket` of WinterTC, what `opened` of Direct Sockets resolves
 * with, or a plain pair of streams. Only the streams are needed.
 */
export interface StreamSocket {
  /** Bytes from the far end. Read with a default reader, chunk by chunk. */
  readonly readable: ReadableStream<Uint8Array>;
  /** Bytes to the far end. */
  readonly writable: WritableStream<BufferSource>;
  /** Resolves when the socket is connected, for those that are handed out before. */
  readonly opened?: Promise<unknown>;
  /** IP address of the far end. */
  readonly remoteAddress?: string;
  /** Port of the far end. */
  readonly remotePort?: number;
  /** IP address of this end. */
  readonly localAddress?: string;
  /** Port of this end. */
  readonly localPort?: number;
  /** Ends both directions. Without it, `readable` is cancelled and `writable` aborted. */
  close?(): unknown;
}

/** A Node stream as web streams. */
export interface DuplexStreams {
  /** Bytes from the far end; a byte stream, so `getReader({ mode: "byob" })` works. Ends when the far end has finished. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Bytes to the far end. A write settles when the Node stream has taken it; closing ends this direction only. */
  readonly writable: WritableStream<BufferSource>;
  /** Settles when both directions have ended; rejects when the Node stream broke, and with the reason of an abort. */
  readonly closed: Promise<void>;
}

/** How a connection is opened, besides where to. */
export type OpenOptions = Omit<TCPSocketOptions, "remoteAddress" | "remotePort" | "signal">;

/** Opens a connection, if the operator approves: `openTCPSocket`. */
export type OpenTCPSocket = (options: TCPSocketOptions) => Promise<StreamSocket>;
