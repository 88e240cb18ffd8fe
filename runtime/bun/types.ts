/**
 * The part of Bun's API that Parley uses, as Bun 1.4.5 behaves. Bun's own types are not a dependency: they would change
 * the globals of every other runtime's code.
 */

/** A TCP or local socket of Bun. */
export interface BunSocket {
  /** What a program attaches to it; undefined at first. */
  data: unknown;
  /** Address of this end; undefined for local sockets, and when the connection is gone. */
  readonly localAddress: string | undefined;
  /** Port of this end, likewise. */
  readonly localPort: number | undefined;
  /** Address of the far end, likewise. */
  readonly remoteAddress: string | undefined;
  /** Port of the far end, likewise. */
  readonly remotePort: number | undefined;
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

/** What `Bun.connect` takes for a path. */
export interface BunPathOptions extends Omit<BunConnectOptions, "hostname" | "port" | "unix"> {
  /** The path. */
  readonly unix: string;
  /** Never set: it would connect there instead. */
  readonly hostname: undefined;
  /** Likewise. */
  readonly port: undefined;
}

/** What `Bun.listen` takes: an address and port, or a path. */
export interface BunListenOptions extends Omit<BunConnectOptions, "hostname" | "port" | "unix"> {
  /** A literal address, or undefined. */
  readonly hostname: string | undefined;
  /** Port number, 0 for one of the system's choice, or undefined. */
  readonly port: number | undefined;
  /** A path, or undefined. */
  readonly unix: string | undefined;
  /** Whether a server on `::` leaves IPv4 alone. */
  readonly ipv6Only: boolean;
  /** Whether others may listen on the same port. */
  readonly reusePort: boolean;
}

/** A listening socket of Bun. */
export interface BunListener {
  /** The address it listens on; undefined for a path. */
  readonly hostname: string | undefined;
  /** The port, as the system picked it; undefined for a path. */
  readonly port: number | undefined;
  /** Stops listening; accepted connections go on unless they are to be closed, too. */
  stop(closeConnections: boolean): void;
}

/** The global `Bun`, as far as Parley uses it. */
export interface BunGlobal {
  /** Connects; rejects with an error that carries a `code`. */
  connect(options: BunConnectOptions | BunPathOptions): Promise<BunSocket>;
  /** Listens; throws an error that carries a `code`. */
  listen(options: BunListenOptions): BunListener;
}

/** A UDP socket of Bun. */
export interface BunUdpSocket {
  /** This end; the address without zone. */
  readonly address: { readonly address: string; readonly port: number };
  /**
   * Sends a datagram: on a connected socket with the bytes alone. Throws the system's errors, also those of an earlier
   * datagram. Returns false when the kernel takes no more; then `drain` follows.
   */
  send(bytes: Uint8Array, port?: number, address?: string): boolean;
  /** Allows broadcasts. */
  setBroadcast(enable: boolean): boolean;
  /** Sets the hop limit of datagrams to groups, 1 to 255. */
  setMulticastTTL(timeToLive: number): number;
  /** Sets whether sockets of this machine receive them. */
  setMulticastLoopback(enable: boolean): boolean;
  /** Sets the interface they leave by: an address of it, for IPv6 `::%name`. */
  setMulticastInterface(via: string): boolean;
  /** Joins a group. */
  addMembership(group: string, via?: string): boolean;
  /** Leaves it. */
  dropMembership(group: string, via?: string): boolean;
  /** Joins a group for one source. */
  addSourceSpecificMembership(source: string, group: string, via?: string): boolean;
  /** Leaves it. */
  dropSourceSpecificMembership(source: string, group: string, via?: string): boolean;
  /** Releases the descriptor. */
  close(): void;
}

/** What Bun calls on a UDP socket's events. */
export interface BunUdpHandlers {
  /** A datagram arrived; its memory is the receiver's. */
  data(
    socket: BunUdpSocket,
    bytes: Uint8Array,
    port: number,
    address: string,
    flags?: { readonly truncated?: boolean },
  ): void;
  /** The kernel takes datagrams again. */
  drain(socket: BunUdpSocket): void;
  /** The system reported an error; unlike the other handlers it gets no socket. `errqueue` is true for ICMP messages. */
  error(error: Error & { readonly errqueue?: boolean }): void;
}

/** What `Bun.udpSocket` takes. */
export interface BunUdpOptions {
  /** A literal local address. */
  readonly hostname: string;
  /** Local port; 0 for any. */
  readonly port: number;
  /** The one peer, a literal address and a port; undefined for none. */
  readonly connect: { readonly hostname: string; readonly port: number } | undefined;
  /** In what `data` gets datagrams. */
  readonly binaryType: "uint8array";
  /** Never set: it would adopt a descriptor. */
  readonly fd: undefined;
  /** Never set: not documented. */
  readonly flags: undefined;
  /** What Bun calls. */
  readonly socket: BunUdpHandlers;
}

/** The part of the global `Bun` that opens UDP sockets. */
export interface BunUdpGlobal {
  /** Opens a socket; rejects, or throws, the system's error. */
  udpSocket(options: BunUdpOptions): Promise<BunUdpSocket>;
}
