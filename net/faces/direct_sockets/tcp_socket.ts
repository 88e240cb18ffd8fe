/**
 * `TCPSocket` of the Direct Sockets draft of 24 February 2026: conversions and promises as Web IDL wants them, no more.
 *
 * https://wicg.github.io/direct-sockets/#tcpsocket-interface
 */
import { defineInterface } from "../../../core/webidl.ts";
import type { NetContextSource } from "../../context.ts";
import type { TcpConnection } from "../../engine/tcp_connection.ts";
import { requireArguments } from "../../../core/interface_call.ts";
import { promised } from "../../../core/promised.ts";
import { openConnection } from "./open_connection.ts";
import { platformObjects } from "./platform_object.ts";
import { type DirectSocketsPolicy, requireToConstruct } from "./policy.ts";
import { SocketState } from "./socket_state.ts";
import { openTcp, type TCPSocketOpenInfo } from "./tcp_open_info.ts";
import { type TCPSocketOptions, toTcpSocketRequest } from "./tcp_socket_options.ts";

/** A TCP connection, from the attempt to its end. Cannot be cloned or transferred. */
export interface TCPSocket {
  /** Resolves with streams and addresses once connected; else rejects as `closed` does. The same promise on every read. */
  readonly opened: Promise<TCPSocketOpenInfo>;
  /**
   * Resolves when both directions have ended in order or `close()` was called. Rejects with `NotAllowedError` for every
   * refusal, with `NetworkError` when the connection failed, and with a stream's own error when the program broke it off.
   * The same promise on every read.
   */
  readonly closed: Promise<void>;
  /**
   * Closes both directions and releases the descriptor. What a write had settled for is still delivered.
   *
   * @returns The `closed` promise itself.
   * @throws {DOMException} `InvalidStateError`, as rejection, before the socket is open, after it failed to open, and while
   * a stream is locked. Nothing is closed then.
   */
  close(): Promise<void>;
}

/** The class `TCPSocket`. */
export interface TCPSocketConstructor {
  /** What its sockets inherit: `opened`, `closed`, `close`. */
  readonly prototype: TCPSocket;
  /**
   * Begins to connect, if the operator approves. Nothing leaves before that, not even a DNS query.
   *
   * @param remoteAddress Host name or IP address. What is wrong with it shows in `opened` and `closed`.
   * @param remotePort Port, taken modulo 65536 as the draft has it.
   * @param options How.
   * @throws {TypeError} for missing arguments, options of a wrong type, `keepAliveDelay` under 1000 and buffer sizes of 0.
   * @throws {DOMException} `NotAllowedError` where the policy does not allow `direct-sockets`.
   */
  new (remoteAddress: string, remotePort: number, options?: TCPSocketOptions): TCPSocket;
}

/** The class, and how a server makes one of its objects. */
export interface TcpSockets {
  /** The class. */
  readonly TCPSocket: TCPSocketConstructor;
  /**
   * Makes a socket that is open already.
   *
   * @param connection Its connection.
   */
  accepted(connection: TcpConnection): TCPSocket;
}

const sockets = platformObjects<SocketState<TCPSocketOpenInfo>>("TCPSocket");
const { create } = Object;

/**
 * Makes the class for one requester.
 *
 * Deviation: whether the operator refuses is known later only, so that the constructor throws `NotAllowedError` for the
 * policy alone (DS-07); after the operator's refusal `opened` and `closed` reject with it.
 *
 * @param source Whom its sockets act for.
 * @param policy What its code may use.
 */
export function defineTcpSocket(source: NetContextSource, policy: DirectSocketsPolicy): TcpSockets {
  class TCPSocket {
    constructor(remoteAddress: string, remotePort: number, options: TCPSocketOptions = {}) {
      requireArguments(arguments.length, { needed: 2, deed: "construct a TCPSocket" });
      requireToConstruct("direct-sockets", { policy, what: "a TCPSocket" });
      const request = toTcpSocketRequest({ remoteAddress, remotePort, options });
      const state = new SocketState((closing) => openConnection(request, { source, policy, closing }));
      return sockets.create(this, state) as TCPSocket;
    }

    get opened(): Promise<TCPSocketOpenInfo> {
      return promised(() => sockets.content(this).opened);
    }

    get closed(): Promise<void> {
      return promised(() => sockets.content(this).closed);
    }

    close(): Promise<void> {
      return promised(() => sockets.content(this).close());
    }
  }
  defineInterface(TCPSocket, { tag: "TCPSocket", members: ["opened", "closed", "close"] });
  const like: object = create(TCPSocket.prototype);
  const accepted = (connection: TcpConnection): TCPSocket =>
    sockets.create(like, new SocketState(openTcp(connection))) as TCPSocket;
  return Object.freeze({ TCPSocket, accepted });
}
