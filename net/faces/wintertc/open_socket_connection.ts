/** From a request to a descriptor, and so to an approved connection (NET-01). */
import { makeDestination } from "../../../core/destination.ts";
import type { ParleyError } from "../../../core/errors.ts";
import { connectDescriptor, type DirectSocketsDescriptor, type TlsClaims } from "../../../permissions/descriptor.ts";
import type { NetContextSource } from "../../context.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { NO_TIMEOUTS } from "../../engine/timed_link.ts";
import { openApproved } from "../../open_approved.ts";
import { tlsClaims, tlsTerms } from "../../tls_options.ts";
import type { SocketRequest } from "./socket_options.ts";

/** Milliseconds for lookup, connection and handshake together, once approved. The specification has no option for it. */
export const CONNECT_TIMEOUT_MS: number = 30_000;

/** What is to be opened. */
export interface SocketOpening {
  /** What the script asked for. */
  readonly request: SocketRequest;
  /** Ends the attempt, and afterwards the connection; besides the request's own signal. */
  readonly signal: AbortSignal;
  /** Translates failures. */
  toFaceError(error: unknown): unknown;
}

/**
 * Asks for approval, connects, and tells the operator what came of it.
 *
 * @param source Whom the face acts for.
 * @param opening What is to be opened.
 * @throws {ParleyError} with a `PERM_`, `NET_`, `TLS_` or `RUNTIME_` code.
 */
export async function openSocketConnection(source: NetContextSource, opening: SocketOpening): Promise<TcpConnection> {
  const { request, toFaceError } = opening;
  const signal = request.signal === null ? opening.signal : AbortSignal.any([request.signal, opening.signal]);
  signal.throwIfAborted();
  return await openApproved(await source(), {
    descriptor: await toDescriptor(request),
    proxy: null,
    signal,
    options: (host) => ({
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
      noDelay: false,
      keepAliveDelayMs: null,
      dnsQueryType: null,
      timeouts: NO_TIMEOUTS,
      copyWrites: false,
      tls: request.secureTransport === "on" ? tlsTerms(request.tls, host) : null,
      upgradeTls: request.secureTransport === "starttls" ? tlsTerms(request.tls, host) : null,
      toFaceError,
    }),
  });
}

/** A running timer. */
export interface SocketTimer {
  /** Fires with the error when the time is over. */
  readonly signal: AbortSignal;
  /** Stops it. */
  cancel(): void;
}

/**
 * Starts a timer by the host's clock.
 *
 * @param source Whose clock.
 * @param how Milliseconds, and what to fire with.
 */
export async function startTimer(
  source: NetContextSource,
  how: { readonly delayMs: number; readonly error: ParleyError },
): Promise<SocketTimer> {
  const { engine } = await source();
  const controller = new AbortController();
  const timer = engine.clock.after(how.delayMs, () => controller.abort(how.error));
  return { signal: controller.signal, cancel: () => timer.cancel() };
}

async function toDescriptor(request: SocketRequest): Promise<DirectSocketsDescriptor> {
  const { host, port, secureTransport } = request;
  const scheme = secureTransport === "on" ? "tls" : "tcp";
  return connectDescriptor({
    destination: makeDestination({ scheme, host, port }),
    port,
    tls: await toClaims(request),
  });
}

async function toClaims(request: SocketRequest): Promise<TlsClaims | null> {
  const { secureTransport, tls, host } = request;
  if (secureTransport === "off") return null;
  return await tlsClaims(tls, {
    host: host.text,
    mode: secureTransport === "on" ? "open" : "upgrade",
    required: true,
  });
}
