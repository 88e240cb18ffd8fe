/**
 * Servers on Node, through `node:net`. Node accepts connections whether or not anybody takes them, so they wait in a
 * queue, paused. When the process has no descriptor left, Node breaks off what comes, without a word.
 */
import net from "node:net";
import { abortError } from "../../core/abort.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import type { LinkListener, ListenOptions, ServerBackend } from "../../net/server_port.ts";
import { AcceptQueue, type WaitingLink } from "../_node/accept_queue.ts";
import { listenError, pathError } from "../_node/listen_error.ts";
import { bindPath } from "../_node/path_socket.ts";
import { abortable } from "../_node/resolve.ts";
import { serveTls } from "../_node/serve_tls.ts";
import { addressText, endpointText, keepAliveMs, socketAddress, StreamLink } from "../_node/tcp_link.ts";
import { nodeNetError as translate } from "./errors.ts";
import {
  listenOptions,
  type ListenTarget,
  pathConnectOptions,
  serverOptions,
  socketOptions,
} from "./socket_options.ts";

const Socket = net.Socket;
const createServer = net.createServer;

/** The serving part of the back end. */
export const nodeServers: ServerBackend = Object.freeze<ServerBackend>({
  async listenTcp(_grant, { address, port }, options) {
    const host = addressText(address);
    const doing = `listen on ${endpointText(host, port)}`;
    const server = createServer(serverOptions());
    await listening(server, { host, port, ipv6Only: options.ipv6Only }, options.backlog)
      .catch((error: unknown) => {
        throw listenError(error, { doing, translate });
      });
    const bound = server.address() as net.AddressInfo;
    const local = socketAddress(bound.address, bound.port);
    return queueOf(server, { local, backlog: options.backlog, stop: () => void server.close(), settings: options });
  },
  serveTls: (_grant, link, { identity, signal }) => serveTls(link, { identity, signal, translate }),
  async connectPath(_grant, path, { signal }) {
    const socket = await openPath(path, signal);
    return pathLink(socket, { address: path, port: 0 });
  },
  async listenPath(_grant, path, { backlog }) {
    const { listener, remove } = await bindPath(path, {
      bind: (inner) => listening(createServer(serverOptions()), { path: inner }, backlog),
      unbind: (server) => void server.close(),
      doing: `listen on ${path}`,
      translate,
    });
    const stop = (): void => {
      remove();
      listener.close();
    };
    return queueOf(listener, { local: { address: path, port: 0 }, backlog, stop, settings: null });
  },
});

/** Resolves once the server listens. */
function listening(server: net.Server, target: ListenTarget, backlog: number): Promise<net.Server> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenOptions(target, backlog), () => {
      server.off("error", reject);
      resolve(server);
    });
  });
}

interface QueueInit {
  readonly local: SocketAddress;
  readonly backlog: number;
  readonly stop: () => void;
  /** What accepted TCP connections get; null for local sockets. */
  readonly settings: ListenOptions | null;
}

function queueOf(server: net.Server, { local, backlog, stop, settings }: QueueInit): LinkListener {
  const queue = new AcceptQueue({ local, backlog, stop });
  server.on("error", (error) => queue.fail(translate(error, "accept a connection")));
  server.on("connection", (socket) => {
    const waiting = settings === null ? waitingPath(socket, local) : waitingTcp(socket, settings);
    if (waiting === null) return;
    socket.on("error", ignore);
    socket.once("close", () => queue.forget(waiting));
    queue.offer(waiting);
  });
  return queue;
}

/** Null for a connection that is gone already: the system no longer knows its ends. */
function waitingTcp(socket: net.Socket, { noDelay, keepAliveDelayMs }: ListenOptions): WaitingLink | null {
  if (socket.remoteAddress === undefined || socket.localAddress === undefined) {
    socket.destroy();
    return null;
  }
  const remote = socketAddress(socket.remoteAddress, socket.remotePort);
  const local = socketAddress(socket.localAddress, socket.localPort);
  const abort = (): void => void socket.resetAndDestroy();
  const take = (): ByteLink => {
    socket.setNoDelay(noDelay);
    if (keepAliveDelayMs !== null) socket.setKeepAlive(true, keepAliveMs(keepAliveDelayMs));
    const link = new StreamLink(socket, { remote, local, translate, abort });
    socket.resume();
    return link;
  };
  return { take, drop: abort };
}

function waitingPath(socket: net.Socket, at: SocketAddress): WaitingLink {
  const take = (): ByteLink => {
    const link = pathLink(socket, at);
    socket.resume();
    return link;
  };
  return { take, drop: () => void socket.destroy() };
}

function pathLink(socket: net.Socket, at: SocketAddress): ByteLink {
  return new StreamLink(socket, { remote: at, local: at, translate, abort: () => void socket.destroy() });
}

async function openPath(path: string, signal: AbortSignal): Promise<net.Socket> {
  if (signal.aborted) throw abortError(signal.reason);
  const socket = new Socket(socketOptions());
  try {
    return await abortable(signal, (resolve: (socket: net.Socket) => void, reject) => {
      socket.once("error", (error) => reject(pathError(error, { doing: `connect to ${path}`, translate })));
      socket.once("connect", () => resolve(socket));
      socket.connect(pathConnectOptions(path));
    });
  } catch (error) {
    socket.on("error", ignore);
    socket.destroy();
    throw error;
  }
}

function ignore(): void {}
