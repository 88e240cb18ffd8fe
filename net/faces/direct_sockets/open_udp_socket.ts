/** What a constructed `UDPSocket` does in the background: request → Grant → datagram socket (DS-19, DS-20, NET-22, NET-27). */
import { makeDestination } from "../../../core/destination.ts";
import { type CanonicalHost, canonicalHost, hostOfAddress } from "../../../core/host.ts";
import { classifyAddress } from "../../../core/ip_address.ts";
import {
  connectDescriptor,
  type DirectSocketsDescriptor,
  type ListenDescriptor,
  type MulticastDescriptor,
} from "../../../permissions/descriptor.ts";
import { DEFAULT_QUEUE_LIMITS } from "../../engine/udp/datagram_queue.ts";
import type { UdpOptions } from "../../engine/udp/udp_options.ts";
import { bindApprovedUdp, openApprovedUdp } from "../../open_approved_udp.ts";
import { faceErrors } from "./errors.ts";
import type { MulticastControllers } from "./multicast_controller.ts";
import type { OpenOptions } from "./open_connection.ts";
import { featureToReach, requireToOpen } from "./policy.ts";
import type { OpenSocket } from "./socket_state.ts";
import { openBoundUdp, openConnectedUdp, type UDPSocketOpenInfo } from "./udp_open_info.ts";
import type { BoundUdpRequest, ConnectedUdpRequest, UdpSocketRequest } from "./udp_socket_options.ts";

/** Milliseconds for the lookup, once approved. The draft leaves it to the system. */
const LOOKUP_TIMEOUT_MS = 30_000;

/** What opening needs besides the request. */
export interface OpenUdpSocketOptions extends OpenOptions {
  /** Makes the object that joins groups. */
  readonly controllers: MulticastControllers;
}

interface Attempt extends OpenUdpSocketOptions {
  /** What the script wants to do. */
  readonly deed: string;
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

/**
 * Asks for a datagram socket and opens it.
 *
 * Deviation: a port under 1024 is not refused as such (DS-20). The operator is asked about the very port, and that decides.
 *
 * @param request Where and how.
 * @param options Whom for.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`. Nothing stays open.
 */
export async function openUdpSocket(
  request: UdpSocketRequest,
  options: OpenUdpSocketOptions,
): Promise<OpenSocket<UDPSocketOpenInfo>> {
  const isBound = request.mode === "bound";
  const deed = `exchange datagrams ${isBound ? "at" : "with"} ${request.where}`;
  const toFaceError = faceErrors({ deed, closing: () => options.closing() });
  try {
    const attempt: Attempt = { ...options, deed, toFaceError };
    return isBound ? await bind(request, attempt) : await connect(request, attempt);
  } catch (error) {
    throw toFaceError(error);
  }
}

async function connect(request: ConnectedUdpRequest, attempt: Attempt): Promise<OpenSocket<UDPSocketOpenInfo>> {
  const { remoteAddress, remotePort: port, dnsQueryType, multicast } = request;
  const { source, policy, deed } = attempt;
  const host = canonicalHost(remoteAddress);
  const descriptor = toPeerDescriptor(host, port);
  const context = await source();
  requireToOpen(featureToReach(host), { context, policy, deed });
  const socket = await openApprovedUdp(context, {
    descriptor,
    options: { ...sharedOptions(request, attempt), dnsQueryType, connectTimeoutMs: LOOKUP_TIMEOUT_MS, multicast },
  });
  return openConnectedUdp(socket);
}

async function bind(request: BoundUdpRequest, attempt: Attempt): Promise<OpenSocket<UDPSocketOpenInfo>> {
  const { ipv6Only, addressSharing, multicast } = request;
  const { source, policy, controllers, deed, closing } = attempt;
  const context = await source();
  // Whatever the address: what a bound socket may reach is not known yet (DS-20).
  requireToOpen("local-network", { context, policy, deed });
  const socket = await bindApprovedUdp(context, {
    descriptor: toLocalDescriptor(request),
    options: { ...sharedOptions(request, attempt), ipv6Only, broadcast: false, addressSharing, multicast },
  });
  const mayJoin = policy["direct-sockets-multicast"];
  return openBoundUdp(socket, mayJoin ? controllers.create(socket, closing) : null);
}

function sharedOptions(
  { sendBufferSize, receiveBufferSize }: UdpSocketRequest,
  { toFaceError }: Attempt,
): UdpOptions {
  return {
    // The draft has no way to withdraw: an attempt ends by itself.
    signal: new AbortController().signal,
    sendBufferSize,
    receiveBufferSize,
    queue: DEFAULT_QUEUE_LIMITS,
    // What is sent is what stood in the chunk when it was written (DS-31).
    copyWrites: true,
    // An ICMP message ends nothing, and the draft has no place for it (DS-48).
    onError: () => {},
    toFaceError,
  };
}

/** A group is a destination of its own kind; a socket with it as its one peer can only send (NET-27). */
function toPeerDescriptor(host: CanonicalHost, port: number): DirectSocketsDescriptor | MulticastDescriptor {
  if (host.address === null || classifyAddress(host.address) !== "multicast") {
    const destination = makeDestination({ scheme: "udp", host, port });
    return connectDescriptor({ transport: "udp", destination, port });
  }
  return Object.freeze({
    __proto__: null,
    name: "direct-sockets-multicast",
    transport: "udp",
    destination: makeDestination({ scheme: "multicast", host, port }),
    port,
    source: null,
    tls: null,
  });
}

function toLocalDescriptor({ address, port }: BoundUdpRequest): ListenDescriptor {
  const destination = makeDestination({ scheme: "listen+udp", host: hostOfAddress(address), port });
  return Object.freeze({ __proto__: null, name: "listen", transport: "udp", destination, port, tls: null });
}
