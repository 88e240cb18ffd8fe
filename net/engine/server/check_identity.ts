/** A server's certificate and key, tried out before anybody connects: a mistake in them is the program's, not a client's. */
import { isParleyError, ParleyError } from "../../../core/errors.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { ByteLink, SocketAddress } from "../../port.ts";
import type { TlsIdentity } from "../../server_port.ts";
import type { EngineHost } from "../engine_host.ts";
import { serveLink } from "../tls_handshake.ts";

const NOWHERE: SocketAddress = Object.freeze({ address: "127.0.0.1", port: 1 });

/** A TLS stack that does not notice the end of the connection has accepted the certificate by then. */
const PATIENCE_MS = 1000;

/** A connection that broke before its far end said a word. */
class BrokenLink implements ByteLink {
  readonly remote: SocketAddress = NOWHERE;
  readonly local: SocketAddress = NOWHERE;
  readonly bufferedBytes = 0;

  read(): Promise<never> {
    return Promise.reject(new ParleyError("NET_RESET", "Cannot read: there is nobody"));
  }

  readChunk(): Promise<never> {
    return this.read();
  }

  write(): undefined {
    return undefined;
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}

  reset(): void {}
}

/**
 * Makes a handshake that cannot succeed, to see whether it fails because of the certificate or the key.
 *
 * @param host The network.
 * @param grant The approval of the server.
 * @param identity What the server is to use.
 * @throws {ParleyError} `TLS_OPTIONS` when they cannot be used.
 */
export async function checkIdentity(host: EngineHost, grant: Grant, identity: TlsIdentity): Promise<void> {
  const stop = new AbortController();
  const timer = host.clock.after(PATIENCE_MS, () => stop.abort());
  try {
    const secured = await serveLink(host.net, grant, { link: new BrokenLink(), identity, signal: stop.signal });
    secured.link.close();
  } catch (error) {
    if (isParleyError(error, "TLS_OPTIONS")) throw error;
  } finally {
    timer.cancel();
  }
}
