/** What a constructed `TCPServerSocket` does in the background: request → Grant → listening socket (DS-21, NET-22). */
import { makeDestination } from "../../../core/destination.ts";
import { hostOfAddress } from "../../../core/host.ts";
import type { ListenDescriptor } from "../../../permissions/descriptor.ts";
import type { NetContextSource } from "../../context.ts";
import type { AdmissionLimits } from "../../engine/server/admission.ts";
import { connectionStream } from "../../engine/server/connection_stream.ts";
import type { PortRange } from "../../engine/server/listen_tcp.ts";
import type { TcpServer } from "../../engine/server/tcp_server.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { NO_TIMEOUTS } from "../../engine/timed_link.ts";
import { listenApproved } from "../../open_approved.ts";
import { faceErrors } from "./errors.ts";
import type { OpenSocket } from "./socket_state.ts";
import type { TcpServerSocketRequest } from "./tcp_server_socket_options.ts";
import type { TCPSocket } from "./tcp_socket.ts";

/** What `opened` resolves with. */
export interface TCPServerSocketOpenInfo {
  /**
   * Connections, as sockets that are open already. One is taken when somebody reads; the others wait. Ends when the server
   * is closed; cancelling it closes the server.
   */
  readable: ReadableStream<TCPSocket>;
  /** IP address that it listens at. */
  localAddress: string;
  /** Port that it listens at. */
  localPort: number;
}

/** What opening needs besides the request. */
export interface OpenServerOptions {
  /** Whom the face acts for. */
  readonly source: NetContextSource;
  /** Makes a socket of a connection. */
  accepted(connection: TcpConnection): TCPSocket;
}

/** The high range, in which a port lies that nobody named (DS-21). The draft's number, 32678, is a misprint of the first. */
const HIGH_PORTS: PortRange = Object.freeze({ from: 32_768, to: 65_535 });

/** How many are taken is up to the script: it reads them one by one. */
const NO_LIMITS: AdmissionLimits = Object.freeze({
  maxConnections: Number.MAX_SAFE_INTEGER,
  maxPerSource: Number.MAX_SAFE_INTEGER,
  allowFrom: null,
});

/**
 * Asks for a server and opens it.
 *
 * Deviation: a port below the high range is not refused as such (DS-21). The operator is asked about the very port, and that
 * decides.
 *
 * @param request Where and how.
 * @param options Whom for.
 * @throws {DOMException} `NotAllowedError`, `NetworkError` or `NotSupportedError`. Nothing stays open.
 */
export async function openServerSocket(
  request: TcpServerSocketRequest,
  { source, accepted }: OpenServerOptions,
): Promise<OpenSocket<TCPServerSocketOpenInfo>> {
  // What a connection fails with once it is closed, only its own `close()` can have caused.
  const toFaceError = faceErrors({ deed: `accept connections at ${request.where}`, closing: () => true });
  try {
    return openServer(await listen(request, { source, toFaceError }), accepted);
  } catch (error) {
    throw toFaceError(error);
  }
}

async function listen(
  request: TcpServerSocketRequest,
  { source, toFaceError }: { readonly source: NetContextSource; toFaceError(error: unknown): unknown },
): Promise<TcpServer> {
  const { backlog, ipv6Only } = request;
  return await listenApproved(await source(), {
    descriptor: toDescriptor(request),
    // The draft has no way to withdraw: an attempt ends by itself.
    signal: new AbortController().signal,
    options: {
      backlog,
      ipv6Only,
      pickedPorts: HIGH_PORTS,
      noDelay: false,
      keepAliveDelayMs: null,
      limits: NO_LIMITS,
      timeouts: NO_TIMEOUTS,
      tls: null,
      tlsRequired: false,
      // What is sent is what stood in the chunk when it was written (DS-31).
      copyWrites: true,
      toFaceError,
    },
  });
}

function toDescriptor({ address, port }: TcpServerSocketRequest): ListenDescriptor {
  const destination = makeDestination({ scheme: "listen", host: hostOfAddress(address), port });
  return Object.freeze({ __proto__: null, name: "listen", transport: "tcp", destination, port, tls: null });
}

function openServer(
  server: TcpServer,
  accepted: (connection: TcpConnection) => TCPSocket,
): OpenSocket<TCPServerSocketOpenInfo> {
  const readable = connectionStream(server, {
    // Nobody is accepted whom nobody asked for (DS-62).
    highWaterMark: 0,
    wrap: ({ connection }) => accepted(connection),
  });
  const { address: localAddress, port: localPort } = server.local;
  const core = {
    closed: server.closed,
    get locked(): boolean {
      return readable.locked;
    },
    close: (): Promise<void> => server.close(),
  };
  return { info: { localAddress, localPort, readable }, core };
}
