/** `bindUDPSocket()`: options → request → Grant → bound datagram socket (NET-22, NET-27, NET-28). */
import { makeDestination } from "../../../core/destination.ts";
import { hostOfAddress } from "../../../core/host.ts";
import type { ListenDescriptor, UdpPeersDescriptor } from "../../../permissions/descriptor.ts";
import type { NetContext, NetContextSource } from "../../context.ts";
import { NetworkErrorEvents } from "../../network_error_event.ts";
import { bindApprovedUdp } from "../../open_approved_udp.ts";
import { type BoundUDPSocket, createBoundUdpSocket } from "./bound_udp_socket.ts";
import { toUdpBindRequest, type UDPBindOptions, type UdpBindRequest } from "./udp_bind_options.ts";
import { udpErrors } from "./udp_errors.ts";

/**
 * Binds a datagram socket, if the operator approves.
 *
 * @param context Whom the face acts for.
 * @param options Where and how.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`.
 */
export async function bindUdpSocket(context: NetContextSource, options: UDPBindOptions = {}): Promise<BoundUDPSocket> {
  const request = toUdpBindRequest(options);
  const toFaceError = udpErrors(`exchange datagrams at ${request.where}`);
  try {
    request.signal.throwIfAborted();
    return await bind(await context(), request, toFaceError);
  } catch (error) {
    throw toFaceError(error);
  }
}

async function bind(
  context: NetContext,
  request: UdpBindRequest,
  toFaceError: (error: unknown) => unknown,
): Promise<BoundUDPSocket> {
  const { ipv6Only, broadcast, addressSharing, multicast, sendBufferSize, receiveBufferSize, queue, signal } = request;
  const events = new NetworkErrorEvents(toFaceError);
  const socket = await bindApprovedUdp(context, {
    descriptor: toDescriptor(request),
    options: {
      ipv6Only,
      broadcast,
      addressSharing,
      multicast,
      sendBufferSize,
      receiveBufferSize,
      queue,
      signal,
      copyWrites: false,
      onError: (error) => events.report(error),
      toFaceError,
    },
  });
  return createBoundUdpSocket({ socket, events, toFaceError });
}

function toDescriptor({ address, port, peers }: UdpBindRequest): ListenDescriptor | UdpPeersDescriptor {
  const host = hostOfAddress(address);
  const scheme = peers === "public" ? "udp-peers" : "listen+udp";
  const destination = makeDestination({ scheme, host, port });
  const rest = { transport: "udp", destination, port, tls: null } as const;
  return peers === "public"
    ? Object.freeze({ __proto__: null, name: "udp-peers", ...rest })
    : Object.freeze({ __proto__: null, name: "listen", ...rest });
}
