/**
 * A datagram link over `Bun.udpSocket`: mostly the kernel takes a datagram at once, and nothing is allocated; else the sends
 * wait for `drain` in order.
 */
import type { ParleyError } from "../../core/errors.ts";
import type {
  DatagramAddress,
  DatagramHandlers,
  DatagramLink,
  Membership,
  MulticastSendOptions,
} from "../../net/datagram_port.ts";
import type { SocketAddress } from "../../net/port.ts";
import { sendError, socketClosedError } from "../_node/dgram/datagram_error.ts";
import { DestinationTexts } from "../_node/dgram/destination_texts.ts";
import type { DgramTraits } from "../_node/dgram/dgram_link.ts";
import { Groups } from "../_node/dgram/groups.ts";
import { Sender, zonedText } from "../_node/dgram/sender.ts";
import { nativeCode } from "../_node/errors.ts";
import { endpointText, socketAddress } from "../_node/tcp_link.ts";
import { bunNetError } from "./errors.ts";
import type { BunUdpHandlers, BunUdpSocket } from "./types.ts";

/** What is known about a socket before it is open. */
export interface BunDatagramLinkOptions {
  /** The socket's family. */
  readonly family: 4 | 6;
  /** The one peer, or null. */
  readonly remote: DatagramAddress | null;
  /** The interface that the socket is bound to by its own or its peer's link-local address, or null. */
  readonly zone: string | null;
  /** Who is told. */
  readonly handlers: DatagramHandlers;
  /** What the runtime can do. */
  readonly traits: DgramTraits;
}

/** A datagram that the kernel did not take yet. */
interface WaitingSend {
  readonly bytes: Uint8Array;
  readonly address: string;
  readonly port: number;
  readonly resolve: () => void;
  readonly reject: (error: ParleyError) => void;
}

/** A {@linkcode DatagramLink} over a UDP socket of Bun. */
export class BunDatagramLink implements DatagramLink {
  readonly local: SocketAddress;
  /** Bun does not say. */
  readonly sendBufferSize = null;
  /** Bun does not say. */
  readonly receiveBufferSize = null;
  readonly #socket: BunUdpSocket;
  readonly #remote: DatagramAddress | null;
  readonly #handlers: DatagramHandlers;
  readonly #destinations: DestinationTexts;
  readonly #groups: Groups;
  readonly #sender: Sender;
  #waiting: WaitingSend[] = [];
  #closed = false;

  /**
   * @param socket An open socket, whose handlers call the `on…` methods.
   * @param options What the socket cannot say.
   */
  constructor(socket: BunUdpSocket, options: BunDatagramLinkOptions) {
    const { family, remote, zone, handlers, traits } = options;
    this.#socket = socket;
    this.#remote = remote;
    this.#handlers = handlers;
    this.#destinations = new DestinationTexts(family, traits);
    this.#groups = new Groups(socket, { family, traits });
    this.#sender = new Sender(zone);
    const { address, port } = socket.address;
    this.local = { address: zonedText(socketAddress(address, port).address, zone), port };
  }

  send(bytes: Uint8Array, to: DatagramAddress): Promise<void> | undefined {
    if (this.#closed) return Promise.reject(socketClosedError("send"));
    const { address, port } = this.#remote ?? to;
    try {
      const text = this.#remote === null ? this.#destinations.text(address) : address;
      if (this.#waiting.length === 0 && this.#try(bytes, text, port)) return undefined;
      return new Promise((resolve, reject) => {
        this.#waiting.push({ bytes, address: text, port, resolve, reject });
      });
    } catch (error) {
      return Promise.reject(failure(error, { address, port }));
    }
  }

  /**
   * Joins a group.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  join(membership: Membership): void {
    if (this.#closed) throw socketClosedError("join a group");
    this.#groups.join(membership);
  }

  /**
   * Leaves a group.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  leave(membership: Membership): void {
    if (this.#closed) throw socketClosedError("leave a group");
    this.#groups.leave(membership);
  }

  /**
   * Sets how datagrams to groups are sent.
   *
   * @throws {ParleyError} with a `NET_` code; `RUNTIME_UNSUPPORTED` for a time to live of 0.
   */
  setMulticast(options: MulticastSendOptions): void {
    if (this.#closed) throw socketClosedError("set how datagrams to groups are sent");
    this.#groups.setMulticast(options);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { reject } of this.#waiting) reject(socketClosedError("send"));
    this.#waiting = [];
    this.#socket.close();
  }

  /** Hands a datagram on. What arrived between the binding and the connecting was not filtered by the system. */
  onData(bytes: Uint8Array, from: DatagramAddress, truncated: boolean): void {
    if (this.#closed) return;
    const sender = this.#sender.set(from.address, from.port);
    const remote = this.#remote;
    if (remote !== null && (sender.port !== remote.port || sender.address !== remote.address)) return;
    // Bun makes an array of its own for each. Looking at its `buffer` to be sure would cost as much as all the rest here.
    this.#handlers.datagram(bytes as Uint8Array<ArrayBuffer>, sender, truncated);
  }

  /** Goes on with what waits. */
  onDrain(): void {
    const waiting = this.#waiting;
    let gone = 0;
    for (; gone < waiting.length && !this.#closed; gone++) {
      const { bytes, address, port, resolve, reject } = waiting[gone] as WaitingSend;
      try {
        if (!this.#try(bytes, address, port)) break;
        resolve();
      } catch (error) {
        reject(failure(error, { address, port }));
      }
    }
    waiting.splice(0, gone);
  }

  /**
   * Reports an error. ICMP messages count on connected sockets only, as everywhere; one that says a datagram was too long
   * repeats what its sender was told.
   */
  onError(error: Error & { readonly errqueue?: boolean }): void {
    if (this.#closed || nativeCode(error) === "EMSGSIZE") return;
    const remote = this.#remote;
    if (remote === null && error.errqueue === true) return;
    const doing = remote === null ? "receive" : `reach ${endpointText(remote.address, remote.port)}`;
    this.#handlers.error(bunNetError(error, doing));
  }

  /** Whether the kernel took it. The ICMP message for one datagram fails the next send: the second attempt tells. */
  #try(bytes: Uint8Array, address: string, port: number): boolean {
    try {
      return this.#hand(bytes, address, port);
    } catch {
      return this.#hand(bytes, address, port);
    }
  }

  #hand(bytes: Uint8Array, address: string, port: number): boolean {
    return this.#remote === null ? this.#socket.send(bytes, port, address) : this.#socket.send(bytes);
  }
}

/**
 * Handlers for Bun.
 *
 * @param link Gives the link, once there is one.
 */
export function udpHandlers(link: () => BunDatagramLink | null): BunUdpHandlers {
  // One object for all datagrams.
  const from = { address: "", port: 0 };
  return {
    data: (_socket, bytes, port, address, flags) => {
      from.address = address;
      from.port = port;
      link()?.onData(bytes, from, flags?.truncated === true);
    },
    drain: () => link()?.onDrain(),
    error: (error) => link()?.onError(error),
  };
}

function failure(error: unknown, { address, port }: DatagramAddress): ParleyError {
  return sendError(error, { doing: `send to ${endpointText(address, port)}`, translate: bunNetError });
}
