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
  readonly binaryType: "uint8array";
  open(socket: BunSocket): void;
  data(socket: BunSocket, chunk: Uint8Array): void;
  drain(socket: BunSocket): void;
  /** The far end sent FIN. */
  end(socket: BunSocket): void;
  /** The descriptor is gone; with an error if the connection broke. */
  close(socket: BunSocket, error?: unknown): void;
  error(socket: BunSocket, error: unknown): void;
  connectError(socket: BunSocket, error: unknown): void;
  timeout(socket: BunSocket): void;
}

/** What `Bun.connect` takes. */
export interface BunConnectOptions {
  readonly hostname: string;
  readonly port: number;
  readonly allowHalfOpen: boolean;
  readonly exclusive: boolean;
  readonly unix: undefined;
  readonly fd: undefined;
  readonly tls: undefined;
  readonly data: undefined;
  readonly socket: BunSocketHandlers;
}

/** The global `Bun`, as far as Parley uses it. */
export interface BunGlobal {
  /** Connects; rejects with an error that carries a `code`. */
  connect(options: BunConnectOptions): Promise<BunSocket>;
}
