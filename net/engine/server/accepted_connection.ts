/** A connection that a server accepted, and its upgrade to TLS with this end as the server (NET-06). */
import { abortError, onAbort } from "../../../core/abort.ts";
import type { ByteLink } from "../../port.ts";
import type { TlsIdentity } from "../../server_port.ts";
import type { EngineHost } from "../engine_host.ts";
import type { TcpConnection } from "../tcp_connection.ts";
import { serveLink } from "../tls_handshake.ts";
import type { AcceptedLink } from "./accepted_link.ts";

/** What a server hands out. */
export interface AcceptedConnection {
  /** The connection. */
  readonly connection: TcpConnection;
  /** The link that the server counts. */
  readonly link: AcceptedLink;
}

/** How a connection is upgraded. */
export interface ServerUpgrade {
  /** The network. */
  readonly host: EngineHost;
  /** The server's certificate, and what it asks of the client. */
  readonly identity: TlsIdentity;
  /** What tells the client to begin, in plaintext; null when the program has told it already. */
  readonly goAhead: Uint8Array | null;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/**
 * Upgrades an accepted connection. It is spent, however that ends; on failure it is closed.
 *
 * Before the go-ahead nothing may have come but what the program has read: a client that says more (or whoever speaks in its
 * name) wants plaintext to pass for what came through TLS. After it, what comes is read by the TLS stack.
 *
 * @param accepted The connection.
 * @param upgrade How.
 * @throws {ParleyError} `TLS_LEFTOVER` when plaintext came ahead; any other code of `TcpConnection.upgrade` and `serveLink`.
 */
export async function startServerTls(
  { connection, link }: AcceptedConnection,
  { host, identity, goAhead, signal }: ServerUpgrade,
): Promise<AcceptedConnection> {
  if (goAhead === null) link.expectHandshake();
  const upgraded = await connection.upgrade(async (below, both) => {
    if (goAhead !== null) await tell(below, goAhead, both);
    return await serveLink(host.net, connection.grant, { link: below, identity, signal: both });
  }, signal);
  return { connection: upgraded, link };
}

/** A client that reads nothing must not hold this up for ever. */
async function tell(link: ByteLink, goAhead: Uint8Array, signal: AbortSignal): Promise<void> {
  const forget = onAbort(signal, () => link.reset());
  try {
    if (signal.aborted) throw abortError(signal.reason);
    await link.write(goAhead);
  } catch (error) {
    link.close();
    throw signal.aborted ? abortError(signal.reason) : error;
  } finally {
    forget();
  }
}
