/** What a datagram socket has done so far, as faces show it. */
import type { UdpMessage } from "./engine/udp/udp_message.ts";
import type { UdpSocket } from "./engine/udp/udp_socket.ts";

/** Counts of a datagram socket at one moment. */
export interface UDPStats {
  /** Datagrams that the program took. */
  readonly received: number;
  /** Bytes in them. */
  readonly bytesReceived: number;
  /** Datagrams that the system took. */
  readonly sent: number;
  /** Bytes in them. */
  readonly bytesSent: number;
  /** Datagrams that were dropped because nobody took them in time. What the system itself drops is not counted anywhere. */
  readonly dropped: number;
  /** Datagrams of senders other than the peer, dropped. */
  readonly filtered: number;
  /** Errors that did not end the socket. */
  readonly errors: number;
  /** Datagrams that wait to be taken now. */
  readonly queued: number;
}

/** The counts of a socket, now. */
export function udpStats<Message extends UdpMessage>(socket: UdpSocket<Message>): UDPStats {
  const { received, bytesReceived, sent, bytesSent, dropped, filtered } = socket.counters;
  const { errors, queued } = socket;
  return Object.freeze({ received, bytesReceived, sent, bytesSent, dropped, filtered, errors, queued });
}
