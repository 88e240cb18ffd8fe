/**
 * Datagrams in memory: the sockets of one network, found by address and port.
 *
 * The machine in memory has the addresses of `interfaces`, and all of 127.0.0.0/8. A socket bound to any other address plays
 * another machine, so that a test can be both ends. Nothing is lost but what a full receive buffer drops, unless there are faults.
 */
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { formatHostPort, type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type {
  BindOptions,
  DatagramHandlers,
  DatagramLink,
  DatagramOptions,
  InterfaceAddress,
} from "../../net/datagram_port.ts";
import { isBroadcastAddress } from "../_node/dgram/broadcast_address.ts";
import type { DatagramDelivery } from "./datagram_fates.ts";
import { type MemoryDatagram, MemoryDatagramLink, type MemoryEndpoint } from "./memory_datagram_link.ts";
import { hears, isMulticast, isWildcard, type LocalEnd, overlap } from "./memory_machine.ts";

/** What becomes of the datagrams that go one way between two sockets; asked for each in the order of sending. */
export type DatagramFate = (bytes: Uint8Array) => readonly DatagramDelivery[];

/** What goes wrong with datagrams. */
export interface DatagramFaults {
  /** Measures delays. */
  readonly clock: Clock;
  /** Makes the fate of one way between two sockets. */
  datagrams(): DatagramFate;
}

/** Parts of a network in memory that a test replaces. */
export interface MemoryDatagramsOptions {
  /** The addresses of the machine; those of loopback by default. */
  readonly interfaces?: readonly InterfaceAddress[];
  /** What goes wrong; without it all arrive, in order and before any timer. */
  readonly faults?: DatagramFaults | null;
}

/** The most bytes of a datagram over IPv4. */
const MAX_DATAGRAM = 65_507;
const FIRST_PORT = 49_152;
const LAST_PORT = 65_535;
const UNSHARED = Object.freeze({ ipv6Only: false, addressSharing: false });

const LOOPBACK: readonly InterfaceAddress[] = Object.freeze([
  Object.freeze({ name: "lo", address: known("127.0.0.1"), prefixLength: 8 }),
  Object.freeze({ name: "lo", address: known("::1"), prefixLength: 128 }),
]);

/** The datagram sockets of a memory network. */
export class MemoryDatagrams {
  /** The addresses of the machine. */
  readonly interfaces: readonly InterfaceAddress[];
  /** What goes wrong, or null. */
  readonly faults: DatagramFaults | null;
  readonly #log: string[];
  /** By port, in the order of binding. */
  readonly #sockets = new Map<number, readonly MemoryDatagramLink[]>();
  #nextPort = FIRST_PORT;

  /**
   * @param log Where it is noted what leaves: `udp ADDRESS:PORT` for the first datagram of a socket to a destination and for
   * every connected socket, `join GROUP` for every membership.
   * @param options Parts to replace.
   */
  constructor(log: string[], options: MemoryDatagramsOptions = {}) {
    this.#log = log;
    this.interfaces = options.interfaces ?? LOOPBACK;
    this.faults = options.faults ?? null;
  }

  /**
   * Opens a socket with one peer.
   *
   * @throws {ParleyError} `NET_OS_DENIED` for a broadcast address without the option.
   */
  async connect(
    target: MemoryEndpoint,
    how: { readonly options: DatagramOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink> {
    if (!how.options.broadcast) this.#refuseBroadcast(target);
    const address = this.sourceFor(target.address);
    const at = { address, port: this.#freePort(address) };
    const options = { ...how.options, ...UNSHARED };
    this.note(`udp ${formatHostPort(target.address.text, target.port)}`);
    return await this.#add(new MemoryDatagramLink(this, { at, remote: target, options, handlers: how.handlers }));
  }

  /**
   * Binds a socket.
   *
   * @throws {ParleyError} `NET_IN_USE` when another has the port, or none is free.
   */
  async bind(
    at: MemoryEndpoint,
    how: { readonly options: BindOptions; readonly handlers: DatagramHandlers },
  ): Promise<DatagramLink> {
    const port = at.port === 0 ? this.#freePort(at.address) : at.port;
    if (this.#isTaken({ address: at.address, port }, how.options)) {
      const where = formatHostPort(at.address.text, port);
      throw new ParleyError("NET_IN_USE", `Cannot bind a socket to ${where}: another socket has that address and port`);
    }
    return await this.#add(new MemoryDatagramLink(this, { ...how, at: { address: at.address, port }, remote: null }));
  }

  /** Notes what leaves. */
  note(line: string): void {
    this.#log.push(line);
  }

  /** Takes a socket out. */
  remove(link: MemoryDatagramLink): void {
    const { port } = link.local;
    const others = (this.#sockets.get(port) ?? []).filter((other) => other !== link);
    if (others.length === 0) this.#sockets.delete(port);
    else this.#sockets.set(port, others);
  }

  /** The address that a socket which is bound to none sends from. */
  sourceFor(to: IpAddress): IpAddress {
    const own = this.interfaces.map(({ address }) => address).filter(({ family }) => family === to.family);
    const source = own.find(({ text }) => text === to.text) ?? own[0];
    return source ?? known(to.family === 4 ? "127.0.0.1" : "::1");
  }

  /**
   * Carries a datagram to whoever hears it.
   *
   * @returns Whether anybody does; a group and a network never say that nobody does.
   * @throws {ParleyError} `NET_MESSAGE_SIZE`, and `NET_OS_DENIED` for a broadcast without the option.
   */
  carry(datagram: MemoryDatagram, sender: MemoryDatagramLink): boolean {
    const { bytes, to } = datagram;
    if (bytes.byteLength > MAX_DATAGRAM) {
      const where = formatHostPort(to.address.text, to.port);
      throw new ParleyError("NET_MESSAGE_SIZE", `Cannot send to ${where}: it is larger than a datagram can be`);
    }
    if (!sender.mayBroadcast) this.#refuseBroadcast(to);
    const sockets = (this.#sockets.get(to.port) ?? []).filter((socket) => socket.admits(datagram.from));
    const group = isMulticast(to.address);
    if (group || isBroadcastAddress(to.address.text, this.interfaces)) {
      for (const socket of sockets) {
        if (group ? socket.hearsGroup(datagram, sender) : socket.hearsBroadcast()) socket.receive(datagram, sender);
      }
      return true;
    }
    const best = this.#best(sockets, to.address);
    best?.receive(datagram, sender);
    return best !== null;
  }

  /** As in a system: a connected socket before one bound to the address, that before a wildcard, the latest of equals. */
  #best(sockets: readonly MemoryDatagramLink[], to: IpAddress): MemoryDatagramLink | null {
    let best: MemoryDatagramLink | null = null;
    let highest = -1;
    for (const socket of sockets) {
      if (!hears(socket.end, to, this.interfaces)) continue;
      const rank = socket.isConnected ? 2 : isWildcard(socket.end.address) ? 0 : 1;
      if (rank >= highest) [best, highest] = [socket, rank];
    }
    return best;
  }

  #refuseBroadcast({ address, port }: MemoryEndpoint): void {
    if (!isBroadcastAddress(address.text, this.interfaces)) return;
    const where = formatHostPort(address.text, port);
    throw new ParleyError("NET_OS_DENIED", `Cannot send to ${where}: broadcasting was not asked for`);
  }

  #add(link: MemoryDatagramLink): MemoryDatagramLink {
    const { port } = link.local;
    this.#sockets.set(port, [...this.#sockets.get(port) ?? [], link]);
    return link;
  }

  #freePort(address: IpAddress): number {
    for (let tried = FIRST_PORT; tried <= LAST_PORT; tried++) {
      const port = this.#nextPort;
      this.#nextPort = port === LAST_PORT ? FIRST_PORT : port + 1;
      if (!this.#isTaken({ address, port }, UNSHARED)) return port;
    }
    throw new ParleyError("NET_IN_USE", "Cannot open a socket: no port is free");
  }

  #isTaken(
    { address, port }: MemoryEndpoint,
    { ipv6Only, addressSharing }: Pick<BindOptions, "ipv6Only" | "addressSharing">,
  ): boolean {
    const end: LocalEnd = { address, ipv6Only };
    return (this.#sockets.get(port) ?? []).some((other) =>
      !(addressSharing && other.sharesAddress) && overlap(end, other.end, this.interfaces)
    );
  }
}

function known(text: string): IpAddress {
  return parseIpAddress(text) as IpAddress;
}
