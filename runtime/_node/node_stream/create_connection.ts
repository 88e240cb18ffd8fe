/** `createConnection` as agents and clients take it, over sockets that connect by themselves. */
import { member } from "../../../core/dictionary.ts";
import type { ClientSocket, ClientSocketOptions } from "./client_socket.ts";
import type { ConnectOptions } from "./connect_arguments.ts";

/** What `createConnection` of `node:net` takes, as far as Parley can do it. */
export interface CreateConnectionOptions extends ConnectOptions {
  /** Whether writing goes on after the far end has finished. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Destroys the socket. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for `setTimeout`. */
  readonly timeout?: number | undefined;
}

/** `createConnection` of `node:net`, over Parley. Asks the operator each time it is called. */
export interface CreateConnection<T extends ClientSocket> {
  /** Makes a socket and connects it; the callback listens to `connect` once. */
  (options: CreateConnectionOptions, callback?: () => void): T;
  /** Makes a socket and connects it to a port of a host, `localhost` by default. */
  (port: number | string, host?: string, callback?: () => void): T;
}

/**
 * Makes a `createConnection`.
 *
 * @param make Makes a socket that is not connected.
 */
export function connectionMaker<T extends ClientSocket>(
  make: (options: Pick<ClientSocketOptions, "allowHalfOpen" | "signal">) => T,
): CreateConnection<T> {
  return (...args: readonly unknown[]): T => {
    const [options] = args;
    const allowHalfOpen = member(options, "allowHalfOpen");
    const signal = member(options, "signal");
    const timeoutMs = member(options, "timeout");
    const socket = make({
      ...(allowHalfOpen === undefined ? {} : { allowHalfOpen: allowHalfOpen === true }),
      ...(signal instanceof AbortSignal ? { signal } : {}),
    });
    if (typeof timeoutMs === "number" && timeoutMs > 0) socket.setTimeout(timeoutMs);
    return socket.connect(...args as [CreateConnectionOptions, (() => void)?]);
  };
}
