/** `connect()` of the WinterTC Sockets API, on a binding object. */
import type { NetContextSource } from "../../context.ts";
import { openSocketConnection, startTimer } from "./open_socket_connection.ts";
import { createSocket, type Socket } from "./socket.ts";
import type { AnySocketAddress } from "./socket_address.ts";
import { faceErrors } from "./socket_error.ts";
import { type SocketOptions, toSocketRequest } from "./socket_options.ts";

/** The specification's binding object: what carries `connect()`. */
export interface WinterTcSockets {
  /**
   * Begins to open a TCP connection, if the operator approves, and returns at once. No packet leaves before that, not even
   * a DNS query; reads and writes wait meanwhile.
   *
   * @param address Where to: `host:port`, or `{ hostname, port }`.
   * @param options How.
   * @returns The pending socket. Its `opened` and `closed` reject with one `SocketError` when it cannot be opened: for
   * every refusal the same one, whatever the reason.
   * @throws {SocketError} for a malformed address, and for TLS options without TLS.
   * @throws {TypeError} for options of a wrong type.
   */
  connect(address: AnySocketAddress, options?: SocketOptions): Socket;
}

/**
 * Makes the face for one requester.
 *
 * https://sockets-api.proposal.wintertc.org/#connect-section
 *
 * @param context Whom it acts for.
 */
export function createWinterTcSockets(context: NetContextSource): WinterTcSockets {
  return Object.freeze({
    connect(address: AnySocketAddress, options: SocketOptions | undefined = undefined): Socket {
      const request = toSocketRequest(address, options);
      const { where, secureTransport, allowHalfOpen, tls } = request;
      const toFaceError = faceErrors(where);
      return createSocket({
        secureTransport,
        allowHalfOpen,
        tls,
        toFaceError,
        open: (signal) => openSocketConnection(context, { request, toFaceError, signal }),
        startTimer: (delayMs, error) => startTimer(context, { delayMs, error }),
      });
    },
  });
}
