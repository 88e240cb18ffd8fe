/** The upgrade of a connection to TLS: on the approved terms, with nothing of the plaintext left over. */
import { abortError, onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { requireApprovedTls } from "../../approved_tls.ts";
import { type TlsRequest, tlsTerms } from "../../tls_options.ts";
import type { DeferredReadable } from "./deferred_readable.ts";
import type { DeferredWritable } from "./deferred_writable.ts";

/** What is upgraded, and how. */
export interface ConnectionUpgrade {
  /** TLS options of the upgrade. */
  readonly tls: TlsRequest;
  /** The plaintext streams, detached. */
  readonly streams: { readonly readable: DeferredReadable; readonly writable: DeferredWritable };
  /** Settles when what was written in plaintext has been sent. */
  readonly flushed: Promise<void>;
  /** Bytes of plaintext that were received and not read. */
  readonly leftover: number;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** Told once the plaintext socket is over, before the handshake. */
  onDetached(): void;
}

/**
 * Upgrades a connection. It is spent, however that ends.
 *
 * @param connection The plaintext connection.
 * @param upgrade How.
 * @returns The connection that carries TLS.
 * @throws {ParleyError} `PERM_DENIED` for terms that were not approved, `TLS_LEFTOVER`, or another `TLS_` or `NET_` code.
 */
export async function upgradeConnection(connection: TcpConnection, upgrade: ConnectionUpgrade): Promise<TcpConnection> {
  const { tls, streams, signal, leftover } = upgrade;
  const abort = (): void => connection.destroy(abortError(signal.reason));
  const forget = onAbort(signal, abort);
  try {
    if (signal.aborted) throw abortError(signal.reason);
    await requireApprovedTls(connection.grant, tls);
    if (leftover > 0) {
      const state = `${leftover} bytes of plaintext have arrived before it`;
      throw new ParleyError("TLS_LEFTOVER", `Cannot start TLS: ${state}`);
    }
    await upgrade.flushed;
    streams.readable.release();
    streams.writable.release();
    upgrade.onDetached();
    return await connection.startTls(tlsTerms(tls, connection.grant.destination.host.text), signal);
  } catch (error) {
    connection.destroy(error);
    throw signal.aborted ? abortError(signal.reason) : error;
  } finally {
    forget();
  }
}
