/** What a constructed `TCPSocket` does in the background: request → Grant → connection (DS-17 to DS-19, NET-08). */
import { makeDestination } from "../../../core/destination.ts";
import { canonicalHost } from "../../../core/host.ts";
import { connectDescriptor } from "../../../permissions/descriptor.ts";
import type { NetContextSource } from "../../context.ts";
import { NO_TIMEOUTS } from "../../engine/timed_link.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { openApproved } from "../../open_approved.ts";
import { faceErrors } from "./errors.ts";
import { type DirectSocketsPolicy, featureToReach, requireToOpen } from "./policy.ts";
import type { OpenSocket } from "./socket_state.ts";
import { openTcp, type TCPSocketOpenInfo } from "./tcp_open_info.ts";
import type { TcpSocketRequest } from "./tcp_socket_options.ts";

/** Milliseconds for lookup and connection together, once approved. The draft leaves it to the system. */
const CONNECT_TIMEOUT_MS = 30_000;

/** What opening needs besides the request. */
export interface OpenOptions {
  /** Whom the face acts for. */
  readonly source: NetContextSource;
  /** What its code may use. */
  readonly policy: DirectSocketsPolicy;
  /** Whether the script has called `close()`. */
  closing(): boolean;
}

/**
 * Asks for and opens a connection.
 *
 * A name never leads to an address that is not public (NET-14), so the draft's policies for such addresses are asked for
 * literal ones and `localhost` alone; what they allow the operator still has to approve.
 *
 * @param request Where to and how.
 * @param options Whom for.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`. Nothing stays open.
 */
export async function openConnection(
  request: TcpSocketRequest,
  options: OpenOptions,
): Promise<OpenSocket<TCPSocketOpenInfo>> {
  const deed = `connect to ${request.where}`;
  const toFaceError = faceErrors({ deed, closing: () => options.closing() });
  try {
    return openTcp(await open(request, { ...options, deed, toFaceError }));
  } catch (error) {
    throw toFaceError(error);
  }
}

async function open(
  request: TcpSocketRequest,
  { source, policy, deed, toFaceError }: OpenOptions & {
    readonly deed: string;
    toFaceError(error: unknown): unknown;
  },
): Promise<TcpConnection> {
  const { remoteAddress, remotePort: port, noDelay, keepAliveDelayMs, dnsQueryType } = request;
  const destination = makeDestination({ scheme: "tcp", host: canonicalHost(remoteAddress), port });
  const context = await source();
  requireToOpen(featureToReach(destination.host), { context, policy, deed });
  return await openApproved(context, {
    descriptor: connectDescriptor({ destination, port }),
    proxy: null,
    // The draft has no way to withdraw: an attempt ends by itself.
    signal: new AbortController().signal,
    options: () => ({
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      noDelay,
      keepAliveDelayMs,
      dnsQueryType,
      timeouts: NO_TIMEOUTS,
      tls: null,
      // What is sent is what stood in the chunk when it was written (DS-31).
      copyWrites: true,
      toFaceError,
    }),
  });
}
