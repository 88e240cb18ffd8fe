/** The way every face opens a connection: descriptor → Grant → engine, with the operator told what became of it. */
import { connectDescriptor, type DirectSocketsDescriptor, type ListenDescriptor } from "../permissions/descriptor.ts";
import type { Grant } from "../permissions/grant.ts";
import type { PeerKeys } from "../permissions/pins/peer_keys_port.ts";
import type { NetContext } from "./context.ts";
import { isGuarded, isGuardedPort } from "./engine/cors_guard.ts";
import { openTcp, type OpenTcpOptions } from "./engine/open_tcp.ts";
import type { ProxyHop } from "./engine/proxy/proxy_hop.ts";
import { listenTcp, type ListenTcpOptions } from "./engine/server/listen_tcp.ts";
import type { TcpServer } from "./engine/server/tcp_server.ts";
import type { TcpConnection } from "./engine/tcp_connection.ts";
import { holdBack } from "./late_refusal.ts";
import type { ProxyRequest } from "./proxy_options.ts";
import {
  reportFailure,
  reportListening,
  reportNoServer,
  reportOpened,
  reportUpgraded,
  troubleReport,
} from "./operator_log.ts";

/** What a face asks for. */
export interface ApprovalRequest {
  /** What the operator is asked about. */
  readonly descriptor: DirectSocketsDescriptor;
  /** The proxy that the descriptor names, and how to log in there; null for none. */
  readonly proxy: ProxyRequest | null;
  /** Withdraws the question, ends the attempt, and afterwards the connection. */
  readonly signal: AbortSignal;
  /** How to open the connection to the approved host. */
  options(host: string): Omit<OpenTcpOptions, "signal" | "via" | "judging" | "keys">;
}

/** What was approved for one connection: the destination, and the proxy in between. */
export interface Approval {
  /** For the destination. */
  readonly grant: Grant;
  /** For the proxy, or null. */
  readonly via: ProxyHop | null;
}

/**
 * Asks for a connection and opens it.
 *
 * @param context Whom for.
 * @param request What is asked for, what withdraws it, and how to open it once the host is known: the operator may have
 * chosen it.
 * @throws {ParleyError} with a `PERM_`, `NET_` or `TLS_` code. Nothing stays open.
 */
export async function openApproved(context: NetContext, request: ApprovalRequest): Promise<TcpConnection> {
  return await openWith(context, await approve(context, request), request);
}

/**
 * Asks for a connection. With a proxy there are two questions, the proxy's first (NET-26).
 *
 * @throws {ParleyError} with a `PERM_` code.
 */
export async function approve(
  { broker, requester, lifetimes, claim }: NetContext,
  { descriptor, proxy, signal }: ApprovalRequest,
): Promise<Approval> {
  const how = { signal, lifetimes, claim };
  const via = proxy === null ? null : await broker.request(requester, proxyDescriptor(proxy), how);
  const grant = await broker.request(requester, descriptor, how);
  return { grant, via: proxy === null || via === null ? null : { ...proxy, grant: via } };
}

/**
 * Renews what a connection was opened with, for the reconnection that it includes. Nobody is asked (NET-11).
 *
 * @throws {ParleyError} with a `PERM_` code when it no longer holds.
 */
export async function reapprove({ broker }: NetContext, { grant, via }: Approval): Promise<Approval> {
  return {
    grant: await broker.reconnect(grant),
    via: via === null ? null : { ...via, grant: await broker.reconnect(via.grant) },
  };
}

/**
 * Opens what was approved, and tells the operator what became of it. What a lookup finds out against it is told the program
 * late, and as a refusal (NET-17).
 *
 * @throws {ParleyError} with a `NET_`, `TLS_` or `PERM_` code. Nothing stays open.
 */
export async function openWith(
  context: NetContext,
  { grant, via }: Approval,
  { signal, options }: ApprovalRequest,
): Promise<TcpConnection> {
  const given = options(grant.destination.host.text);
  const upgraded = (connection: TcpConnection): void => {
    reportUpgraded(context, connection);
    if (Object.hasOwn(given, "upgraded")) given.upgraded?.(connection);
  };
  const connection = await holdBack({
    clock: context.engine.clock,
    grants: via === null ? [grant] : [grant, via.grant],
    name: grant.destination.host.text,
    findsMore: isGuarded(grant),
    signal,
    timeoutMs: given.connectTimeoutMs,
  }, {
    work: (judging) =>
      openTcp(context.engine, grant, { ...given, upgraded, via, signal, judging, keys: keysOf(context) }),
    failed: (error) => reportFailure(context, grant, error),
  });
  reportOpened(context, connection);
  reportUnguarded(context, grant);
  return connection;
}

/** A person who types a command is no web page: what a program would be refused is said, not done (NET-12). */
function reportUnguarded(context: NetContext, grant: Grant): void {
  if (!isGuardedPort(grant) || grant.requester.role !== "command") return;
  context.report("parley: port 443: whether fetch() reaches the host was not asked, because this is your own command");
}

/** What is inherited is not the operator's (CORE-01). */
function keysOf(context: NetContext): PeerKeys | null {
  return Object.hasOwn(context, "keys") ? context.keys ?? null : null;
}

function proxyDescriptor({ destination }: ProxyRequest): DirectSocketsDescriptor {
  return connectDescriptor({ destination, port: destination.port });
}

/** What a face asks for that wants to be reachable. */
export interface ListenRequest {
  /** What the operator is asked about. */
  readonly descriptor: ListenDescriptor;
  /** Withdraws the question, and afterwards stops listening. */
  readonly signal: AbortSignal;
  /** How to listen and serve. */
  readonly options: Omit<ListenTcpOptions, "signal" | "troubleReport">;
}

/**
 * Asks for a server and opens it.
 *
 * @param context Whom for.
 * @param request What is asked for, what withdraws it, and how to serve.
 * @throws {ParleyError} with a `PERM_`, `NET_` or `TLS_` code. Nothing stays open.
 */
export async function listenApproved(
  context: NetContext,
  { descriptor, signal, options }: ListenRequest,
): Promise<TcpServer> {
  const { engine, broker, requester, lifetimes, claim } = context;
  const grant = await broker.request(requester, descriptor, { signal, lifetimes, claim });
  try {
    const server = await listenTcp(engine, grant, {
      ...options,
      signal,
      troubleReport: (local) => troubleReport(context, local),
    });
    reportListening(context, server, options);
    return server;
  } catch (error) {
    reportNoServer(context, grant, error);
    throw error;
  }
}
