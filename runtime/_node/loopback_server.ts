/**
 * A small server on 127.0.0.1 for the demo, over `node:net` and `node:tls` on all three runtimes: Deno and Bun have no
 * server side of STARTTLS of their own.
 */
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import type { ByteLink } from "../../net/port.ts";
import type { LoopbackServer, ServerIdentity } from "../command.ts";
import type { ParleyError } from "../../core/errors.ts";
import { LinkDuplex } from "./duplex_over_link.ts";
import { nativeCode, netError } from "./errors.ts";
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
 * Makes the server's side of a TLS handshake.
 *
 * @param link The plaintext connection.
 * @param identity Certificate and key.
 */
export async function serveTls(link: ByteLink, identity: ServerIdentity): Promise<ByteLink> {
  const socket = new TLSSocket(new LinkDuplex(link), {
    isServer: true,
    cert: identity.cert,
    key: identity.key,
    minVersion: "TLSv1.2",
    requestCert: false,
    rejectUnauthorized: true,
  });
  await new Promise<void>((resolve, reject) => {
    socket.once("secure", resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(translate(null, "complete the TLS handshake")));
  });
  const { remote, local } = link;
  return new StreamLink(socket, { remote, local, translate, abort: () => void socket.destroy() });
}

function translate(error: unknown, doing: string): ParleyError {
  return netError(nativeCode(error), { doing, cause: error });
}
