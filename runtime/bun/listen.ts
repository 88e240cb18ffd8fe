/**
 * Servers on Bun, through `Bun.listen`. Bun accepts connections whether or not anybody takes them, so they wait in a
 * queue, paused.
 *
 * When the process has no descriptor left, Bun tells nobody and tries again without pause. A connection that took the last one is
 * therefore broken off, and so is each that comes then. It does not help where other parts of the program used the descriptors up.
 */
import fs from "node:fs";
import { abortError } from "../../core/abort.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import type { LinkListener, ListenOptions, ServerBackend } from "../../net/server_port.ts";
import { AcceptQueue, type WaitingLink } from "../_node/accept_queue.ts";
import { listenError, pathError } from "../_node/listen_error.ts";
import { bindPath } from "../_node/path_socket.ts";
import { abortable } from "../_node/resolve.ts";
import { serveTls } from "../_node/serve_tls.ts";
import { addressText, endpointText, keepAliveMs, socketAddress } from "../_node/tcp_link.ts";
import { bunNetError as translate } from "./errors.ts";
import { BunSocketLink, type SocketEnds } from "./socket_link.ts";
import type {
  BunGlobal,
  BunListener,
  BunListenOptions,
  BunPathOptions,
  BunSocket,
  BunSocketHandlers,
} from "./types.ts";

/** Taken at load, so that code loaded later cannot replace them (CORE-01). */
const bun = (globalThis as unknown as { readonly Bun: BunGlobal }).Bun;
const bunListen = bun.listen.bind(bun);
const bunConnect = bun.connect.bind(bun);
const { openSync, closeSync } = fs;

/** The serving part of the back end. */
export const bunServers: ServerBackend = Object.freeze<ServerBackend>({
  async listenTcp(_grant, { address, port }, options) {
    const hostname = addressText(address);
    const hall = new Hall((socket) => tcpWaiting(socket, options));
    try {
      const listener = bunListen(listenOptions(hall.handlers, { hostname, port, ipv6Only: options.ipv6Only }));
      const local = socketAddress(listener.hostname, listener.port);
      return hall.open(listener, { local, backlog: options.backlog });
    } catch (error) {
      throw listenError(error, { doing: `listen on ${endpointText(hostname, port)}`, translate });
    }
  },
  serveTls: (_grant, link, { identity, signal }) => serveTls(link, { identity, signal, translate }),
  connectPath: (_grant, path, { signal }) => openPath(path, signal),
  async listenPath(_grant, path, { backlog }) {
    const local = { address: path, port: 0 };
    const hall = new Hall((socket) => waitingLink(socket, { remote: local, local }));
    const { listener, remove } = await bindPath(path, {
      bind: (inner) => bunListen(listenOptions(hall.handlers, { unix: inner })),
      unbind: (listener) => listener.stop(true),
      doing: `listen on ${path}`,
      translate,
    });
    return hall.open(listener, { local, backlog, remove });
  },
});

/** A connection that waits, and its link, which hears the socket's events from the start. */
interface Waiting extends WaitingLink {
  readonly link: BunSocketLink;
}

/** Where accepted connections wait. Bun gives the same handlers to all, so each socket carries its own {@linkcode Waiting}. */
class Hall {
  readonly handlers: BunSocketHandlers;
  #queue: AcceptQueue | null = null;

  /** @param waitingOf What waits for a socket; null for one that is gone already. */
  constructor(waitingOf: (socket: BunSocket) => Waiting | null) {
    this.handlers = {
      binaryType: "uint8array",
      open: (socket) => this.#enter(socket, waitingOf),
      data: (socket, chunk) => heldBy(socket)?.link.onData(chunk),
      drain: (socket) => heldBy(socket)?.link.onDrain(),
      end: (socket) => heldBy(socket)?.link.onEnd(),
      close: (socket, error) => this.#leave(socket, error),
      error: (socket, error) => heldBy(socket)?.link.onError(error),
      connectError: () => {},
      timeout: () => {},
    };
  }

  /** Begins to let connections wait; none has come before. */
  open(
    listener: BunListener,
    { local, backlog, remove }: {
      readonly local: SocketAddress;
      readonly backlog: number;
      readonly remove?: () => void;
    },
  ): LinkListener {
    const stop = (): void => {
      remove?.();
      listener.stop(false);
    };
    return this.#queue = new AcceptQueue({ local, backlog, stop });
  }

  #enter(socket: BunSocket, waitingOf: (socket: BunSocket) => Waiting | null): void {
    // Before Bun can deliver a byte.
    socket.pause();
    const shortage = descriptorShortage();
    const waiting = shortage === null ? waitingOf(socket) : null;
    if (waiting === null) socket.terminate();
    if (shortage !== null) this.#queue?.fail(translate(shortage, "accept a connection"));
    if (waiting === null) return;
    socket.data = waiting;
    if (this.#queue === null) waiting.drop();
    else this.#queue.offer(waiting);
  }

  #leave(socket: BunSocket, error: unknown): void {
    const waiting = heldBy(socket);
    if (waiting === null) return;
    waiting.link.onClose(error);
    this.#queue?.forget(waiting);
  }
}

function heldBy(socket: BunSocket): Waiting | null {
  return socket.data as Waiting | undefined ?? null;
}

/** Why the process could not open a descriptor now; null if it could. */
function descriptorShortage(): unknown {
  try {
    closeSync(openSync("/dev/null", "r"));
    return null;
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    return code === "EMFILE" || code === "ENFILE" ? error : null;
  }
}

/** Null for a connection that is gone already: the system no longer knows its ends. */
function tcpWaiting(socket: BunSocket, { noDelay, keepAliveDelayMs }: ListenOptions): Waiting | null {
  if (socket.remoteAddress === undefined || socket.localAddress === undefined) return null;
  socket.setNoDelay(noDelay);
  if (keepAliveDelayMs !== null) socket.setKeepAlive(true, keepAliveMs(keepAliveDelayMs));
  return waitingLink(socket);
}

function waitingLink(socket: BunSocket, ends?: SocketEnds): Waiting {
  const link = new BunSocketLink(socket, ends);
  return {
    link,
    take: () => {
      socket.resume();
      return link;
    },
    drop: () => link.reset(),
  };
}

async function openPath(path: string, signal: AbortSignal): Promise<ByteLink> {
  if (signal.aborted) throw abortError(signal.reason);
  const at = { address: path, port: 0 };
  return await abortable(signal, (resolve: (link: ByteLink) => void, reject) => {
    let link: BunSocketLink | null = null;
    const failed = (error: unknown): void => reject(pathError(error, { doing: `connect to ${path}`, translate }));
    const open = (socket: BunSocket): void => {
      if (signal.aborted) return socket.terminate();
      resolve(link = new BunSocketLink(socket, { remote: at, local: at }));
    };
    bunConnect(pathOptions(path, {
      binaryType: "uint8array",
      open,
      data: (_socket, chunk) => link?.onData(chunk),
      drain: () => link?.onDrain(),
      end: () => link?.onEnd(),
      close: (_socket, error) => link?.onClose(error),
      error: (_socket, error) => link === null ? failed(error) : link.onError(error),
      connectError: (_socket, error) => failed(error),
      timeout: () => {},
    })).catch(failed);
  });
}

/** Own properties all (CORE-01). */
function pathOptions(path: string, socket: BunSocketHandlers): BunPathOptions {
  return { unix: path, hostname: undefined, port: undefined, ...COMMON, socket };
}

/** Own properties all: a `tls`, `unix` or `fd` from Object.prototype would make another listener of it. */
function listenOptions(
  socket: BunSocketHandlers,
  target: Partial<Pick<BunListenOptions, "hostname" | "port" | "unix" | "ipv6Only">>,
): BunListenOptions {
  const at = { hostname: undefined, port: undefined, unix: undefined, ipv6Only: false, ...target };
  return { ...at, reusePort: false, ...COMMON, socket };
}

const COMMON = Object.freeze({
  allowHalfOpen: true,
  exclusive: false,
  fd: undefined,
  tls: undefined,
  data: undefined,
});
