/**
 * `UDPSocket` of the Direct Sockets draft of 24 February 2026: conversions and promises as Web IDL wants them, no more.
 *
 * https://wicg.github.io/direct-sockets/#udpsocket-interface
 */
import { defineInterface } from "../../../core/webidl.ts";
import type { NetContextSource } from "../../context.ts";
import { promised } from "../../../core/promised.ts";
import type { MulticastControllers } from "./multicast_controller.ts";
import { openUdpSocket } from "./open_udp_socket.ts";
import { platformObjects } from "./platform_object.ts";
import { type DirectSocketsPolicy, requireToConstruct } from "./policy.ts";
import { SocketState } from "./socket_state.ts";
import type { UDPSocketOpenInfo } from "./udp_open_info.ts";
import { toUdpSocketRequest, type UDPSocketOptions } from "./udp_socket_options.ts";

/** A datagram socket with one peer (connected mode) or with all the world (bound mode). Cannot be cloned or transferred. */
export interface UDPSocket {
  /** Resolves with streams and addresses once open; else rejects as `closed` does. The same promise on every read. */
  readonly opened: Promise<UDPSocketOpenInfo>;
  /**
   * Resolves when both streams have ended in order or `close()` was called. Rejects with `NotAllowedError` for every refusal,
   * with `NetworkError` when the socket failed, and with a stream's own error when the program broke it off. The same promise
   * on every read.
   */
  readonly closed: Promise<void>;
  /**
   * Ends both streams, leaves all groups and releases the descriptor.
   *
   * @returns The `closed` promise itself.
   * @throws {DOMException} `InvalidStateError`, as rejection, before the socket is open, after it failed to open, and while
   * a stream is locked. Nothing is closed then.
   */
  close(): Promise<void>;
}

/** The class `UDPSocket`. */
export interface UDPSocketConstructor {
  /** What its sockets inherit: `opened`, `closed`, `close`. */
  readonly prototype: UDPSocket;
  /**
   * Begins to open, if the operator approves. Nothing leaves before that, not even a DNS query. A bound socket asks again for
   * each destination and group that is new to it; whoever wrote to it may be answered without a question, with at most three
   * times the bytes of the last 10 s. A destination that has not answered gets 10 datagrams and 4 KiB, then one a second.
   *
   * @param options Which mode, and how. One of the modes is needed.
   * @throws {TypeError} for options of a wrong type, and for options that do not go together.
   * @throws {DOMException} `NotAllowedError` where the policy does not allow `direct-sockets`, or not
   * `direct-sockets-multicast` with options for groups.
   */
  new (options?: UDPSocketOptions): UDPSocket;
}

/** What the class is made for. */
export interface UdpSocketsInit {
  /** What its code may use. */
  readonly policy: DirectSocketsPolicy;
  /** Makes the objects that join groups. */
  readonly controllers: MulticastControllers;
}

const sockets = platformObjects<SocketState<UDPSocketOpenInfo>>("UDPSocket");

/**
 * Makes the class for one requester.
 *
 * @param source Whom its sockets act for.
 * @param init What its code may use, and the class of its controllers.
 */
export function defineUdpSocket(
  source: NetContextSource,
  { policy, controllers }: UdpSocketsInit,
): UDPSocketConstructor {
  class UDPSocket {
    constructor(options: UDPSocketOptions = {}) {
      requireToConstruct("direct-sockets", { policy, what: "a UDPSocket" });
      const request = toUdpSocketRequest(options, policy);
      const state = new SocketState((closing) => openUdpSocket(request, { source, policy, controllers, closing }));
      return sockets.create(this, state) as UDPSocket;
    }

    get opened(): Promise<UDPSocketOpenInfo> {
      return promised(() => sockets.content(this).opened);
    }

    get closed(): Promise<void> {
      return promised(() => sockets.content(this).closed);
    }

    close(): Promise<void> {
      return promised(() => sockets.content(this).close());
    }
  }
  defineInterface(UDPSocket, { tag: "UDPSocket", members: ["opened", "closed", "close"] });
  return UDPSocket;
}
