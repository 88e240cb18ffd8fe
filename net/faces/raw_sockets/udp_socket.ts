/**
 * `UDPSocket` of the Raw Sockets explainer and the interface definitions of 2021 (RS-04), with the streams of the later
 * drafts.
 *
 * Empty datagrams are sent, which IoT devices use to keep a path open. ICMP messages are events and end nothing.
 *
 * https://github.com/WICG/direct-sockets/pull/33
 */
import { defineInterface } from "../../../core/webidl.ts";
import { DatagramReader } from "../../datagram_data.ts";
import type { ConnectedUdp } from "../../engine/udp/open_udp.ts";
import type { UdpMessage } from "../../engine/udp/udp_message.ts";
import type { NetworkErrorEvents, NetworkErrorListener } from "../../network_error_event.ts";
import { type UDPStats, udpStats } from "../../udp_stats.ts";

/** A datagram from the peer. */
export interface UDPMessage {
  /** Its bytes, the program's own. */
  data: Uint8Array<ArrayBuffer>;
}

/** A datagram to be sent. */
export interface UDPMessageInit {
  /** Its bytes, at most 65,507; may be empty. They must not change until the write settles. */
  data: BufferSource;
}

/** Where a datagram came from: always the peer. */
export interface UDPSource {
  /** IP address of the peer. */
  remoteAddress: string;
  /** Port of the peer. */
  remotePort: number;
}

/** What `openUDPSocket` puts into a socket. */
export interface UdpSocketInit {
  /** The socket. */
  readonly socket: ConnectedUdp;
  /** Errors that end nothing. */
  readonly events: NetworkErrorEvents;
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

const MINT: unique symbol = Symbol("mint");

/**
 * A socket that exchanges datagrams with one peer. Made by `openUDPSocket` only. What comes from anybody else is dropped.
 *
 * Until the peer has answered, 10 datagrams and 4 KiB leave at once, then one datagram a second; `send()` waits for its turn.
 * A datagram is delivered once: to an iteration or to `readable`, whichever asked first. Fires `networkerror`
 * (a `NetworkErrorEvent`) when the system reports that a datagram could not be delivered; the socket goes on.
 *
 * @example Sending, and counting
 * ```ts
 * import { openUDPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using socket = await openUDPSocket({ remoteAddress: "echo.example", remotePort: 7 });
 * socket.addEventListener("networkerror", () => {});
 * await socket.send(new TextEncoder().encode("hello"));
 * await socket.send(new Blob(["again"]));
 * assert.equal(socket.stats.sent, 2);
 * ```
 */
export class UDPSocket {
  readonly #init: UdpSocketInit;
  readonly #reader = new DatagramReader();

  /**
   * Not for scripts: sockets come from `openUDPSocket`.
   *
   * @throws {TypeError} always.
   */
  constructor(...given: [token?: symbol, init?: UdpSocketInit]) {
    const [token, init] = given;
    if (token !== MINT || init === undefined) throw new TypeError("Illegal constructor");
    this.#init = init;
  }

  /** IP address of the peer. */
  get remoteAddress(): string {
    return this.#init.socket.remote?.address ?? "";
  }

  /** Port of the peer. */
  get remotePort(): number {
    return this.#init.socket.remote?.port ?? 0;
  }

  /** IP address of this end. */
  get localAddress(): string {
    return this.#init.socket.local.address;
  }

  /** Port of this end. */
  get localPort(): number {
    return this.#init.socket.local.port;
  }

  /** Size of the system's send buffer in bytes as the system says, or null where the runtime cannot tell. */
  get sendBufferSize(): number | null {
    return this.#init.socket.sendBufferSize;
  }

  /** Size of the system's receive buffer in bytes as the system says, or null where the runtime cannot tell. */
  get receiveBufferSize(): number | null {
    return this.#init.socket.receiveBufferSize;
  }

  /** Messages from the peer. Not a byte stream: each chunk is one datagram. */
  get readable(): ReadableStream<UDPMessage> {
    return this.#init.socket.readable;
  }

  /** Messages to the peer. A write settles when the system has taken the datagram; one that fails ends the stream. */
  get writable(): WritableStream<UDPMessageInit> {
    return this.#init.socket.writable;
  }

  /** Settles when both directions have ended; rejects with a `NotAllowedError` when the permission was taken back. */
  get closed(): Promise<void> {
    return this.#init.socket.closed;
  }

  /** What has passed so far: a frozen record, new each time. */
  get stats(): UDPStats {
    return udpStats(this.#init.socket);
  }

  /**
   * Sends a datagram.
   *
   * @param data Its bytes, at most 65,507; may be empty. They must not change until this settles.
   * @returns Resolves once the datagram was handed to the system. Whether it arrives nobody knows.
   * @throws {TypeError} for data of another kind.
   * @throws {DOMException} `NetworkError` when it is too large or the system refuses it, `InvalidStateError` when the socket is
   * closed, `NotAllowedError` when the permission was taken back. The socket goes on after a `NetworkError`.
   */
  async send(data: Blob | BufferSource): Promise<void> {
    const { socket, toFaceError } = this.#init;
    try {
      const read = this.#reader.read(data);
      const bytes = read instanceof Uint8Array ? read : await read;
      await socket.send({ bytes, remoteAddress: null, remotePort: 0, dnsQueryType: null }, null);
    } catch (error) {
      throw toFaceError(error);
    }
  }

  /**
   * Closes the socket. Iterations end; what was not read is dropped.
   *
   * @returns Settles as `closed` does.
   * @throws {DOMException} `InvalidStateError` when a stream is locked; nothing is closed then.
   */
  async close(): Promise<void> {
    const { socket } = this.#init;
    if (socket.locked) throw new DOMException("Cannot close the socket: a stream is locked", "InvalidStateError");
    await socket.close();
  }

  /**
   * Listens for errors that do not end the socket; as the method of an `EventTarget`.
   *
   * @param type The event.
   * @param listener Called with a `NetworkErrorEvent`, whose `error` says what happened.
   * @param options `once`, and a `signal` that ends listening.
   */
  addEventListener(
    type: "networkerror",
    listener: NetworkErrorListener,
    options?: AddEventListenerOptions | boolean,
  ): void {
    this.#init.events.addEventListener(type, listener as EventListener, options);
  }

  /**
   * Stops listening.
   *
   * @param type The event.
   * @param listener As it was given to `addEventListener`.
   * @param options As they were given to `addEventListener`.
   */
  removeEventListener(
    type: "networkerror",
    listener: NetworkErrorListener,
    options?: EventListenerOptions | boolean,
  ): void {
    this.#init.events.removeEventListener(type, listener as EventListener, options);
  }

  /** Datagrams with their source. The iteration ends when the socket is closed. */
  entries(): AsyncGenerator<[UDPSource, Blob], void> {
    return messages(this.#init, (source, blob) => [source, blob]);
  }

  /** The sources of datagrams. */
  keys(): AsyncGenerator<UDPSource, void> {
    return messages(this.#init, (source) => source);
  }

  /** Datagrams. */
  values(): AsyncGenerator<Blob, void> {
    return messages(this.#init, (_source, blob) => blob);
  }

  /** The same as `entries()`. */
  [Symbol.asyncIterator](): AsyncGenerator<[UDPSource, Blob], void> {
    return this.entries();
  }

  /** Closes the socket at the end of an `await using` block, whether or not its streams are locked. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#init.socket.close().catch(() => {});
  }
}

defineInterface(UDPSocket, {
  tag: "UDPSocket",
  members: [
    "remoteAddress",
    "remotePort",
    "localAddress",
    "localPort",
    "sendBufferSize",
    "receiveBufferSize",
    "readable",
    "writable",
    "closed",
    "stats",
    "send",
    "close",
    "addEventListener",
    "removeEventListener",
    "entries",
    "keys",
    "values",
  ],
});
// https://webidl.spec.whatwg.org/#js-asynchronous-iterable
Object.defineProperty(UDPSocket.prototype, Symbol.asyncIterator, {
  value: UDPSocket.prototype.entries,
  writable: true,
  enumerable: false,
  configurable: true,
});

/** Makes a socket; for the face itself. */
export function createUdpSocket(init: UdpSocketInit): UDPSocket {
  return new UDPSocket(MINT, init);
}

async function* messages<Item>(
  { socket, toFaceError }: UdpSocketInit,
  toItem: (source: UDPSource, blob: Blob) => Item,
): AsyncGenerator<Item, void> {
  const { address: remoteAddress, port: remotePort } = socket.remote ?? { address: "", port: 0 };
  for (;;) {
    let message: UdpMessage | null;
    try {
      message = await socket.receive();
    } catch (error) {
      throw toFaceError(error);
    }
    if (message === null) return;
    yield toItem({ remoteAddress, remotePort }, new Blob([message.data]));
  }
}
