/** The way every face opens a connection: descriptor → Grant → engine, with the operator told what became of it. */
import type { DirectSocketsDescriptor } from "../permissions/descriptor.ts";
import type { NetContext } from "./context.ts";
import { openTcp, type OpenTcpOptions } from "./engine/open_tcp.ts";
import type { TcpConnection } from "./engine/tcp_connection.ts";
import { reportFailure, reportOpened } from "./operator_log.ts";

/** What a face asks for. */
export interface ApprovalRequest {
  /** What the operator is asked about. */
  readonly descriptor: DirectSocketsDescriptor;
  /** Withdraws the question, ends the attempt, and afterwards the connection. */
  readonly signal: AbortSignal;
  /** How to open the connection to the approved host. */
  options(host: string): Omit<OpenTcpOptions, "signal">;
}

/**
 * Asks for a connection and opens it.
 *
 * @param context Whom for.
 * @param request What is asked for, what withdraws it, and how to open it once the host is known: the operator may have
 * chosen it.
 * @throws {ParleyError} with a `PERM_`, `NET_` or `TLS_` code. Nothing stays open.
 */
export async function openApproved(
  context: NetContext,
  { descriptor, signal, options }: ApprovalRequest,
): Promise<TcpConnection> {
  const { engine, broker, requester, lifetimes, claim } = context;
  const grant = await broker.request(requester, descriptor, { signal, lifetimes, claim });
  try {
    const connection = await openTcp(engine, grant, { ...options(grant.destination.host.text), signal });
    reportOpened(context, connection);
    return connection;
  } catch (error) {
    reportFailure(context, grant, error);
    throw error;
  }
}
