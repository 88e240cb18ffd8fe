/** Multicast on a socket of `node:dgram`, or of Bun, whose own sockets have the same methods. */
import { ParleyError } from "../../../core/errors.ts";
import type { InterfaceAddress, Membership, MulticastSendOptions } from "../../../net/datagram_port.ts";
import { groupError, type Translate } from "./datagram_error.ts";

/** The methods of a socket that deal with groups. */
export interface GroupSocket {
  /** Joins a group for any source. */
  addMembership(group: string, via?: string): unknown;
  /** Leaves it. */
  dropMembership(group: string, via?: string): unknown;
  /** Joins a group for one source. */
  addSourceSpecificMembership(source: string, group: string, via?: string): unknown;
  /** Leaves it. */
  dropSourceSpecificMembership(source: string, group: string, via?: string): unknown;
  /** Sets the hop limit of datagrams to groups. */
  setMulticastTTL(timeToLive: number): unknown;
  /** Sets whether sockets of this machine receive them. */
  setMulticastLoopback(enable: boolean): unknown;
  /** Sets the interface they leave by. */
  setMulticastInterface(via: string): unknown;
}

/** What a runtime can do with groups. */
export interface GroupTraits {
  /** Turns the runtime's errors into Parley's. */
  readonly translate: Translate;
  /** Whether a time to live of 0 is possible. */
  readonly multicastTtlZero: boolean;
  /** Whether the hop limit of IPv6 groups can be set, and one of their sources be chosen. */
  readonly ipv6Groups: boolean;
  /** The addresses of this machine, or null where they are hidden. */
  interfaces(): readonly InterfaceAddress[] | null;
}

/** What the system uses for IPv6 groups unless told otherwise. */
const DEFAULT_HOPS = 1;

/** Multicast on one socket. */
export class Groups {
  readonly #socket: GroupSocket;
  readonly #family: 4 | 6;
  readonly #traits: GroupTraits;
  #viaChosen = false;

  /**
   * @param socket An open socket.
   * @param options Its family, and what the runtime can do.
   */
  constructor(socket: GroupSocket, options: { readonly family: 4 | 6; readonly traits: GroupTraits }) {
    this.#socket = socket;
    this.#family = options.family;
    this.#traits = options.traits;
  }

  /**
   * Joins a group.
   *
   * @throws {ParleyError} with a `NET_` code; `RUNTIME_UNSUPPORTED` for what the runtime cannot do.
   */
  join(membership: Membership): void {
    const { group, source, via } = this.#named(membership, "join");
    this.#do(`join ${group}`, () => {
      if (source === null) this.#socket.addMembership(group, via);
      else this.#socket.addSourceSpecificMembership(source, group, via);
    });
  }

  /**
   * Leaves a group.
   *
   * @throws {ParleyError} with a `NET_` code; `RUNTIME_UNSUPPORTED` for what the runtime cannot do.
   */
  leave(membership: Membership): void {
    const { group, source, via } = this.#named(membership, "leave");
    this.#do(`leave ${group}`, () => {
      if (source === null) this.#socket.dropMembership(group, via);
      else this.#socket.dropSourceSpecificMembership(source, group, via);
    });
  }

  /**
   * Sets how datagrams to groups are sent.
   *
   * @throws {ParleyError} with a `NET_` code; `RUNTIME_UNSUPPORTED` for what the runtime cannot do.
   */
  setMulticast({ timeToLive, loopback, interfaceName }: MulticastSendOptions): void {
    const doing = "set how datagrams to groups are sent";
    if (timeToLive === 0 && !this.#traits.multicastTtlZero) {
      throw unsupported(doing, "the runtime refuses a time to live of 0");
    }
    const hopsSettable = this.#family === 4 || this.#traits.ipv6Groups;
    if (!hopsSettable && timeToLive !== DEFAULT_HOPS) {
      throw unsupported(doing, "the runtime does not set the hop limit of IPv6 groups");
    }
    const via = this.#via(interfaceName, doing);
    this.#do(doing, () => {
      if (hopsSettable) this.#socket.setMulticastTTL(timeToLive);
      this.#socket.setMulticastLoopback(loopback);
      if (via !== undefined) this.#socket.setMulticastInterface(via);
      else if (this.#viaChosen) this.#socket.setMulticastInterface(this.#family === 4 ? "0.0.0.0" : "::");
    });
    this.#viaChosen = via !== undefined;
  }

  /** A membership in the words of the runtime. */
  #named({ group, source, interfaceName }: Membership, verb: string) {
    const doing = `${verb} ${group.text}`;
    for (const { family } of source === null ? [group] : [group, source]) {
      if (family === this.#family) continue;
      throw new ParleyError("NET_UNREACHABLE", `Cannot ${doing}: the socket is bound to an IPv${this.#family} address`);
    }
    if (source !== null && this.#family === 6 && !this.#traits.ipv6Groups) {
      throw unsupported(doing, "the runtime does not choose sources of IPv6 groups");
    }
    return { group: group.text, source: source?.text ?? null, via: this.#via(interfaceName, doing) };
  }

  /** An interface as the system wants it: for IPv4 an address of it, for IPv6 its name as a zone. */
  #via(name: string | null, doing: string): string | undefined {
    if (name === null) return undefined;
    const all = this.#traits.interfaces();
    if (all === null) {
      const state = "the runtime's permissions hide the interfaces (Deno: --allow-sys=networkInterfaces)";
      throw new ParleyError("NET_OS_DENIED", `Cannot ${doing} by the interface ${name}: ${state}`);
    }
    // A name that does not exist would be taken for no choice at all.
    const found = all.filter((entry) => entry.name === name);
    const ipv4 = found.find(({ address }) => address.family === 4);
    if (this.#family === 6 && found.length > 0) return `::%${name}`;
    if (this.#family === 4 && ipv4 !== undefined) return ipv4.address.text;
    const state = found.length === 0 ? "there is no such interface" : "it has no IPv4 address";
    throw new ParleyError("NET_UNREACHABLE", `Cannot ${doing} by the interface ${name}: ${state}`);
  }

  #do(doing: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      throw groupError(error, { doing, translate: this.#traits.translate });
    }
  }
}

function unsupported(doing: string, state: string): ParleyError {
  return new ParleyError("RUNTIME_UNSUPPORTED", `Cannot ${doing}: ${state}`);
}
