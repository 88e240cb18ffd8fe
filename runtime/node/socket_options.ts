/** The options of Node's sockets, with nothing left to be found on Object.prototype (CORE-01). */
import type net from "node:net";

/** For a socket that connects; a `fd`, `handle` or `onread` would make another socket of it. */
export function socketOptions(): net.SocketConstructorOpts {
  const options: Record<string, unknown> = {
    allowHalfOpen: true,
    fd: undefined,
    handle: undefined,
    onread: undefined,
    signal: undefined,
    readable: undefined,
    writable: undefined,
    blockList: undefined,
    objectMode: undefined,
    readableObjectMode: undefined,
    writableObjectMode: undefined,
    decodeStrings: undefined,
    encoding: undefined,
    highWaterMark: undefined,
    noDelay: undefined,
    keepAlive: undefined,
    keepAliveInitialDelay: undefined,
  };
  return options;
}

/** For a connection to a path. */
export function pathConnectOptions(path: string): net.IpcNetConnectOpts {
  const options: Record<string, unknown> & { path: string } = {
    path,
    host: undefined,
    port: undefined,
    localAddress: undefined,
    localPort: undefined,
    lookup: undefined,
    blockList: undefined,
    timeout: undefined,
    onread: undefined,
    signal: undefined,
    noDelay: undefined,
    keepAlive: undefined,
    keepAliveInitialDelay: undefined,
  };
  return options;
}

/** For a server whose connections nobody reads from yet. */
export function serverOptions(): net.ServerOpts {
  const options: Record<string, unknown> = {
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: undefined,
    keepAlive: undefined,
    keepAliveInitialDelay: undefined,
    highWaterMark: undefined,
    blockList: undefined,
    captureRejections: undefined,
  };
  return options;
}

/** What is listened on: an address and port, or a path. */
export type ListenTarget =
  | { readonly host: string; readonly port: number; readonly ipv6Only: boolean }
  | { readonly path: string };

/**
 * For listening; `handle` or `fd` would adopt another socket, `writableAll` would let everybody connect. It inherits from nothing,
 * because Node takes a `port` that is there but undefined for any port of every address.
 */
export function listenOptions(target: ListenTarget, backlog: number): net.ListenOptions {
  const options: Record<string, unknown> = {
    __proto__: null,
    ...target,
    backlog,
    exclusive: true,
    reusePort: false,
    readableAll: false,
    writableAll: false,
    fd: undefined,
    handle: undefined,
    _handle: undefined,
    signal: undefined,
  };
  return options;
}
