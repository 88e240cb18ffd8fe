/** `openUDPSocket()`: options → request → Grant → datagram socket (NET-01, NET-07). */
import { type Destination, makeDestination } from "../../../core/destination.ts";
import { canonicalHost } from "../../../core/host.ts";
import { connectDescriptor } from "../../../permissions/descriptor.ts";
import type { NetContext, NetContextSource } from "../../context.ts";
import { NetworkErrorEvents } from "../../network_error_event.ts";
import { openApprovedUdp } from "../../open_approved_udp.ts";
import { faceErrors } from "./errors.ts";
import { toUdpRequest, type UdpRequest, type UDPSocketOptions } from "./udp_options.ts";
import { createUdpSocket, type UDPSocket } from "./udp_socket.ts";

/** Milliseconds for the lookup, once approved. */
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * Opens a socket that exchanges datagrams with one peer, if the operator approves.
 *
 * @param context Whom the face acts for.
 * @param options Where to and how.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`.
 */
export async function openUdpSocket(context: NetContextSource, options: unknown): Promise<UDPSocket> {
  const request = toUdpRequest(options as UDPSocketOptions);
  const toFaceError = faceErrors(request.where);
  try {
    const destination = toDestination(request);
    request.signal.throwIfAborted();
    return await open(await context(), { request, destination, toFaceError });
  } catch (error) {
    throw toFaceError(error);
  }
}

interface Opening {
  readonly request: UdpRequest;
  readonly destination: Destination | null;
  readonly toFaceError: (error: unknown) => unknown;
}

async function open(context: NetContext, { request, destination, toFaceError }: Opening): Promise<UDPSocket> {
  const { dnsQueryType, sendBufferSize, receiveBufferSize, queue, signal, remotePort: port } = request;
  const events = new NetworkErrorEvents(toFaceError);
  const socket = await openApprovedUdp(context, {
    descriptor: connectDescriptor({ transport: "udp", destination, port }),
    options: {
      dnsQueryType,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      sendBufferSize,
      receiveBufferSize,
      queue,
      signal,
      copyWrites: false,
      onError: (error) => events.report(error),
      toFaceError,
    },
  });
  return createUdpSocket({ socket, events, toFaceError });
}

function toDestination({ remoteAddress, remotePort: port }: UdpRequest): Destination | null {
  if (remoteAddress === null) return null;
  return makeDestination({ scheme: "udp", host: canonicalHost(remoteAddress), port });
}
