/**
 * The part of Bun's API that Parley uses, as Bun 1.4.5 behaves. Bun's own types are not a dependency: they would change
 * the globals of every other runtime's code.
 */

/** A TCP socket of Bun. */
export interface BunSocket {
  /** Address of this end. */
  readonly localAddress: string;
  /** Port of this end. */
  readonly localPort: number;
  /** Address of the far end. */
  readonly remoteAddress: string;
  /** Port of the far end. */
  readonly remotePort: number;
  /** Queues bytes in the kernel. Returns how many it took; fewer than given when it is full, -1 when closed. */
  write(bytes: Uint8Array): number;
  /** Sends FIN; the other direction goes on if the socket was opened with `allowHalfOpen`. */
  shutdown(): void;
  /** Closes both directions in order. */
  end(): void;
  /** Closes with RST. */
  terminate(): void;
  /** Stops reading. */
  pause(): void;
  /** Goes on reading. */
  resume(): void;
  /** Sets TCP_NODELAY. */
  setNoDelay(enable: boolean): boolean;
  /** Sets SO_KEEPALIVE and the delay before the first probe, in milliseconds. */
  setKeepAlive(enable: boolean, delayMs: number): boolean;
}

/** What Bun calls on a socket's events. */
export interface BunSocketHandlers {
  /** In what `data` gets its chunks. */
  readonly binaryType: "uint8array";
  /** The connection stands. */
  open(socket: BunSocket): void;
  /** Bytes arrived. */
  data(socket: BunSocket, chunk: Uint8Array): void;
  /** The kernel takes bytes again after a partial write. */
  drain(socket: BunSocket): void;
  /** The far end sent FIN. */
  end(socket: BunSocket): void;
  /** The descriptor is gone; with an error if the connection broke. */
  close(socket: BunSocket, error?: unknown): void;
  /** Something failed that does not close the socket by itself. */
  error(socket: BunSocket, error: unknown): void;
  /** The attempt to connect failed. */
  connectError(socket: BunSocket, error: unknown): void;
  /** The idle timeout passed; none is set. */
  timeout(socket: BunSocket): void;
}

/** What `Bun.connect` takes. */
export interface BunConnectOptions {
  /** A literal address. */
  readonly hostname: string;
  /** Port number. */
  readonly port: number;
  /** Whether our side stays open after the far end's FIN. */
  readonly allowHalfOpen: boolean;
  /** No meaning for clients. */
  readonly exclusive: boolean;
  /** Never set: it would connect to a path. */
  readonly unix: undefined;
  /** Never set: it would adopt a descriptor. */
  readonly fd: undefined;
  /** Never set: TLS comes from `node:tls`. */
  readonly tls: undefined;
  /** Never set: handlers keep what they need themselves. */
  readonly data: undefined;
  /** What Bun calls. */
  readonly socket: BunSocketHandlers;
}

/** The global `Bun`, as far as Parley uses it. */
export interface BunGlobal {
  /** Connects; rejects with an error that carries a `code`. */
  connect(options: BunConnectOptions): Promise<BunSocket>;
}
