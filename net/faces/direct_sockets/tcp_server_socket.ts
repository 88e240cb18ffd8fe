/**
 * `TCPServerSocket` of the Direct Sockets draft of 24 February 2026: conversions and promises as Web IDL wants them, no more.
 *
 * https://wicg.github.io/direct-sockets/#tcpserversocket-interface
 */
import { defineInterface } from "../../../core/webidl.ts";
import type { NetContextSource } from "../../context.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { requireArguments } from "../../../core/interface_call.ts";
import { promised } from "../../../core/promised.ts";
import { openServerSocket, type TCPServerSocketOpenInfo } from "./open_server_socket.ts";
import { platformObjects } from "./platform_object.ts";
import { type DirectSocketsPolicy, requireToConstruct } from "./policy.ts";
import { SocketState } from "./socket_state.ts";
import { type TCPServerSocketOptions, toTcpServerSocketRequest } from "./tcp_server_socket_options.ts";
import type { TCPSocket } from "./tcp_socket.ts";

/** A socket that takes connections. Cannot be cloned or transferred. */
export interface TCPServerSocket {
  /** Resolves with the stream of connections once it listens; else rejects as `closed` does. The same promise on every read. */
  readonly opened: Promise<TCPServerSocketOpenInfo>;
  /**
   * Resolves when it listens no more because the stream was cancelled or `close()` was called. Rejects with
   * `NotAllowedError` for every refusal, and with `NetworkError` when it could not listen. The same promise on every read.
   */
  readonly closed: Promise<void>;
  /**
   * Stops listening. Sockets that were accepted go on.
   *
   * @returns The `closed` promise itself.
   * @throws {DOMException} `InvalidStateError`, as rejection, before the socket is open, after it failed to open, and while
   * the stream is locked. It goes on listening then.
   */
  close(): Promise<void>;
}

/** The class `TCPServerSocket`. */
export interface TCPServerSocketConstructor {
  /** What its sockets inherit: `opened`, `closed`, `close`. */
  readonly prototype: TCPServerSocket;
  /**
   * Begins to listen, if the operator approves.
   *
   * @param localAddress IP address of this machine; `0.0.0.0` and `::` stand for every address, so that anyone who can reach
   * the machine can connect.
   * @param options Where and how.
   * @throws {TypeError} for missing arguments, an address that is none, options of a wrong type, a port or backlog of 0, and
   * `ipv6Only` with an address other than `::`.
   * @throws {DOMException} `NotAllowedError` where the policy does not allow `direct-sockets`.
   */
  new (localAddress: string, options?: TCPServerSocketOptions): TCPServerSocket;
}

/** What the class is made for. */
export interface TcpServerSocketsInit {
  /** What its code may use. */
  readonly policy: DirectSocketsPolicy;
  /** Makes a socket of a connection. */
  accepted(connection: TcpConnection): TCPSocket;
}

const sockets = platformObjects<SocketState<TCPServerSocketOpenInfo>>("TCPServerSocket");

/**
 * Makes the class for one requester.
 *
 * @param source Whom its sockets act for.
 * @param init What its code may use, and the class of accepted sockets.
 */
export function defineTcpServerSocket(
  source: NetContextSource,
  { policy, accepted }: TcpServerSocketsInit,
): TCPServerSocketConstructor {
  class TCPServerSocket {
    constructor(localAddress: string, options: TCPServerSocketOptions = {}) {
      requireArguments(arguments.length, { needed: 1, deed: "construct a TCPServerSocket" });
      requireToConstruct("direct-sockets", { policy, what: "a TCPServerSocket" });
      const request = toTcpServerSocketRequest({ localAddress, options });
      const state = new SocketState(() => openServerSocket(request, { source, accepted }));
      return sockets.create(this, state) as TCPServerSocket;
    }

    get opened(): Promise<TCPServerSocketOpenInfo> {
      return promised(() => sockets.content(this).opened);
    }

    get closed(): Promise<void> {
      return promised(() => sockets.content(this).closed);
    }

    close(): Promise<void> {
      return promised(() => sockets.content(this).close());
    }
  }
  defineInterface(TCPServerSocket, { tag: "TCPServerSocket", members: ["opened", "closed", "close"] });
  return TCPServerSocket;
}
