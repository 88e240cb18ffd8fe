/** What a runtime supplies for UDP. Part of `NetBackend`. Queues, limits and consent are the engine's. */
import type { Grant } from "../permissions/grant.ts";
import type { IpAddress } from "../core/ip_address.ts";
import type { ParleyError } from "../core/errors.ts";
import type { SocketAddress } from "./port.ts";

/** What a datagram socket tells the engine. The handlers never throw. */
export interface DatagramHandlers {
  /**
   * A datagram arrived. There is no way to make the system wait: what the engine does not want it drops.
   *
   * @param bytes The content; it belongs to the engine, and its memory to nobody else.
   * @param from Sender: canonical address text (IPv4-mapped as IPv4, with zone if link-local) and port. Only valid during
   * the call: a back end may use one object for all.
   * @param truncated Whether the system cut the datagram off.
   */
  datagram(bytes: Uint8Array<ArrayBuffer>, from: DatagramAddress, truncated: boolean): void;
  /** The system reported an error that does not end the socket, such as an ICMP message that nothing listens there. */
  error(error: ParleyError): void;
}

/** Where a datagram comes from or goes to. */
export interface DatagramAddress {
  /** Literal address, as for {@linkcode SocketAddress}. */
  readonly address: string;
  /** Port number. */
  readonly port: number;
}

/** How to open a datagram socket. */
export interface DatagramOptions {
  /** Wanted size of the system's send buffer in bytes, or null for its default. */
  readonly sendBufferSize: number | null;
  /** Wanted size of the system's receive buffer in bytes, or null for its default. */
  readonly receiveBufferSize: number | null;
  /** Whether datagrams may go to broadcast addresses (SO_BROADCAST). */
  readonly broadcast: boolean;
}

/** How to bind one. */
export interface BindOptions extends DatagramOptions {
  /** Keeps a socket on `::` from taking IPv4 datagrams too. */
  readonly ipv6Only: boolean;
  /** Lets other sockets bind to the same port (SO_REUSEADDR), for multicast. */
  readonly addressSharing: boolean;
}

/** A group, and from where and by which way it is heard. */
export interface Membership {
  /** The group's address. */
  readonly group: IpAddress;
  /** The one sender to be heard, or null for any. */
  readonly source: IpAddress | null;
  /** Name of the interface, such as `eth0`; null leaves the choice to the system. */
  readonly interfaceName: string | null;
}

/** How datagrams to groups are sent. */
export interface MulticastSendOptions {
  /** Routers that may pass them on: 0 stays on this machine, 1 on the link, at most 255. */
  readonly timeToLive: number;
  /** Whether sockets of this machine receive them too. */
  readonly loopback: boolean;
  /** Name of the interface, or null for the system's choice. */
  readonly interfaceName: string | null;
}

/** An open datagram socket. */
export interface DatagramLink {
  /** This end. */
  readonly local: SocketAddress;
  /** Sizes that the system really uses, in bytes, or null where the runtime cannot tell. */
  readonly sendBufferSize: number | null;
  /** Likewise. */
  readonly receiveBufferSize: number | null;
  /**
   * Sends one datagram. Any number may be under way.
   *
   * @param bytes The content, 0 to 65,507 bytes; must not change until it settles.
   * @param to Literal address and port; ignored by connected sockets.
   * @returns Resolves once the system has taken it; undefined when it took it at once.
   * @throws never; rejects with `NET_MESSAGE_SIZE`, `NET_UNREACHABLE`, `NET_CLOSED` or another `NET_` code, and goes on.
   */
  send(bytes: Uint8Array, to: DatagramAddress): Promise<void> | undefined;
  /**
   * Joins a group.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  join(membership: Membership): void;
  /**
   * Leaves a group.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  leave(membership: Membership): void;
  /**
   * Sets how datagrams to groups are sent.
   *
   * @throws {ParleyError} with a `NET_` code; `RUNTIME_UNSUPPORTED` for what the runtime cannot do.
   */
  setMulticast(options: MulticastSendOptions): void;
  /** Releases the descriptor. Idempotent, never throws. No handler is called afterwards. */
  close(): void;
}

/** An address of this machine. */
export interface InterfaceAddress {
  /** Name of the interface, such as `eth0`. */
  readonly name: string;
  /** The address. */
  readonly address: IpAddress;
  /** Leading bits that neighbours share. */
  readonly prefixLength: number;
}

/** The part of a back end that sends and receives datagrams. */
export interface DatagramBackend {
  /**
   * Opens a socket that exchanges datagrams with one peer. Where the system does not filter by sender, the back end need not:
   * the engine does.
   *
   * @throws {ParleyError} with a `NET_` code.
   */
  connectDatagram(
    grant: Grant,
    target: { readonly address: IpAddress; readonly port: number },
    how: { readonly options: DatagramOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink>;
  /**
   * Binds a socket to a local address and port; 0 for one that the system picks.
   *
   * @throws {ParleyError} `NET_IN_USE`, `NET_OS_DENIED`, or another `NET_` code.
   */
  bindDatagram(
    grant: Grant,
    at: { readonly address: IpAddress; readonly port: number },
    how: { readonly options: BindOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink>;
  /** The addresses of this machine, or null where the runtime's permissions hide them. Never prompts. */
  interfaces(): readonly InterfaceAddress[] | null;
}
