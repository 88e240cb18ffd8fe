/** TLS servers for the contract, by `node:tls` and `node:net`. */
import net from "node:net";
import tls from "node:tls";
import type { TestIdentity } from "../support/test_pki.ts";
import type { ContractServer, ContractService } from "./contract_host.ts";
import { linkOf, started } from "./node_host.ts";

/** How a TLS server behaves. */
export interface TlsServerOptions {
  /** Its certificate. */
  readonly identity: TestIdentity;
  /** ALPN protocols it knows. */
  readonly alpnProtocols?: readonly string[];
  /** PEM authority that must have signed the client's certificate; no client certificate is asked for without. */
  readonly clientCa?: string;
  /** Highest version. */
  readonly maxVersion?: "TLSv1.2" | "TLSv1.3";
}

/** A running TLS server, and what it saw. */
export interface TlsContractServer extends ContractServer {
  /** For each handshake: the SNI name (false for none), whether a session was resumed, the client's common name. */
  readonly seen: { readonly serverName: string | false; readonly resumed: boolean; readonly client: string | null }[];
  /** Ends all connections below TLS, without close_notify. */
  cut(): void;
}

/**
 * Serves TLS on a free port of 127.0.0.1. A plain proxy stands before it, so that the connection can be cut without
 * the TLS stack knowing.
 */
export async function listenTls(service: ContractService, options: TlsServerOptions): Promise<TlsContractServer> {
  const seen: TlsContractServer["seen"] = [];
  const server = tls.createServer({
    cert: options.identity.cert,
    key: options.identity.key,
    allowHalfOpen: true,
    maxVersion: options.maxVersion ?? "TLSv1.3",
    requestCert: options.clientCa !== undefined,
    rejectUnauthorized: options.clientCa !== undefined,
    ...(options.clientCa === undefined ? {} : { ca: options.clientCa }),
    ...(options.alpnProtocols === undefined ? {} : { ALPNProtocols: [...options.alpnProtocols] }),
  } as tls.TlsOptions, (socket) => {
    const client = socket.getPeerCertificate()?.subject?.CN;
    const { servername } = socket as tls.TLSSocket & { servername: string | false };
    seen.push({
      serverName: servername || false,
      resumed: socket.isSessionReused?.() ?? false,
      client: typeof client === "string" ? client : null,
    });
    const link = linkOf(socket);
    service(link).catch(() => {}).finally(() => link.close());
  });
  server.on("tlsClientError", () => {});
  const inner = await started(server);
  const fronts = new Set<net.Socket>();
  const proxy = await started(
    net.createServer({ allowHalfOpen: true }, (front) => join(front, inner.port, fronts)),
  );
  return {
    ...proxy,
    seen,
    cut: () => {
      for (const front of fronts) front.end();
    },
    stop: async () => {
      await proxy.stop();
      await inner.stop();
    },
  };
}

/** Joins an accepted connection to the TLS server. */
function join(front: net.Socket, port: number, fronts: Set<net.Socket>): void {
  const back = net.connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  fronts.add(front);
  for (const [from, to] of [[front, back], [back, front]] as const) {
    from.on("data", (chunk) => {
      if (!to.writableEnded && !to.write(chunk)) from.pause();
    });
    to.on("drain", () => from.resume());
    from.on("end", () => void (to.writableEnded || to.end()));
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
  }
  front.once("close", () => fronts.delete(front));
}
