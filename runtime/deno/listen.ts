/**
 * Servers on Deno, through `Deno.listen`, which accepts a connection only when asked for one: what nobody takes waits in the
 * system. There is no way to keep a server on `::` from taking IPv4 connections (see the gap `serverIpv6OnlyIgnored`).
 *
 * A path needs `--allow-net`, and permission to read and write its directory, where the socket is made (see `path_socket.ts`).
 */
import { abortError } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { ByteLink, SocketAddress } from "../../net/port.ts";
import type { LinkListener, ListenOptions, ServerBackend } from "../../net/server_port.ts";
import { listenError, pathError } from "../_node/listen_error.ts";
import { bindPath } from "../_node/path_socket.ts";
import { serveTls } from "../_node/serve_tls.ts";
import { addressText, endpointText, socketAddress } from "../_node/tcp_link.ts";
import { ConnLink } from "./conn_link.ts";
import { denoNetError as translate } from "./errors.ts";

/** Taken at load, so that code loaded later cannot replace them (CORE-01). */
const denoListen = Deno.listen;
const denoConnect = Deno.connect;

/**
 * Milliseconds until the next attempt after the system refused a connection: while the process has no descriptor left, it would
 * refuse again at once, for ever.
 */
const RETRY_MS = 100;
const OTHER_ACCEPT = "Cannot accept: another accept is under way";

/** The serving part of the back end. */
export const denoServers: ServerBackend = Object.freeze<ServerBackend>({
  async listenTcp(_grant, { address, port }, options) {
    const host = addressText(address);
    const { backlog } = options;
    try {
      const listener = denoListen(
        {
          transport: "tcp",
          hostname: host,
          port,
          tcpBacklog: backlog,
          reusePort: false,
          loadBalanced: false,
        } as Deno.TcpListenOptions & { transport: "tcp" },
      );
      const { hostname, port: bound } = listener.addr;
      return new ConnListener({
        local: socketAddress(hostname, bound),
        listener,
        link: (conn) => tcpLink(conn, options),
        stop: () => listener.close(),
      });
    } catch (error) {
      throw listenError(error, { doing: `listen on ${endpointText(host, port)}`, translate });
    }
  },
  serveTls: (_grant, link, { identity, signal }) => serveTls(link, { identity, signal, translate }),
  async connectPath(_grant, path, { signal }) {
    if (signal.aborted) throw abortError(signal.reason);
    const conn = await openPath(path);
    if (!signal.aborted) return pathLink(conn, path);
    conn.close();
    throw abortError(signal.reason);
  },
  async listenPath(_grant, path) {
    const { listener, remove } = await bindPath(path, {
      bind: (inner) => denoListen({ transport: "unix", path: inner }),
      unbind: (listener) => listener.close(),
      doing: `listen on ${path}`,
      translate,
    });
    const stop = (): void => {
      remove();
      listener.close();
    };
    return new ConnListener({
      local: { address: path, port: 0 },
      listener,
      link: (conn) => pathLink(conn, path),
      stop,
    });
  },
});

/** What a {@linkcode ConnListener} is made of. */
interface ConnListenerInit<T extends Deno.Conn> {
  readonly local: SocketAddress;
  readonly listener: { accept(): Promise<T> };
  /** Makes a link of what was accepted. */
  readonly link: (conn: T) => ByteLink;
  readonly stop: () => void;
}

/** A {@linkcode LinkListener} over a Deno listener. */
class ConnListener<T extends Deno.Conn> implements LinkListener {
  readonly local: SocketAddress;
  /** What nobody takes stays with the system. */
  readonly overflowed = 0;
  readonly #init: ConnListenerInit<T>;
  #accepting = false;
  #refused = false;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(init: ConnListenerInit<T>) {
    this.#init = init;
    this.local = init.local;
  }

  async accept(): Promise<ByteLink | null> {
    if (this.#accepting) throw new ParleyError("INTERNAL_INVARIANT", OTHER_ACCEPT);
    this.#accepting = true;
    try {
      if (this.#refused) await this.#pause();
      this.#refused = false;
      return this.#closed ? null : await this.#next();
    } finally {
      this.#accepting = false;
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    this.#init.stop();
  }

  async #next(): Promise<ByteLink | null> {
    try {
      const conn = await this.#init.listener.accept();
      if (!this.#closed) return this.#init.link(conn);
      conn.close();
      return null;
    } catch (error) {
      if (this.#closed) return null;
      this.#refused = true;
      throw translate(error, "accept a connection");
    }
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(wake, RETRY_MS);
      this.#wake = wake;
    });
  }
}

function tcpLink(conn: Deno.TcpConn, { noDelay, keepAliveDelayMs }: ListenOptions): ByteLink {
  try {
    conn.setNoDelay(noDelay);
    if (keepAliveDelayMs !== null) conn.setKeepAlive(true);
    return new ConnLink(conn);
  } catch (error) {
    conn.close();
    throw error;
  }
}

/** A link whose ends are both the path, without a port. */
function pathLink(conn: Deno.UnixConn, path: string): ByteLink {
  const at = { hostname: path, port: 0 };
  const named: Pick<Deno.TcpConn, "read" | "write" | "closeWrite" | "close"> & {
    remoteAddr: object;
    localAddr: object;
  } = {
    remoteAddr: at,
    localAddr: at,
    read: (view) => conn.read(view),
    write: (bytes) => conn.write(bytes),
    closeWrite: () => conn.closeWrite(),
    close: () => conn.close(),
  };
  return new ConnLink(named as unknown as Deno.TcpConn);
}

async function openPath(path: string): Promise<Deno.UnixConn> {
  try {
    return await denoConnect({ transport: "unix", path });
  } catch (error) {
    throw pathError(error, { doing: `connect to ${path}`, translate });
  }
}
