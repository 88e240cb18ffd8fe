/** Whom a bound socket may send to, found by what stands in a datagram; and what those who wrote to it may be answered. */
import type { Clock } from "../../../core/clock.ts";
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { DatagramAddress } from "../../datagram_port.ts";
import { AddressTable } from "./address_table.ts";
import { AnswerBudget } from "./answer_budget.ts";
import { addressText, Peer } from "./peer.ts";
import { MAX_PUBLIC_PEERS } from "./public_peers.ts";
import type { SendBacklog } from "./send_backlog.ts";
import type { OutgoingDatagram } from "./udp_message.ts";
import { UnansweredLimit } from "./unanswered_limit.ts";

/** What a book works with. */
export interface PeerBookInit {
  /** Measures. */
  readonly clock: Clock;
  /** Bounds what waits. */
  readonly backlog: SendBacklog;
  /** Whether peers come and go under one approval (NET-28): then there is a limit to how many are remembered. */
  readonly forgets: boolean;
}

/** A peer to be entered. */
export interface NewPeer {
  /** The address. */
  readonly address: IpAddress;
  /** The port. */
  readonly port: number;
  /** The approval that covers it, or null for the socket's own. */
  readonly grant: Grant | null;
  /** Whether it may be sent little until it has answered. */
  readonly isLimited: boolean;
}

/** The pinned addresses of a name: the first of each family. */
interface PinnedName {
  readonly first: string;
  readonly ipv4: string | null;
  readonly ipv6: string | null;
}

/** Peers by address, names by name, senders by address. */
export class PeerBook {
  readonly #init: PeerBookInit;
  readonly #peers = new AddressTable<Peer>();
  readonly #names = new AddressTable<PinnedName>();
  readonly #budget: AnswerBudget;

  /** @param init What it works with. */
  constructor(init: PeerBookInit) {
    this.#init = init;
    this.#budget = new AnswerBudget(init.clock);
  }

  /** How many peers there are. */
  get size(): number {
    return this.#peers.size;
  }

  /** The peer that a datagram goes to, if it is known. Allocates nothing. */
  find({ remoteAddress, remotePort, dnsQueryType }: OutgoingDatagram): Peer | undefined {
    const host = remoteAddress ?? "";
    const peer = this.#peers.get(host, remotePort);
    if (peer !== undefined) return peer;
    const pinned = this.#names.get(host, remotePort);
    if (pinned === undefined) return undefined;
    const text = dnsQueryType === null ? pinned.first : pinned[dnsQueryType];
    return text === null ? undefined : this.#peers.get(text, remotePort);
  }

  /** Whether a datagram goes to a name that is known to have no address of the family that is wanted. */
  lacksFamily({ remoteAddress, remotePort, dnsQueryType }: OutgoingDatagram): boolean {
    if (remoteAddress === null || dnsQueryType === null) return false;
    return this.#names.get(remoteAddress, remotePort)?.[dnsQueryType] === null;
  }

  /** Notes that a datagram came: a peer has answered, or somebody may be. */
  heard(from: DatagramAddress, byteLength: number): void {
    const peer = this.#peers.get(from.address, from.port);
    if (peer === undefined) return this.#budget.heard(from, byteLength);
    peer.limit?.lift();
    this.touch(peer);
  }

  /** Takes an answer out of what a sender may get; null when it is too much, or the sender unknown. */
  answer(to: DatagramAddress, byteLength: number): DatagramAddress | null {
    return this.#budget.take(to, byteLength);
  }

  /** Notes that a peer is in use. */
  touch(peer: Peer): void {
    if (this.#init.forgets) peer.lastUsedMs = this.#init.clock.monotonicMs();
  }

  /** Enters a peer, or a further approval for one that is there. */
  enter({ address, port, grant, isLimited }: NewPeer): void {
    const known = this.#peers.get(addressText(address), port);
    if (known !== undefined) {
      if (grant !== null) known.addGrant(grant);
      return;
    }
    if (this.#init.forgets && this.#peers.size >= MAX_PUBLIC_PEERS) this.#forgetIdlest();
    const limit = isLimited ? new UnansweredLimit(this.#init.clock, this.#init.backlog) : null;
    const peer = new Peer({ address, port, grant, limit });
    if (this.#budget.hasHeard(peer.to)) limit?.lift();
    this.#peers.set(peer.to, peer);
    this.touch(peer);
  }

  /** Pins a name to addresses, which are entered as peers: the first of each family. */
  pin(name: string, port: number, addresses: readonly IpAddress[]): void {
    const firstOf = (family: 4 | 6): string | null => {
      const found = addresses.find((address) => address.family === family);
      return found === undefined ? null : addressText(found);
    };
    const [first] = addresses;
    if (first === undefined) return;
    this.#names.set({ address: name, port }, { first: addressText(first), ipv4: firstOf(4), ipv6: firstOf(6) });
  }

  /** Refuses whatever waits for its turn. */
  end(error: unknown): void {
    for (const peer of this.#peers.values()) peer.limit?.end(error);
  }

  /** A look at all of them, but new peers come at 50 a minute at most. */
  #forgetIdlest(): void {
    let idlest: Peer | null = null;
    for (const peer of this.#peers.values()) {
      if (peer.limit?.isBusy === true) continue;
      if (idlest === null || peer.lastUsedMs < idlest.lastUsedMs) idlest = peer;
    }
    if (idlest !== null) this.#peers.delete(idlest.to.address, idlest.to.port);
  }
}
