/** `openTCPServer()`: options → request → Grant → listening socket → server (NET-22). */
import { makeDestination } from "../../../core/destination.ts";
import type { ListenDescriptor } from "../../../permissions/descriptor.ts";
import type { NetContext, NetContextSource } from "../../context.ts";
import { listenApproved } from "../../open_approved.ts";
import { serverErrors } from "./tcp_server_errors.ts";
import { type TCPServerOptions, type TcpServerRequest, toTcpServerRequest } from "./tcp_server_options.ts";
import { createTcpServer, type TCPServer } from "./tcp_server.ts";

/**
 * Listens for TCP connections, if the operator approves.
 *
 * @param context Whom the face acts for.
 * @param options Where and how.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`.
 */
export async function openTcpServer(context: NetContextSource, options: TCPServerOptions = {}): Promise<TCPServer> {
  const request = toTcpServerRequest(options);
  const toFaceError = serverErrors(request.where);
  try {
    request.signal.throwIfAborted();
    return await open(await context(), request, toFaceError);
  } catch (error) {
    throw toFaceError(error);
  }
}

async function open(
  context: NetContext,
  request: TcpServerRequest,
  toFaceError: (error: unknown) => unknown,
): Promise<TCPServer> {
  const { backlog, ipv6Only, noDelay, keepAliveDelayMs, limits, timeouts, identity, handshakeTimeoutMs } = request;
  const { secureTransport, signal } = request;
  const server = await listenApproved(context, {
    descriptor: toDescriptor(request),
    signal,
    options: {
      backlog,
      ipv6Only,
      noDelay,
      keepAliveDelayMs,
      limits,
      timeouts,
      tls: secureTransport === "on" && identity !== null ? { identity, timeoutMs: handshakeTimeoutMs } : null,
      tlsRequired: secureTransport === "starttls",
      copyWrites: false,
      toFaceError,
    },
  });
  return createTcpServer({ server, request, host: context.engine, toFaceError });
}

function toDescriptor({ local, port }: TcpServerRequest): ListenDescriptor {
  const isPath = local.kind === "path";
  const destination = makeDestination({ scheme: isPath ? "listen+unix" : "listen", host: local, port });
  const transport = isPath ? "unix" : "tcp";
  return Object.freeze({ __proto__: null, name: "listen", transport, destination, port, tls: null });
}
