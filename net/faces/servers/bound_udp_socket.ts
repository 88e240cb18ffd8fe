/** A bound datagram socket: hears everybody, sends to whom the operator approved, joins groups (NET-22, NET-27). */
import { formatHostPort } from "../../../core/ip_address.ts";
import { DatagramReader } from "../../datagram_data.ts";
import type { Membership } from "../../datagram_port.ts";
import type { BoundUdp } from "../../engine/udp/bound_udp.ts";
import { addressText } from "../../engine/udp/peer.ts";
import type { AddressedUdpMessage } from "../../engine/udp/udp_message.ts";
import type { NetworkErrorEvents, NetworkErrorListener } from "../../network_error_event.ts";
import { type UDPStats, udpStats } from "../../udp_stats.ts";
import { toUdpDestination, type UDPDestination } from "./udp_destination.ts";
import { udpErrors } from "./udp_errors.ts";
import { type GroupOptions, toMembership } from "./udp_group_options.ts";

export type { UDPDestination } from "./udp_destination.ts";

/** A datagram from anybody. */
export interface AddressedUDPMessage {
  /** Its bytes, the program's own. */
  data: Uint8Array<ArrayBuffer>;
  /** IP address of the sender, never a name. */
  remoteAddress: string;
  /** Port of the sender. */
  remotePort: number;
}

/** A datagram to be sent, as it is written to the stream. */
export interface AddressedUDPMessageInit extends UDPDestination {
  /** Its bytes, at most 65,507; may be empty. They must not change until the write settles. */
  readonly data: BufferSource;
}

/** A group that is joined. */
export interface UDPMembership {
  /** The group's address. */
  readonly group: string;
  /** The one sender that is heard, or null for any. */
  readonly sourceAddress: string | null;
  /** Name of the interface, or null where the system chose it. */
  readonly interface: string | null;
}

/** What `bindUDPSocket` puts into a socket. */
export interface BoundUdpSocketInit {
  /** The socket. */
  readonly socket: BoundUdp;
  /** Errors that end nothing. */
  readonly events: NetworkErrorEvents;
  /** Translates failures of the socket as a whole. */
  toFaceError(error: unknown): unknown;
}

const MINT: unique symbol = Symbol("mint");

/**
 * A bound datagram socket. Made by `bindUDPSocket` only.
 *
 * Whoever wrote to it may be answered with at most three times the bytes of the last 10 s; to send anything else the operator is asked
 * about each new destination, once for the socket. Until a destination has answered, 10 datagrams and 4 KiB leave at
 * once, then one datagram a second. A datagram is delivered once: to an iteration or to `readable`, whichever asked first.
 * Fires `networkerror` (a `NetworkErrorEvent`) for errors that do not end it.
 *
 * @example A device that answers whoever calls in
 * ```ts
 * import { bindUDPSocket } from "@parley/parley/net";
 * import assert from "node:assert/strict";
 *
 * await using device = await bindUDPSocket();
 * await using caller = await bindUDPSocket();
 * await caller.send(new TextEncoder().encode("ping"), { remoteAddress: "127.0.0.1", remotePort: device.localPort });
 * for await (const { data, remoteAddress, remotePort } of device) {
 *   await device.send(data, { remoteAddress, remotePort });
 *   break;
 * }
 * const { value: answer } = await caller.readable.getReader().read();
 * assert.equal(new TextDecoder().decode(answer?.data), "ping");
 * ```
 */
export class BoundUDPSocket {
  readonly #init: BoundUdpSocketInit;
  readonly #reader = new DatagramReader();

  /**
   * Not for scripts: sockets come from `bindUDPSocket`.
   *
   * @throws {TypeError} always.
   */
  constructor(token: symbol, init: BoundUdpSocketInit) {
    if (token !== MINT) throw new TypeError("Illegal constructor");
    this.#init = init;
  }

  /** IP address of this end. */
  get localAddress(): string {
    return this.#init.socket.local.address;
  }

  /** Port of this end, as the system picked it where 0 was asked for. */
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

  /** Messages from anybody. Not a byte stream: each chunk is one datagram. */
  get readable(): ReadableStream<AddressedUDPMessage> {
    return this.#init.socket.readable;
  }

  /** Messages to be sent. A write settles when the system has taken the datagram; one that fails ends the stream. */
  get writable(): WritableStream<AddressedUDPMessageInit> {
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

  /** The groups that are joined, in the order of joining. A frozen list, new each time. */
  get joinedGroups(): readonly UDPMembership[] {
    return Object.freeze(this.#init.socket.joinedGroups.map(shownMembership));
  }

  /**
   * Sends a datagram. The operator is asked first about a destination that is new to this socket, unless it is an answer.
   *
   * @param data Its bytes, at most 65,507; may be empty. They must not change until this settles.
   * @param to Where to.
   * @returns Resolves once the datagram was handed to the system. Whether it arrives nobody knows.
   * @throws {TypeError} for data or a destination that can never work.
   * @throws {DOMException} `NotAllowedError` for every refusal; `NetworkError` when a name cannot be looked up, a limit is
   * reached (`cause.detail.limit`) or the system refuses; `InvalidStateError` when the socket is closed, or for a broadcast
   * address when it was bound without `broadcast`. The socket goes on.
   */
  async send(data: Blob | BufferSource, to: UDPDestination): Promise<void> {
    const { socket } = this.#init;
    const where = toUdpDestination(to);
    try {
      const read = this.#reader.read(data);
      const bytes = read instanceof Uint8Array ? read : await read;
      await socket.send({ ...where, bytes }, null);
    } catch (error) {
      throw udpErrors(`send to ${formatHostPort(where.remoteAddress, where.remotePort)}`)(error);
    }
  }

  /**
   * Joins a group, if the operator approves. The same approval lets the socket send to the group at its own port. To hear a
   * group the socket is to be bound to `0.0.0.0` or `::`.
   *
   * @param group The group's IP address.
   * @param options The one sender to be heard, and the interface.
   * @throws {TypeError} for what is no group, or no sender's address.
   * @throws {DOMException} `NotAllowedError` for every refusal; `InvalidStateError` when it is joined already, and when a group
   * is joined both with and without a source; `NetworkError` when the system refuses.
   */
  async joinGroup(group: string, options: GroupOptions = {}): Promise<void> {
    const { socket } = this.#init;
    const membership = toMembership(group, options);
    try {
      await socket.joinGroup(membership);
    } catch (error) {
      throw udpErrors(`join ${addressText(membership.group)}`)(error);
    }
  }

  /**
   * Leaves a group.
   *
   * @param group The group's IP address.
   * @param options As it was joined.
   * @throws {TypeError} for what is no group, or no sender's address.
   * @throws {DOMException} `InvalidStateError` when it is not joined; `NetworkError` when the system refuses.
   */
  async leaveGroup(group: string, options: GroupOptions = {}): Promise<void> {
    const { socket } = this.#init;
    const membership = toMembership(group, options);
    try {
      socket.leaveGroup(membership);
    } catch (error) {
      throw udpErrors(`leave ${addressText(membership.group)}`)(error);
    }
  }

  /**
   * Closes the socket. Iterations end; what was not read is dropped, and groups are left.
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

  /** Datagrams, with their senders. The iteration ends when the socket is closed. */
  [Symbol.asyncIterator](): AsyncGenerator<AddressedUDPMessage, void> {
    return messages(this.#init);
  }

  /** Closes the socket at the end of an `await using` block, whether or not its streams are locked. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#init.socket.close().catch(() => {});
  }
}

/** Makes a socket; for the face itself. */
export function createBoundUdpSocket(init: BoundUdpSocketInit): BoundUDPSocket {
  return new BoundUDPSocket(MINT, init);
}

async function* messages({ socket, toFaceError }: BoundUdpSocketInit): AsyncGenerator<AddressedUDPMessage, void> {
  for (;;) {
    let message: AddressedUdpMessage | null;
    try {
      message = await socket.receive();
    } catch (error) {
      throw toFaceError(error);
    }
    if (message === null) return;
    yield message;
  }
}

function shownMembership({ group, source, interfaceName }: Membership): UDPMembership {
  return Object.freeze({
    group: addressText(group),
    sourceAddress: source === null ? null : addressText(source),
    interface: interfaceName,
  });
}
