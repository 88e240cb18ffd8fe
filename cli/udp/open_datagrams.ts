/**
 * Opens the datagram socket of `parley udp`. It stands on what the faces stand on and not on a face: whatever there is to
 * be asked is asked before standard input is read, while a face asks about a destination when it is first sent to.
 */
import { type Destination, makeDestination } from "../../core/destination.ts";
import type { ParleyError } from "../../core/errors.ts";
import { classifyAddress } from "../../core/ip_address.ts";
import type { NetContext } from "../../net/context.ts";
import { isBroadcastAddress } from "../../net/engine/udp/broadcast_addresses.ts";
import { bindUdp } from "../../net/engine/udp/bind_udp.ts";
import type { BoundUdp } from "../../net/engine/udp/bound_udp.ts";
import { DEFAULT_QUEUE_LIMITS } from "../../net/engine/udp/datagram_queue.ts";
import type { Counters } from "../../net/engine/inventory.ts";
import type { OutgoingDatagram } from "../../net/engine/udp/udp_message.ts";
import type { UdpOptions } from "../../net/engine/udp/udp_options.ts";
import { DEFAULT_MULTICAST, openApprovedUdp } from "../../net/open_approved_udp.ts";
import { reportNoUdp, reportUdpBound, reportUdpDestination, udpFailureReport } from "../../net/operator_log.ts";
import type { SocketAddress } from "../../net/port.ts";
import { decisionKey } from "../../permissions/decision_key.ts";
import { connectDescriptor, type Descriptor, type ListenDescriptor } from "../../permissions/descriptor.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { ReceivedDatagram } from "./received_line.ts";
import { type BoundPlan, type ConnectedPlan, usage } from "./udp_plan.ts";

/** Where a datagram goes: a host as it was given, or the address of a sender. */
export type DatagramTarget = SocketAddress;

/** An open socket. */
export interface Datagrams extends AsyncDisposable {
  /** This end. */
  readonly local: SocketAddress;
  /** The one peer, or null. */
  readonly remote: SocketAddress | null;
  /** What has passed. */
  readonly counters: Readonly<Counters>;
  /**
   * Takes the next datagram.
   *
   * @returns The datagram; null when the socket was closed.
   * @throws {ParleyError} When it was broken off.
   */
  receive(): Promise<ReceivedDatagram | null>;
  /**
   * Sends a datagram.
   *
   * @param bytes Its bytes.
   * @param to Where to; the one peer where there is one.
   * @returns Resolves once the system has taken it; undefined when it took it at once.
   * @throws {ParleyError} as rejection; the socket goes on.
   */
  send(bytes: Uint8Array, to: DatagramTarget): Promise<void> | undefined;
}

/** What ends the socket, and who hears of errors that do not. */
export interface OpenDatagramsOptions {
  /** Ends the attempt, and afterwards the socket. */
  readonly signal: AbortSignal;
  /** Told of errors that end nothing. */
  onError(error: ParleyError): void;
}

/** Milliseconds for the lookup of the peer's name. */
const LOOKUP_TIMEOUT_MS = 30_000;

/**
 * Opens the socket, if the operator approves.
 *
 * @param context Whom for.
 * @param plan Which one.
 * @param options What ends it.
 * @throws {ParleyError} with a `PERM_`, `NET_` or `DEST_` code, or `ARG_INVALID`. Nothing stays open.
 */
export function openDatagrams(
  context: NetContext,
  plan: ConnectedPlan | BoundPlan,
  options: OpenDatagramsOptions,
): Promise<Datagrams> {
  return plan.kind === "connected" ? openConnected(context, plan, options) : openBound(context, plan, options);
}

async function openConnected(
  context: NetContext,
  { to: destination }: ConnectedPlan,
  options: OpenDatagramsOptions,
): Promise<Datagrams> {
  const { port } = destination;
  const socket = await openApprovedUdp(context, {
    descriptor: connectDescriptor({ transport: "udp", destination, port }),
    options: { ...socketOptions(options), dnsQueryType: null, connectTimeoutMs: LOOKUP_TIMEOUT_MS },
  });
  const from = socket.remote ?? { address: "", port };
  return {
    local: socket.local,
    remote: socket.remote,
    counters: socket.counters,
    receive: async () => {
      const message = await socket.receive();
      return message === null ? null : { data: message.data, from };
    },
    send: (bytes) => socket.send(outgoing(bytes, null), null),
    [Symbol.asyncDispose]: () => socket.close().catch(() => {}),
  };
}

async function openBound(context: NetContext, plan: BoundPlan, options: OpenDatagramsOptions): Promise<Datagrams> {
  const { to } = plan;
  const asked = to === null ? null : destinationDescriptor(context, to);
  if (asked?.name === "direct-sockets" && asked.broadcast && !plan.broadcast) {
    throw usage(`${asked.destination?.host.text} is every device of a network: add --broadcast`);
  }
  const approvals = new EarlyApprovals(context, options.signal);
  const socket = await bind(context, plan, { options, approvals });
  try {
    for (const membership of plan.joins) await socket.joinGroup(membership);
    if (asked !== null && !isJoined(socket, asked)) await approvals.ask(asked);
    return toDatagrams(socket);
  } catch (error) {
    await socket.close();
    throw error;
  }
}

async function bind(
  context: NetContext,
  { local, joins, interfaceName, broadcast }: BoundPlan,
  how: { readonly options: OpenDatagramsOptions; readonly approvals: EarlyApprovals },
): Promise<BoundUdp> {
  const { options, approvals } = how;
  const grant = await approvals.request(listenDescriptor(local));
  try {
    const socket = await bindUdp(context.engine, grant, {
      ...socketOptions(options),
      ipv6Only: false,
      broadcast,
      // A group's port belongs to whoever takes part: mDNS has a responder on most machines.
      addressSharing: joins.length > 0,
      multicast: interfaceName === null ? null : { ...DEFAULT_MULTICAST, interfaceName },
      approve: (descriptor, signal) => approvals.take(descriptor) ?? approvals.request(descriptor, signal),
      destinationOpened: (approved, address) => reportUdpDestination(context, approved, address),
      destinationFailed: udpFailureReport(context),
      // A command has no program that could give anything up.
      isGivenUp: () => false,
    });
    reportUdpBound(context, socket);
    return socket;
  } catch (error) {
    reportNoUdp(context, local, error);
    throw error;
  }
}

function toDatagrams(socket: BoundUdp): Datagrams {
  return {
    local: socket.local,
    remote: null,
    counters: socket.counters,
    receive: async () => {
      const message = await socket.receive();
      if (message === null) return null;
      const { data, remoteAddress: address, remotePort: port } = message;
      return { data, from: { address, port } };
    },
    send: (bytes, to) => socket.send(outgoing(bytes, to), null),
    [Symbol.asyncDispose]: () => socket.close().catch(() => {}),
  };
}

/** Approvals that were asked for before the socket needs them. */
class EarlyApprovals {
  readonly #context: NetContext;
  readonly #signal: AbortSignal;
  readonly #grants = new Map<string, Grant>();

  constructor(context: NetContext, signal: AbortSignal) {
    this.#context = context;
    this.#signal = signal;
  }

  /** Asks now for what the socket will ask for. */
  async ask(descriptor: Descriptor): Promise<void> {
    this.#grants.set(this.#keyOf(descriptor), await this.request(descriptor));
  }

  /** The approval for exactly this, if there is one; it is good for one time. */
  take(descriptor: Descriptor): Promise<Grant> | null {
    const key = this.#keyOf(descriptor);
    const grant = this.#grants.get(key);
    this.#grants.delete(key);
    return grant === undefined ? null : Promise.resolve(grant);
  }

  /** Asks. */
  request(descriptor: Descriptor, signal: AbortSignal = this.#signal): Promise<Grant> {
    const { broker, requester, lifetimes, claim } = this.#context;
    return broker.request(requester, descriptor, { signal, lifetimes, claim });
  }

  #keyOf(descriptor: Descriptor): string {
    return decisionKey(this.#context.requester, descriptor);
  }
}

/** What sending to a destination takes, as the engine sees it. */
function destinationDescriptor({ engine }: NetContext, destination: Destination): Descriptor {
  const { host, port } = destination;
  const { address } = host;
  if (address === null) return connectDescriptor({ transport: "udp", destination, port });
  if (classifyAddress(address) === "multicast") {
    const group = makeDestination({ scheme: "multicast", host, port });
    const rest = { transport: "udp", destination: group, port, source: null, tls: null } as const;
    return Object.freeze({ __proto__: null, name: "direct-sockets-multicast", ...rest });
  }
  const broadcast = isBroadcastAddress(address, engine.net.interfaces());
  return connectDescriptor({ transport: "udp", destination, port, broadcast });
}

function listenDescriptor(destination: Destination): ListenDescriptor {
  const { port } = destination;
  return Object.freeze({ __proto__: null, name: "listen", transport: "udp", destination, port, tls: null });
}

/** Joining a group approved sending to it. */
function isJoined({ joinedGroups, local }: BoundUdp, { name, destination, port }: Descriptor): boolean {
  return name === "direct-sockets-multicast" && port === local.port &&
    joinedGroups.some(({ group }) => group.text === destination.host.address?.text);
}

function socketOptions(options: OpenDatagramsOptions): UdpOptions {
  return {
    signal: options.signal,
    sendBufferSize: null,
    receiveBufferSize: null,
    queue: DEFAULT_QUEUE_LIMITS,
    copyWrites: false,
    onError: (error) => options.onError(error),
    toFaceError: (error) => error,
  };
}

function outgoing(bytes: Uint8Array, to: DatagramTarget | null): OutgoingDatagram {
  return { bytes, remoteAddress: to?.address ?? null, remotePort: to?.port ?? 0, dnsQueryType: null };
}
