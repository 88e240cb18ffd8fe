/** `openTCPSocket()`: options → request → Grant → connection → socket (NET-01). */
import { type Destination, makeDestination } from "../../../core/destination.ts";
import { ParleyError } from "../../../core/errors.ts";
import { canonicalHost, hostOfPath } from "../../../core/host.ts";
import { connectDescriptor, type DirectSocketsDescriptor, type TlsClaims } from "../../../permissions/descriptor.ts";
import type { Clock } from "../../../core/clock.ts";
import type { NetContextSource } from "../../context.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { type ApprovalRequest, openApproved } from "../../open_approved.ts";
import { proxyRoute } from "../../proxy_options.ts";
import type { TlsTerms } from "../../port.ts";
import { keyAskedFor, tlsClaims, tlsTerms } from "../../tls_options.ts";
import { faceErrors } from "./errors.ts";
import { type TcpRequest, type TCPSocketOptions, toTcpRequest } from "./tcp_options.ts";
import { createTcpSocket, type TCPSocket } from "./tcp_socket.ts";

/**
 * Opens a TCP connection, if the operator approves.
 *
 * @param context Whom the face acts for.
 * @param options Where to and how.
 * @throws {TypeError} for options that can never work.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`.
 */
export async function openTcpSocket(context: NetContextSource, options: TCPSocketOptions): Promise<TCPSocket> {
  const request = toTcpRequest(options);
  const toFaceError = faceErrors(request.where);
  try {
    const opening = await prepareTcpSocket(request, toFaceError);
    request.signal.throwIfAborted();
    const known = await context();
    return opening.finish(await openApproved(known, opening.approval), known.engine.clock);
  } catch (error) {
    throw toFaceError(error);
  }
}

/** A socket about to be opened: what to ask and do for it, and how it comes out of a connection. */
export interface TcpSocketOpening {
  /** For `net/open_approved.ts`. */
  readonly approval: ApprovalRequest;
  /** Makes the socket. */
  finish(connection: TcpConnection, clock: Clock): TCPSocket;
}

/**
 * Prepares a socket. Asks and opens nothing.
 *
 * @param request The converted options.
 * @param toFaceError Translates failures of the connection.
 * @throws {ParleyError} `DEST_SYNTAX` or `DEST_HOST` for a host or path that is none.
 */
export async function prepareTcpSocket(
  request: TcpRequest,
  toFaceError: (error: unknown) => unknown,
): Promise<TcpSocketOpening> {
  const { proxy, signal, tls } = request;
  const tlsWhen = (mode: "on" | "starttls", host: string): TlsTerms | null =>
    request.secureTransport === mode ? tlsTerms(tls, host) : null;
  const approval: ApprovalRequest = {
    descriptor: await toDescriptor(request, toDestination(request)),
    proxy,
    signal,
    options: (host) => ({
      ...request,
      tls: tlsWhen("on", host),
      upgradeTls: tlsWhen("starttls", host),
      copyWrites: false,
      toFaceError,
    }),
  };
  const finish: TcpSocketOpening["finish"] = (connection, clock) =>
    createTcpSocket({
      connection,
      tls,
      handshakeTimeoutMs: request.connectTimeoutMs,
      toFaceError,
      timeout: (delayMs) => startTimeout(clock, delayMs),
    });
  return { approval, finish };
}

function toDestination(request: TcpRequest): Destination | null {
  if (request.path !== null) return makeDestination({ scheme: "unix", host: hostOfPath(request.path), port: 0 });
  if (request.remoteAddress === null) return null;
  const scheme = request.secureTransport === "on" ? "tls" : "tcp";
  const spki = request.secureTransport === "off" ? null : keyAskedFor(request.tls);
  return makeDestination({ scheme, host: canonicalHost(request.remoteAddress), port: request.remotePort, spki });
}

async function toDescriptor(request: TcpRequest, destination: Destination | null): Promise<DirectSocketsDescriptor> {
  return connectDescriptor({
    destination,
    port: request.remotePort,
    transport: request.path === null ? "tcp" : "unix",
    via: proxyRoute(request.proxy),
    tls: await toClaims(request, destination?.host.text ?? ""),
  });
}

async function toClaims(request: TcpRequest, host: string): Promise<TlsClaims | null> {
  switch (request.secureTransport) {
    case "on":
      return await tlsClaims(request.tls, { host, mode: "open", required: true });
    case "starttls":
      return await tlsClaims(request.tls, { host, mode: "upgrade", required: true });
    case "off":
      return null;
  }
}

function startTimeout(clock: Clock, delayMs: number): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const timer = clock.after(delayMs, () => {
    controller.abort(new ParleyError("NET_TIMEOUT", `Cannot start TLS within ${delayMs} ms`));
  });
  return { signal: controller.signal, cancel: () => timer.cancel() };
}
