/** A datagram link over a socket of `node:dgram`: on Node and Deno always, on Bun for what its own sockets cannot do. */
import type dgram from "node:dgram";
import type { ParleyError } from "../../../core/errors.ts";
import type {
  DatagramAddress,
  DatagramHandlers,
  DatagramLink,
  Membership,
  MulticastSendOptions,
} from "../../../net/datagram_port.ts";
import type { SocketAddress } from "../../../net/port.ts";
import { ownedChunk } from "../chunk_queue.ts";
import { endpointText, socketAddress } from "../tcp_link.ts";
import { sendError, socketClosedError } from "./datagram_error.ts";
import { type AddressTraits, DestinationTexts } from "./destination_texts.ts";
import { Groups, type GroupTraits } from "./groups.ts";
import { PendingSend, type SendOwner } from "./pending_send.ts";
import { Sender, zonedText } from "./sender.ts";

/** What a runtime makes of `node:dgram`. */
export interface DgramTraits extends AddressTraits, GroupTraits {
  /** Whether `connect` reaches the system, which then filters by sender and reports ICMP messages. */
  readonly connects: boolean;
  /** Whether buffer sizes reach the system, and can be asked for. */
  readonly sizesBuffers: boolean;
  /** Whether an ICMP message that fails a send is reported as an event, too. */
  readonly reportsTwice: boolean;
  /** What is known about a send that failed without a reason, if anything. */
  explain?(error: unknown, to: DatagramAddress & { readonly broadcast: boolean }): unknown;
}

/** What is known about an open socket. */
export interface DgramLinkOptions {
  /** The socket's family. */
  readonly family: 4 | 6;
  /** The one peer, or null. */
  readonly remote: DatagramAddress | null;
  /** The interface that the socket is bound to by its own or its peer's link-local address, or null. */
  readonly zone: string | null;
  /** Whether broadcasts are allowed. */
  readonly broadcast: boolean;
  /** Who is told. */
  readonly handlers: DatagramHandlers;
  /** What the runtime can do. */
  readonly traits: DgramTraits;
}

/** Sends that are kept for use again. */
const MAX_SPARE = 64;

/** A {@linkcode DatagramLink} over `node:dgram`. */
export class DgramLink implements DatagramLink, SendOwner {
  readonly local: SocketAddress;
  readonly sendBufferSize: number | null;
  readonly receiveBufferSize: number | null;
  /** Part of {@linkcode SendOwner}. */
  readonly retries: boolean;
  readonly #socket: dgram.Socket;
  readonly #options: DgramLinkOptions;
  readonly #connected: boolean;
  readonly #destinations: DestinationTexts;
  readonly #groups: Groups;
  readonly #sender: Sender;
  readonly #spare: PendingSend[] = [];
  #closed = false;

  /**
   * @param socket A bound socket, connected if it has a peer and the runtime can.
   * @param options What the socket cannot say.
   */
  constructor(socket: dgram.Socket, options: DgramLinkOptions) {
    const { family, traits, zone } = options;
    this.#socket = socket;
    this.#options = options;
    this.#connected = options.remote !== null && traits.connects;
    this.retries = traits.connects;
    this.#destinations = new DestinationTexts(family, traits);
    this.#groups = new Groups(socket, { family, traits });
    this.#sender = new Sender(zone);
    const { address, port } = socket.address();
    this.local = { address: zonedText(socketAddress(address, port).address, zone), port };
    this.sendBufferSize = traits.sizesBuffers ? socket.getSendBufferSize() : null;
    this.receiveBufferSize = traits.sizesBuffers ? socket.getRecvBufferSize() : null;
    socket.on("message", (bytes, from) => this.#received(bytes, from));
    socket.on("error", (error) => this.#report(error));
  }

  send(bytes: Uint8Array, to: DatagramAddress): Promise<void> {
    if (this.#closed) return Promise.reject(socketClosedError("send"));
    const send = this.#spare.pop() ?? new PendingSend(this);
    const { address, port } = this.#options.remote ?? to;
    try {
      send.address = this.#connected ? "" : this.#destinations.text(address);
    } catch (error) {
      this.free(send);
      return Promise.reject(error);
    }
    send.bytes = bytes;
    send.port = port;
    return send.start();
  }

  /**
   * Joins a group.
   *
   * @throws {ParleyError} with a `NET_` code, or `RUNTIME_UNSUPPORTED`.
   */
  join(membership: Membership): void {
    if (this.#closed) throw socketClosedError("join a group");
    this.#groups.join(membership);
  }

  /**
   * Leaves a group.
   *
   * @throws {ParleyError} with a `NET_` code, or `RUNTIME_UNSUPPORTED`.
   */
  leave(membership: Membership): void {
    if (this.#closed) throw socketClosedError("leave a group");
    this.#groups.leave(membership);
  }

  /**
   * Sets how datagrams to groups are sent.
   *
   * @throws {ParleyError} with a `NET_` code, or `RUNTIME_UNSUPPORTED`.
   */
  setMulticast(options: MulticastSendOptions): void {
    if (this.#closed) throw socketClosedError("set how datagrams to groups are sent");
    this.#groups.setMulticast(options);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#socket.close();
    } catch {
      // Already gone; closing never throws.
    }
  }

  /**
   * Part of {@linkcode SendOwner}.
   *
   * @throws {Error} Whatever the runtime throws instead of calling back.
   */
  hand({ bytes, address, port, done }: PendingSend): void {
    // A second attempt may come after the close, and not every runtime calls back then.
    if (this.#closed) throw socketClosedError("send");
    if (address === "") this.#socket.send(bytes as Uint8Array, done);
    else this.#socket.send(bytes as Uint8Array, port, address, done);
  }

  /** Part of {@linkcode SendOwner}. */
  failure(error: unknown, { address, port }: PendingSend): ParleyError {
    const { remote, traits, broadcast } = this.#options;
    const to = address === "" && remote !== null ? remote : { address: address.replace("::ffff:", ""), port };
    const doing = `send to ${endpointText(to.address, to.port)}`;
    if (this.#closed) return socketClosedError(doing);
    const known = traits.explain?.(error, { ...to, broadcast }) ?? error;
    return sendError(known, { doing, translate: traits.translate });
  }

  /** Part of {@linkcode SendOwner}. */
  late(error: unknown): void {
    if (!this.#options.traits.reportsTwice) this.#report(error);
  }

  /** Part of {@linkcode SendOwner}. */
  free(send: PendingSend): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(send);
  }

  #received(bytes: Uint8Array, from: DatagramAddress | undefined): void {
    // Deno calls once more without a sender when it is closed.
    if (this.#closed || from === undefined) return;
    const sender = this.#sender.set(from.address, from.port);
    // What arrived between the binding and the connecting was not filtered by the system.
    const { remote } = this.#options;
    const stray = this.#connected && (sender.port !== remote?.port || sender.address !== remote.address);
    if (!stray) this.#options.handlers.datagram(ownedChunk(bytes), sender, false);
  }

  #report(error: unknown): void {
    if (this.#closed) return;
    const { remote, traits, handlers } = this.#options;
    const doing = remote === null ? "receive" : `reach ${endpointText(remote.address, remote.port)}`;
    handlers.error(traits.translate(error, doing));
  }
}
