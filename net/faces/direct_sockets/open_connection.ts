/** What a constructed socket does in the background: request → Grant → connection (DS-17 to DS-19, NET-08). */
import { makeDestination } from "../../../core/destination.ts";
import { canonicalHost } from "../../../core/host.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import type { NetContextSource } from "../../context.ts";
import { openApproved } from "../../open_approved.ts";
import type { TcpSocketRequest } from "./tcp_socket_options.ts";

/** Milliseconds for lookup and connection together, once approved. The draft leaves it to the system. */
const CONNECT_TIMEOUT_MS = 30_000;

/** What opening needs besides the request. */
export interface OpenConnectionOptions {
  /** Whom the face acts for. */
  readonly source: NetContextSource;
  /** Translates failures into the errors of the draft. */
  toFaceError(error: unknown): unknown;
}

/**
 * Asks for and opens a connection.
 *
 * The draft's policies `direct-sockets`, `local-network` and `loopback-network` are `self` for the main program: the
 * operator's consent to the very destination stands in for them, and names never lead to local addresses (NET-14).
 *
 * @param request Where to and how.
 * @param options Whom for.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`. Nothing stays open.
 */
export async function openConnection(
  request: TcpSocketRequest,
  { source, toFaceError }: OpenConnectionOptions,
): Promise<TcpConnection> {
  try {
    return await open(request, { source, toFaceError });
  } catch (error) {
    throw toFaceError(error);
  }
}

async function open(
  request: TcpSocketRequest,
  { source, toFaceError }: OpenConnectionOptions,
): Promise<TcpConnection> {
  const { remoteAddress, remotePort: port, noDelay, keepAliveDelayMs, dnsQueryType } = request;
  const destination = makeDestination({ scheme: "tcp", host: canonicalHost(remoteAddress), port });
  return await openApproved(await source(), {
    descriptor: Object.freeze({ name: "direct-sockets", destination, port, tls: null }),
    // The draft has no way to withdraw: an attempt ends by itself.
    signal: new AbortController().signal,
    options: () => ({
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      noDelay,
      keepAliveDelayMs,
      dnsQueryType,
      tls: null,
      // What is sent is what stood in the chunk when it was written (DS-31).
      copyWrites: true,
      toFaceError,
    }),
  });
}
