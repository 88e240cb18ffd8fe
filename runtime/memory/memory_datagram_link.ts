/** One datagram socket in memory: its peer, its groups, and a receive buffer that is as full as a kernel's can be. */
import type { Clock, Timer } from "../../core/clock.ts";
import type { ErrorCode } from "../../core/error_codes.ts";
import { ParleyError } from "../../core/errors.ts";
import { formatHostPort, type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type {
  BindOptions,
  DatagramAddress,
  DatagramHandlers,
  DatagramLink,
  Membership,
  MulticastSendOptions,
} from "../../net/datagram_port.ts";
import type { SocketAddress } from "../../net/port.ts";
import type { DatagramFate, MemoryDatagrams } from "./memory_datagrams.ts";
import { isMulticast, isWildcard, type LocalEnd, machineOf, takesFamily } from "./memory_machine.ts";

/** An address and a port. */
export interface MemoryEndpoint {
  /** The address. */
  readonly address: IpAddress;
  /** The port. */
  readonly port: number;
}

/** A datagram on its way. */
export interface MemoryDatagram {
  /** The content; belongs to the sender. */
  readonly bytes: Uint8Array;
  /** Where it comes from. */
  readonly from: DatagramAddress;
  /** Where it goes. */
  readonly to: MemoryEndpoint;
}

/** What a socket is made of. */
export interface MemoryDatagramLinkOptions {
  /** Its own end; the port is not 0. */
  readonly at: MemoryEndpoint;
  /** The one peer, or null. */
  readonly remote: MemoryEndpoint | null;
  /** How it was opened. */
  readonly options: BindOptions;
  /** Who is told. */
  readonly handlers: DatagramHandlers;
}

/** What waits in a receive buffer. */
interface Arrived {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly from: DatagramAddress;
}

/** The size of buffers unless it is chosen, as on Linux. */
const DEFAULT_BUFFER = 212_992;
/** What a datagram costs in the buffer beside its bytes, so that empty ones fill it, too. */
const DATAGRAM_COST = 768;
const SYSTEM_CHOICE: MulticastSendOptions = Object.freeze({ timeToLive: 1, loopback: true, interfaceName: null });

/** A {@linkcode DatagramLink} in memory. */
export class MemoryDatagramLink implements DatagramLink {
  readonly local: SocketAddress;
  readonly sendBufferSize: number;
  readonly receiveBufferSize: number;
  /** What it is bound to. */
  readonly end: LocalEnd;
  readonly #network: MemoryDatagrams;
  readonly #how: MemoryDatagramLinkOptions;
  readonly #remoteText: string;
  readonly #memberships: Membership[] = [];
  readonly #noted = new Set<string>();
  readonly #fates = new WeakMap<MemoryDatagramLink, DatagramFate>();
  readonly #timers = new Set<Timer>();
  #multicast = SYSTEM_CHOICE;
  #arrived: Arrived[] = [];
  #arrivedCost = 0;
  #closed = false;

  /**
   * @param network Where it is.
   * @param how What it is.
   */
  constructor(network: MemoryDatagrams, how: MemoryDatagramLinkOptions) {
    const { at, remote, options } = how;
    this.#network = network;
    this.#how = how;
    this.#remoteText = remote === null ? "" : textOf(remote.address);
    this.end = { address: at.address, ipv6Only: options.ipv6Only };
    this.local = Object.freeze({ address: textOf(at.address), port: at.port });
    this.sendBufferSize = options.sendBufferSize ?? DEFAULT_BUFFER;
    this.receiveBufferSize = options.receiveBufferSize ?? DEFAULT_BUFFER;
  }

  /** Whether it has one peer. */
  get isConnected(): boolean {
    return this.#how.remote !== null;
  }

  /** Whether it may send broadcasts. */
  get mayBroadcast(): boolean {
    return this.#how.options.broadcast;
  }

  /** Whether others may bind to its address and port. */
  get sharesAddress(): boolean {
    return this.#how.options.addressSharing;
  }

  /** Sends a datagram. */
  send(bytes: Uint8Array, to: DatagramAddress): Promise<void> | undefined {
    try {
      this.#requireOpen("send");
      const target = this.#how.remote ?? this.#target(to);
      const datagram = { bytes, from: this.#source(target.address), to: target };
      const heard = this.#network.carry(datagram, this);
      this.#note(target);
      if (!heard && this.isConnected) queueMicrotask(() => this.#refused());
      return undefined;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Joins a group.
   *
   * @throws {ParleyError} `NET_UNREACHABLE`, `NET_CLOSED`, or `NET_FAILED` when it is in the group already.
   */
  join(membership: Membership): void {
    const doing = `join ${membership.group.text}`;
    this.#check(membership, doing);
    if (this.#find(membership) >= 0) throw refusal("NET_FAILED", `${doing}: the socket is in the group already`);
    this.#memberships.push(membership);
    this.#network.note(`join ${membership.group.text}`);
  }

  /**
   * Leaves a group.
   *
   * @throws {ParleyError} `NET_UNREACHABLE`, `NET_CLOSED`, or `NET_FAILED` when it is not in the group.
   */
  leave(membership: Membership): void {
    const doing = `leave ${membership.group.text}`;
    this.#check(membership, doing);
    const index = this.#find(membership);
    if (index < 0) throw refusal("NET_FAILED", `${doing}: the socket is not in the group`);
    this.#memberships.splice(index, 1);
  }

  /**
   * Sets how datagrams to groups are sent.
   *
   * @throws {ParleyError} `NET_UNREACHABLE` for an interface that does not exist, `NET_CLOSED`.
   */
  setMulticast(options: MulticastSendOptions): void {
    const doing = "set how datagrams to groups are sent";
    this.#requireOpen(doing);
    this.#requireInterface(options.interfaceName, doing);
    this.#multicast = Object.freeze({ ...options });
  }

  /** Releases the address. What was sent to it and not yet handed on is dropped. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#arrived = [];
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#network.remove(this);
  }

  /** Whether a connected socket takes what comes from there; any other does. */
  admits({ address, port }: DatagramAddress): boolean {
    const { remote } = this.#how;
    return remote === null || (remote.port === port && this.#remoteText === address);
  }

  /** Whether it is in the group that a datagram goes to, and the sender's options let it reach this machine. */
  hearsGroup({ from, to }: MemoryDatagram, sender: MemoryDatagramLink): boolean {
    const { timeToLive, loopback, interfaceName } = sender.#multicast;
    const { interfaces } = this.#network;
    const near = machineOf(this.end, interfaces) === machineOf(sender.end, interfaces);
    if (near ? !loopback : timeToLive === 0) return false;
    if (!isWildcard(this.end.address) && this.end.address.text !== to.address.text && near) return false;
    return this.#memberships.some((membership) =>
      membership.group.text === to.address.text &&
      (membership.source === null || membership.source.text === from.address) &&
      (interfaceName === null || (membership.interfaceName ?? interfaceName) === interfaceName)
    );
  }

  /** Whether it takes broadcasts: bound to no address in particular, or another machine. */
  hearsBroadcast(): boolean {
    const elsewhere = machineOf(this.end, this.#network.interfaces) !== "";
    return takesFamily(this.end, 4) && (elsewhere || isWildcard(this.end.address));
  }

  /** Takes a datagram in, as the faults have it. */
  receive({ bytes, from }: MemoryDatagram, sender: MemoryDatagramLink): void {
    const { faults } = this.#network;
    if (faults === null) return this.#arrive({ bytes: bytes.slice(), from });
    const fate = sender.#fates.get(this) ?? faults.datagrams();
    sender.#fates.set(this, fate);
    for (const { bytes: copy, deliverAtMs } of fate(bytes)) {
      const delayMs = deliverAtMs - faults.clock.monotonicMs();
      if (delayMs <= 0) this.#arrive({ bytes: copy, from });
      else this.#arriveLater({ bytes: copy, from }, { clock: faults.clock, delayMs });
    }
  }

  #arriveLater(arrived: Arrived, { clock, delayMs }: { readonly clock: Clock; readonly delayMs: number }): void {
    const timer = clock.after(delayMs, () => {
      this.#timers.delete(timer);
      this.#arrive(arrived);
    });
    this.#timers.add(timer);
  }

  /** What finds no room is dropped, and nobody told, as by a kernel. */
  #arrive(arrived: Arrived): void {
    const cost = arrived.bytes.byteLength + DATAGRAM_COST;
    const room = this.#arrived.length === 0 || this.#arrivedCost + cost <= this.receiveBufferSize;
    if (this.#closed || !room) return;
    if (this.#arrived.length === 0) queueMicrotask(() => this.#flush());
    this.#arrived.push(arrived);
    this.#arrivedCost += cost;
  }

  #flush(): void {
    const batch = this.#arrived;
    this.#arrived = [];
    this.#arrivedCost = 0;
    for (const { bytes, from } of batch) {
      if (!this.#closed) this.#how.handlers.datagram(bytes, from, false);
    }
  }

  #refused(): void {
    if (this.#closed || this.#how.remote === null) return;
    const { address, port } = this.#how.remote;
    this.#how.handlers.error(refusal("NET_REFUSED", `reach ${formatHostPort(address.text, port)}: refused`));
  }

  #target({ address: text, port }: DatagramAddress): MemoryEndpoint {
    const doing = `send to ${text}`;
    const address = parseIpAddress(text);
    if (address === null) throw refusal("NET_DNS", `${doing}: names are not looked up here`);
    this.#requireInterface(address.zone, doing);
    const own = this.end.address;
    const mapped = address.family === 4 && own.text === "::" && !this.end.ipv6Only && !isMulticast(address);
    if (address.family === own.family || mapped) return { address, port };
    throw refusal("NET_UNREACHABLE", `${doing}: the socket is bound to an IPv${own.family} address`);
  }

  #source(to: IpAddress): DatagramAddress {
    const { address, port } = this.local;
    if (!isWildcard(this.end.address)) return { address, port };
    return { address: textOf(this.#network.sourceFor(to)), port };
  }

  #note({ address, port }: MemoryEndpoint): void {
    if (this.isConnected) return;
    const where = formatHostPort(address.text, port);
    if (this.#noted.has(where)) return;
    this.#noted.add(where);
    this.#network.note(`udp ${where}`);
  }

  #check({ group, source, interfaceName }: Membership, doing: string): void {
    this.#requireOpen(doing);
    const { family } = this.end.address;
    if (group.family !== family || (source ?? group).family !== family) {
      throw refusal("NET_UNREACHABLE", `${doing}: the socket is bound to an IPv${family} address`);
    }
    this.#requireInterface(interfaceName, doing);
  }

  #find({ group, source }: Membership): number {
    return this.#memberships.findIndex((membership) =>
      membership.group.text === group.text && membership.source?.text === source?.text
    );
  }

  #requireOpen(doing: string): void {
    if (this.#closed) throw refusal("NET_CLOSED", `${doing}: the socket is closed`);
  }

  #requireInterface(name: string | null, doing: string): void {
    if (name === null || this.#network.interfaces.some((entry) => entry.name === name)) return;
    throw refusal("NET_UNREACHABLE", `${doing}: there is no interface ${name}`);
  }
}

function textOf({ text, zone }: IpAddress): string {
  return zone === null ? text : `${text}%${zone}`;
}

function refusal(code: ErrorCode, what: string): ParleyError {
  return new ParleyError(code, `Cannot ${what}`);
}
