/** The way every face opens a datagram socket: descriptor → Grant → engine, with the operator told what became of it. */
import { ParleyError } from "../core/errors.ts";
import type {
  DirectSocketsDescriptor,
  ListenDescriptor,
  MulticastDescriptor,
  UdpPeersDescriptor,
} from "../permissions/descriptor.ts";
import type { NetContext } from "./context.ts";
import type { MulticastSendOptions } from "./datagram_port.ts";
import { isBroadcastAddress } from "./engine/udp/broadcast_addresses.ts";
import { bindUdp, type BindUdpOptions } from "./engine/udp/bind_udp.ts";
import type { BoundUdp } from "./engine/udp/bound_udp.ts";
import { type ConnectedUdp, openUdp, type OpenUdpOptions } from "./engine/udp/open_udp.ts";
import type { DestinationEvents } from "./engine/udp/destinations.ts";
import { GivenUp } from "./engine/udp/given_up.ts";
import { holdBack } from "./late_refusal.ts";
import { reportNoUdp, reportUdpBound, reportUdpDestination, udpFailureReport } from "./operator_log.ts";

/** A request for a socket with one peer, or one that sends to a group. */
export interface UdpApprovalRequest {
  /** What the operator is asked about. */
  readonly descriptor: DirectSocketsDescriptor | MulticastDescriptor;
  /** How to open the socket. */
  readonly options: OpenUdpOptions;
}

/** A request for a bound socket. */
export interface BindApprovalRequest {
  /** What the operator is asked about. */
  readonly descriptor: ListenDescriptor | UdpPeersDescriptor;
  /** How to bind the socket. Whom it may send to is decided destination by destination. */
  readonly options: Omit<BindUdpOptions, keyof DestinationEvents>;
}

/** How groups are sent to unless something else is asked for. */
export const DEFAULT_MULTICAST: MulticastSendOptions = Object.freeze({
  timeToLive: 1,
  loopback: true,
  interfaceName: null,
});

/**
 * Asks for a socket with one peer and opens it. One question, whatever comes of it.
 *
 * @param context Whom for.
 * @param request What is asked for, and how to open it.
 * @throws {ParleyError} with a `PERM_` or `NET_` code, or `RUNTIME_UNSUPPORTED`. Nothing stays open.
 */
export async function openApprovedUdp(
  context: NetContext,
  { descriptor, options }: UdpApprovalRequest,
): Promise<ConnectedUdp> {
  const { engine, broker, requester, lifetimes, claim } = context;
  refuseLiteralBroadcast(context, descriptor);
  const grant = await broker.request(requester, descriptor, { signal: options.signal, lifetimes, claim });
  const { clock } = engine;
  const name = grant.destination.host.text;
  const socket = await holdBack(
    { clock, grants: [grant], name, findsMore: false, signal: options.signal, timeoutMs: options.connectTimeoutMs },
    {
      work: (judging) => openUdp(engine, grant, { ...options, judging }),
      failed: (error) => reportNoUdp(context, grant.destination, error),
    },
  );
  reportUdpDestination(context, grant, socket.remote?.address ?? "");
  return socket;
}

/**
 * Asks for a bound socket and binds it. Its destinations and groups are asked for later, each when it is first used.
 *
 * @param context Whom for.
 * @param request What is asked for, and how to bind it.
 * @throws {ParleyError} with a `PERM_` or `NET_` code, or `RUNTIME_UNSUPPORTED`. Nothing stays open.
 */
export async function bindApprovedUdp(
  context: NetContext,
  { descriptor, options }: BindApprovalRequest,
): Promise<BoundUdp> {
  const { engine, broker, requester, lifetimes, claim } = context;
  const grant = await broker.request(requester, descriptor, { signal: options.signal, lifetimes, claim });
  const givenUp = new GivenUp({
    isRestricted: (asked) => broker.isRefused(requester, asked),
    onChange: (callback) => broker.onChange(callback),
  }, grant.descriptor);
  const events: DestinationEvents = {
    approve: (asked, signal) => broker.request(requester, asked, { signal, lifetimes, claim }),
    destinationOpened: (approved, address) => reportUdpDestination(context, approved, address),
    destinationFailed: udpFailureReport(context),
    isGivenUp: (address, port) => givenUp.has(address, port),
  };
  try {
    const socket = await bindUdp(engine, grant, { ...options, ...events });
    reportUdpBound(context, socket);
    void socket.closed.catch(() => {}).finally(() => givenUp.end());
    return socket;
  } catch (error) {
    givenUp.end();
    reportNoUdp(context, grant.destination, error);
    throw error;
  }
}

/**
 * Refused before anybody is asked (RS-07), by what is written alone: which addresses reach everybody on the networks of this
 * machine would tell a program what networks those are. The engine looks at that after the approval.
 */
function refuseLiteralBroadcast(context: NetContext, { destination }: UdpApprovalRequest["descriptor"]): void {
  const address = destination?.host.address ?? null;
  if (destination === null || address === null || !isBroadcastAddress(address, null)) return;
  const error = new ParleyError("PERM_ADDRESS", `Cannot connect to ${address.text}: it reads as a broadcast address`);
  reportNoUdp(context, destination, error);
  throw error;
}
