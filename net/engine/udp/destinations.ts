/**
 * NET-27: to a bound socket each new destination is a decision of its own, made once: approvals and refusals hold for the
 * socket, whoever sends meanwhile waits for the same answer, and a name is looked up once and stays with what was vetted.
 */
import { type Destination, makeDestination } from "../../../core/destination.ts";
import { isParleyError, ParleyError } from "../../../core/errors.ts";
import { type CanonicalHost, canonicalHost } from "../../../core/host.ts";
import { classifyAddress, type IpAddress } from "../../../core/ip_address.ts";
import { connectDescriptor, type Descriptor } from "../../../permissions/descriptor.ts";
import type { Grant } from "../../../permissions/grant.ts";
import { holdBack, type LateRefusalTerms, withinJudging } from "../../late_refusal.ts";
import type { EngineHost } from "../engine_host.ts";
import { resolvePublicName, resolveTarget } from "../resolve_target.ts";
import { AddressTable, RecentTable } from "./address_table.ts";
import { isBroadcastAddress } from "./broadcast_addresses.ts";
import { withDeadline } from "./deadline.ts";
import { GroupApprovals } from "./group_approvals.ts";
import { limitError } from "./limit_error.ts";
import { addressText, type Peer } from "./peer.ts";
import type { PeerBook } from "./peer_book.ts";
import { PublicPeers, refuseNear } from "./public_peers.ts";
import type { OutgoingDatagram } from "./udp_message.ts";

/** Most destinations that are approved for one socket. */
export const MAX_APPROVED_PEERS: number = 1000;
/** Refusals that are remembered; past it the oldest is forgotten, and the broker is asked again. */
const MAX_REFUSALS = 1000;
/** Milliseconds for the lookup of a name. */
const LOOKUP_TIMEOUT_MS = 30_000;

/** Who decides, and who is told. */
export interface DestinationEvents {
  /**
   * Asks for an approval.
   *
   * @param descriptor For what.
   * @param signal Withdraws the question.
   */
  approve(descriptor: Descriptor, signal: AbortSignal): Promise<Grant>;
  /** An approved destination can be sent to, at this address. */
  destinationOpened(grant: Grant, address: string): void;
  /** An approved destination cannot be sent to. */
  destinationFailed(grant: Grant, error: unknown): void;
  /**
   * Whether the program gave sending to a destination up, for what would be sent without a decision. Asked before each
   * answer and each new public peer.
   */
  isGivenUp(address: string, port: number): boolean;
}

/** What the decisions are made from. */
export interface DestinationsInit {
  /** Network and time. */
  readonly host: EngineHost;
  /** The approval of the socket itself. */
  readonly grant: Grant;
  /** Where the outcome is entered. */
  readonly book: PeerBook;
  /** Whether the socket was bound with leave to broadcast. */
  readonly broadcast: boolean;
  /** Which families the socket can send to, its own last. */
  readonly families: readonly (4 | 6)[];
  /** Withdraws questions and lookups: fires when the socket is over. */
  readonly signal: AbortSignal;
  /** Who decides, and who is told. */
  readonly events: DestinationEvents;
}

/** The decisions on destinations, for one socket. */
export class Destinations {
  /** The decisions on groups. */
  readonly groups: GroupApprovals;
  readonly #init: DestinationsInit;
  readonly #publicPeers: PublicPeers | null;
  readonly #pending = new AddressTable<Promise<void>>();
  readonly #refusals = new RecentTable<ParleyError>(MAX_REFUSALS);
  /** Approvals of names whose lookup has failed so far. */
  readonly #unresolved = new AddressTable<Grant>();
  /** Refusals that a lookup led to, with the approvals that it was made under. */
  readonly #found = new WeakMap<ParleyError, Grant>();
  #approved = 0;

  /** @param init What the decisions are made from. */
  constructor(init: DestinationsInit) {
    this.#init = init;
    this.groups = new GroupApprovals((descriptor) => this.#ask(descriptor));
    this.#publicPeers = init.grant.descriptor.name === "udp-peers" ? new PublicPeers(init.host.clock) : null;
  }

  /**
   * Whether somebody said no to a destination, or the program gave it up. That nobody could be asked, or that no question
   * could be put, is not a no: an answer to a device that called in needs none.
   */
  mayNotAnswer(address: string, port: number): boolean {
    if (this.#refusals.get(address, port)?.code === "PERM_DENIED") return true;
    return this.#init.events.isGivenUp(address, port);
  }

  /**
   * The peer that a datagram goes to, once that is decided.
   *
   * @throws {ParleyError} with a `DEST_`, `PERM_` or `NET_` code, or `ARG_INVALID` for a broadcast nobody announced.
   */
  async decide(datagram: OutgoingDatagram): Promise<Peer> {
    const host = canonicalHost(datagram.remoteAddress ?? "");
    const destination = makeDestination({ scheme: "udp", host, port: datagram.remotePort });
    const canonical = { ...datagram, remoteAddress: host.text };
    const known = this.#init.book.find(canonical);
    if (known !== undefined) return known;
    if (!this.#init.book.lacksFamily(canonical)) await this.#opened(destination);
    const peer = this.#init.book.find(canonical);
    if (peer !== undefined) return peer;
    const { dnsQueryType } = datagram;
    throw new ParleyError("NET_DNS", `Cannot send to ${host.text}: it has no ${dnsQueryType ?? "usable"} address`);
  }

  /** Decides a destination, or waits for the decision that is under way. */
  #opened(destination: Destination): Promise<void> {
    const { host: { text: address }, port } = destination;
    const refusal = this.#refusals.get(address, port);
    if (refusal !== undefined) return this.#refuseAgain(refusal, destination.host);
    const pending = this.#pending.get(address, port);
    if (pending !== undefined) return pending;
    const opening = this.#open(destination).finally(() => this.#pending.delete(address, port));
    this.#pending.set({ address, port }, opening);
    return opening;
  }

  async #open(destination: Destination): Promise<void> {
    const { host: { address, text }, port } = destination;
    try {
      if (address === null) await this.#openName(destination);
      else await this.#openAddress(destination, address);
    } catch (error) {
      // What the peer limit of a minute or the network refuses may be let through next time.
      if (isParleyError(error) && error.code.startsWith("PERM_")) this.#refusals.set({ address: text, port }, error);
      throw error;
    }
  }

  async #openAddress(destination: Destination, address: IpAddress): Promise<void> {
    const { host: { net }, book, broadcast, families, events } = this.#init;
    const { port } = destination;
    const isGroup = classifyAddress(address) === "multicast";
    // No system sends from an IPv6 socket to an IPv4 group; the last family is the socket's own.
    if (isGroup ? families.at(-1) !== address.family : !families.includes(address.family)) {
      throw unreachable(address.text);
    }
    if (isGroup) {
      const grant = await this.groups.toSend(address, port);
      return book.enter({ address, port, grant, isLimited: false });
    }
    // Whatever the program is told before the answer follows from the text alone, not from this machine's networks.
    const reads = isBroadcastAddress(address, null);
    if (reads && !broadcast) throw withoutBroadcast(address);
    if (reads || isBroadcastAddress(address, net.interfaces())) {
      const grant = await this.#askFor(destination, { broadcast: true });
      if (!broadcast) throw withoutBroadcast(address);
      return this.#enter(grant, [address], port);
    }
    if (this.#publicPeers !== null && !events.isGivenUp(addressText(address), port)) {
      refuseNear(this.#init.host, address);
      this.#publicPeers.admit(address, port);
      return book.enter({ address, port, grant: null, isLimited: true });
    }
    const grant = await this.#askFor(destination, { broadcast: false });
    this.#enter(grant, [address], port);
  }

  async #openName(destination: Destination): Promise<void> {
    const { host: { text: name }, port } = destination;
    // What was given up is for the broker to refuse, and to report.
    const addresses = this.#publicPeers === null || this.#init.events.isGivenUp(name, port)
      ? await this.#resolveApproved(destination)
      : await this.#resolvePublic(destination, this.#publicPeers);
    this.#init.book.pin(name, port, addresses);
  }

  /** Asks for a name, looks it up, and enters what may be reached. A lookup that fails is tried again without a question. */
  async #resolveApproved(destination: Destination): Promise<readonly IpAddress[]> {
    const { host: { text: name }, port } = destination;
    const { host } = this.#init;
    const grant = this.#unresolved.get(name, port) ?? await this.#askFor(destination, { broadcast: false });
    this.#unresolved.set({ address: name, port }, grant);
    const addresses = await this.#judge(destination.host, grant, async (until) => {
      const vetted = await resolveTarget(host, grant, { dnsQueryType: null, signal: until, judgesFarEnd: false });
      return this.#reachable(name, vetted);
    });
    this.#enter(grant, addresses, port);
    this.#unresolved.delete(name, port);
    return addresses;
  }

  async #resolvePublic(destination: Destination, publicPeers: PublicPeers): Promise<readonly IpAddress[]> {
    const { host, grant, book } = this.#init;
    const { host: target, port } = destination;
    const addresses = await this.#judge(target, grant, async (signal) => {
      const found = this.#reachable(target.text, await resolvePublicName(host, grant, { target, port, signal }));
      this.#refuseGivenUp(target.text, found, port);
      return found;
    });
    for (const address of addresses) {
      const known = { bytes: NOTHING, remoteAddress: addressText(address), remotePort: port, dnsQueryType: null };
      if (book.find(known) !== undefined) continue;
      publicPeers.admit(address, port);
      book.enter({ address, port, grant: null, isLimited: true });
    }
    return addresses;
  }

  /** Looks a name up and judges what it leads to. The operator is told at once what comes of it, the program in time. */
  #judge<Result>(host: CanonicalHost, grant: Grant, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { events, signal } = this.#init;
    return holdBack(this.#lateTerms(host, grant), {
      work: (judging) => this.#withDeadline((until) => withinJudging({ signal: until, judging }, work)),
      failed: (error) => {
        if (isParleyError(error)) this.#found.set(error, grant);
        if (!signal.aborted) events.destinationFailed(grant, error);
      },
    });
  }

  /** What a lookup found out takes as long to tell the second time: else it would differ from a name without address. */
  #refuseAgain(refusal: ParleyError, host: CanonicalHost): Promise<never> {
    const grant = this.#found.get(refusal);
    if (grant === undefined) return Promise.reject(refusal);
    return holdBack(this.#lateTerms(host, grant), { work: () => Promise.reject(refusal), failed: () => {} });
  }

  #lateTerms({ kind, text: name }: CanonicalHost, grant: Grant): LateRefusalTerms {
    const { host: { clock }, signal } = this.#init;
    return { clock, grants: [grant], name, findsMore: kind === "name", signal, timeoutMs: null };
  }

  /** A name is no way to an address that the program gave up. */
  #refuseGivenUp(name: string, addresses: readonly IpAddress[], port: number): void {
    if (!addresses.some((address) => this.#init.events.isGivenUp(addressText(address), port))) return;
    throw new ParleyError("PERM_DENIED", `Cannot send to ${name}: the program gave up what it points to`);
  }

  /** The first address of each family that the socket can send to. */
  #reachable(name: string, addresses: readonly IpAddress[]): readonly IpAddress[] {
    const { host: { net }, families } = this.#init;
    const interfaces = net.interfaces();
    const everybody = addresses.find((address) => isBroadcastAddress(address, interfaces));
    if (everybody !== undefined) {
      throw new ParleyError(
        "PERM_ADDRESS",
        `Cannot send to ${name}: it points to ${everybody.text}, a broadcast address`,
      );
    }
    const found = addresses.filter(({ family }, at) =>
      families.includes(family) && addresses.findIndex((other) => other.family === family) === at
    );
    if (found.length === 0) throw unreachable(name);
    return found;
  }

  #enter(grant: Grant, addresses: readonly IpAddress[], port: number): void {
    const { book, events } = this.#init;
    if (grant.destination.host.kind === "address") grant.vet(addresses);
    for (const address of addresses) {
      book.enter({ address, port, grant, isLimited: true });
      events.destinationOpened(grant, addressText(address));
    }
  }

  #askFor(destination: Destination, { broadcast }: { readonly broadcast: boolean }): Promise<Grant> {
    const { port } = destination;
    return this.#ask(connectDescriptor({ transport: "udp", destination, port, broadcast }));
  }

  async #ask(descriptor: Descriptor): Promise<Grant> {
    if (this.#approved >= MAX_APPROVED_PEERS) {
      throw limitError(
        "approved-peers",
        `Cannot send: ${MAX_APPROVED_PEERS} destinations are approved for the socket already`,
      );
    }
    this.#approved++;
    try {
      const grant = await this.#init.events.approve(descriptor, this.#init.signal);
      grant.spend();
      return grant;
    } catch (error) {
      this.#approved--;
      throw error;
    }
  }

  #withDeadline<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const { host: { clock }, signal } = this.#init;
    return withDeadline({ clock, signal, timeoutMs: LOOKUP_TIMEOUT_MS }, work);
  }
}

const NOTHING = new Uint8Array(0);

function withoutBroadcast({ text }: IpAddress): ParleyError {
  return new ParleyError("ARG_INVALID", `Cannot send to ${text}: the socket was bound without broadcast`);
}

function unreachable(where: string): ParleyError {
  return new ParleyError(
    "NET_UNREACHABLE",
    `Cannot send to ${where}: the socket is bound to the other family of addresses`,
  );
}
