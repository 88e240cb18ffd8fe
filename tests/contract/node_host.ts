/** The contract's servers for real runtimes, by `node:net`, which all three have. */
import net from "node:net";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { NetBackend } from "../../net/port.ts";
import { socketAddress, StreamLink } from "../../runtime/_node/tcp_link.ts";
import { nodeNetError } from "../../runtime/node/errors.ts";
import type { ContractHost, ContractServer, ContractService, ContractTraits } from "./contract_host.ts";

/** 127.0.0.1. */
export const LOOPBACK: IpAddress = parseIpAddress("127.0.0.1")!;

/** A host of real sockets around a runtime's back end. */
export function realHost(backend: NetBackend, traits: ContractTraits): ContractHost {
  return { net: backend, traits, listen: listenTcp };
}

/** A link over an accepted or TLS socket of `node:net`. */
export function linkOf(socket: net.Socket): StreamLink {
  return new StreamLink(socket, {
    remote: socketAddress(socket.remoteAddress, socket.remotePort),
    local: socketAddress(socket.localAddress, socket.localPort),
    translate: nodeNetError,
    abort: () => void socket.resetAndDestroy(),
  });
}

/** Serves on a free port of 127.0.0.1. */
export function listenTcp(service: ContractService): Promise<ContractServer> {
  return started(net.createServer({ allowHalfOpen: true }, (socket) => void serve(service, socket)));
}

/** Waits until a server listens, and keeps its connections so that it can be stopped. */
export function started(server: net.Server): Promise<ContractServer> {
  const open = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      resolve({
        address: LOOPBACK,
        port,
        stop: () =>
          new Promise((stopped) => {
            for (const socket of open) socket.destroy();
            server.close(() => stopped());
          }),
      });
    });
  });
}

/** Runs a service over a socket. */
export async function serve(service: ContractService, socket: net.Socket): Promise<void> {
  const link = linkOf(socket);
  try {
    await service(link);
    link.close();
  } catch {
    link.reset();
  }
}
