/** How a socket sends: to its one peer, or to whom each datagram names. */
import type { OutgoingDatagram } from "./udp_message.ts";

/** Lets datagrams through to the system as far as consent and limits go. */
export interface DatagramSender {
  /**
   * Sends a datagram.
   *
   * @param datagram The datagram. Its bytes must not change until this settles.
   * @param signal Gives up what has not been handed to the system; or null.
   * @returns Resolves once the system has taken it; undefined when it took it at once.
   * @throws {ParleyError} as rejection; it never throws at once.
   */
  send(datagram: OutgoingDatagram, signal: AbortSignal | null): Promise<void> | undefined;
  /** The socket is over: what waits is refused with the error. */
  end(error: unknown): void;
}
