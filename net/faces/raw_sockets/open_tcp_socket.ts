/** `openTCPSocket()`: options → request → Grant → connection → socket (NET-01). */
import { type Destination, makeDestination } from "../../../core/destination.ts";
import { ParleyError } from "../../../core/errors.ts";
import { canonicalHost } from "../../../core/host.ts";
import type { DirectSocketsDescriptor, TlsClaims } from "../../../permissions/descriptor.ts";
import type { NetContext, NetContextSource } from "../../context.ts";
import { openApproved } from "../../open_approved.ts";
import type { TlsTerms } from "../../port.ts";
import { tlsClaims, tlsTerms } from "../../tls_options.ts";
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
    const destination = toDestination(request);
    request.signal.throwIfAborted();
    return await open(await context(), { request, destination, toFaceError });
  } catch (error) {
    throw toFaceError(error);
  }
}

interface Opening {
  readonly request: TcpRequest;
  readonly destination: Destination | null;
  readonly toFaceError: (error: unknown) => unknown;
}

async function open(context: NetContext, { request, destination, toFaceError }: Opening): Promise<TCPSocket> {
  const { clock } = context.engine;
  const tlsFor = (host: string): TlsTerms | null =>
    request.secureTransport === "on" ? tlsTerms(request.tls, host) : null;
  const connection = await openApproved(context, {
    descriptor: await toDescriptor(request, destination),
    signal: request.signal,
    options: (host) => ({ ...request, tls: tlsFor(host), copyWrites: false, toFaceError }),
  });
  return createTcpSocket({
    connection,
    tls: request.tls,
    handshakeTimeoutMs: request.connectTimeoutMs,
    toFaceError,
    timeout: (delayMs) => startTimeout(clock, delayMs),
  });
}

function toDestination(request: TcpRequest): Destination | null {
  if (request.remoteAddress === null) return null;
  const scheme = request.secureTransport === "on" ? "tls" : "tcp";
  return makeDestination({ scheme, host: canonicalHost(request.remoteAddress), port: request.remotePort });
}

async function toDescriptor(request: TcpRequest, destination: Destination | null): Promise<DirectSocketsDescriptor> {
  return Object.freeze({
    name: "direct-sockets",
    destination,
    port: request.remotePort,
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

function startTimeout(clock: NetContext["engine"]["clock"], delayMs: number): { signal: AbortSignal; cancel(): void } {
  const controller = new AbortController();
  const timer = clock.after(delayMs, () => {
    controller.abort(new ParleyError("NET_TIMEOUT", `Cannot start TLS within ${delayMs} ms`));
  });
  return { signal: controller.signal, cancel: () => timer.cancel() };
}
