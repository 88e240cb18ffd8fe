/** A small server on 127.0.0.1 for the demo, over `node:net` on all three runtimes; its TLS is the back ends'. */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import type { ByteLink } from "../../net/port.ts";
import type { LoopbackServer, ServerIdentity } from "../command.ts";
import type { ParleyError } from "../../core/errors.ts";
import { nativeCode, netError } from "./errors.ts";
import { serveTls as serveTlsOver } from "./serve_tls.ts";
import { socketAddress, StreamLink } from "./tcp_link.ts";

/**
 * Listens on 127.0.0.1, on a port of the system's choice.
 *
 * @param serve What to do with a connection; it is closed afterwards.
 */
export async function listenLoopback(serve: (link: ByteLink) => void | Promise<void>): Promise<LoopbackServer> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    const link = new StreamLink(socket, {
      remote: socketAddress(socket.remoteAddress, socket.remotePort),
      local: socketAddress(socket.localAddress, socket.localPort),
      translate,
      abort: () => void socket.resetAndDestroy(),
    });
    Promise.resolve(serve(link)).then(() => link.close(), () => link.reset());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port: 0 }, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { port, close: () => void server.close() };
}

/**
 * Makes the server's side of a TLS handshake, for a client that is there: it waits for as long as that takes.
 *
 * @param link The plaintext connection.
 * @param identity Certificate and key.
 * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, or a `NET_` code.
 */
export async function serveTls(link: ByteLink, { cert, key }: ServerIdentity): Promise<ByteLink> {
  const identity = { cert, key, clientCa: null, alpnProtocols: [] };
  const served = await serveTlsOver(link, { identity, signal: new AbortController().signal, translate });
  return served.link;
}

function translate(error: unknown, doing: string): ParleyError {
  return netError(nativeCode(error), { doing, cause: error });
}
