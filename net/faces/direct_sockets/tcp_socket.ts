/**
 * `TCPSocket` of the Direct Sockets draft of 24 February 2026: conversions and promises as Web IDL wants them, no more.
 *
 * https://wicg.github.io/direct-sockets/#tcpsocket-interface
 */
import { defineInterface } from "../../../core/webidl.ts";
import type { NetContextSource } from "../../context.ts";
import { platformObjects } from "./platform_object.ts";
import { type TCPSocketOptions, toTcpSocketRequest } from "./tcp_socket_options.ts";
import { type TCPSocketOpenInfo, TcpSocketState } from "./tcp_socket_state.ts";

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
   */
  new (remoteAddress: string, remotePort: number, options?: TCPSocketOptions): TCPSocket;
}

const sockets = platformObjects<TcpSocketState>("TCPSocket");

/**
 * Makes the class for one requester.
 *
 * Deviation: the constructor never throws `NotAllowedError`, because whether the operator refuses is known later only
 * (DS-07); `opened` and `closed` reject with it.
 *
 * @param source Whom its sockets act for.
 */
export function defineTcpSocket(source: NetContextSource): TCPSocketConstructor {
  class TCPSocket {
    constructor(remoteAddress: string, remotePort: number, options: TCPSocketOptions = {}) {
      requireArguments(arguments.length);
      const request = toTcpSocketRequest({ remoteAddress, remotePort, options });
      return sockets.create(this, new TcpSocketState(request, source)) as TCPSocket;
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
  return TCPSocket;
}

function requireArguments(count: number): void {
  if (count < 2) throw new TypeError(`Cannot construct a TCPSocket: 2 arguments are needed, and there are ${count}`);
}

/** Members that give promises never throw: https://webidl.spec.whatwg.org/#dfn-attribute-getter */
function promised<T>(get: () => Promise<T>): Promise<T> {
  try {
    return get();
  } catch (error) {
    return Promise.reject(error);
  }
}
