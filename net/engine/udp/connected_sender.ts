/** Sends to the one peer of a socket, slowly until it has answered (NET-27). */
import type { DatagramAddress } from "../../datagram_port.ts";
import type { DatagramSender } from "./datagram_sender.ts";
import type { Transmitter } from "./transmitter.ts";
import type { OutgoingDatagram } from "./udp_message.ts";
import type { UnansweredLimit } from "./unanswered_limit.ts";

/** The sender of a socket with one peer. */
export class ConnectedSender implements DatagramSender {
  readonly #transmitter: Transmitter;
  readonly #peer: DatagramAddress;
  readonly #limit: UnansweredLimit | null;

  /** @param init What sends, to whom, and what holds it back; nothing does where the peer is a group. */
  constructor(
    init: { readonly transmitter: Transmitter; readonly peer: DatagramAddress; readonly limit: UnansweredLimit | null },
  ) {
    this.#transmitter = init.transmitter;
    this.#peer = init.peer;
    this.#limit = init.limit;
  }

  /** Sends; see {@linkcode DatagramSender.send}. */
  send({ bytes }: OutgoingDatagram, signal: AbortSignal | null): Promise<void> | undefined {
    const turn = this.#limit?.admit(bytes.byteLength, signal);
    if (turn === undefined) return this.#transmitter.send(bytes, this.#peer);
    return turn.then(() => this.#transmitter.send(bytes, this.#peer));
  }

  /** Refuses what waits. */
  end(error: unknown): void {
    this.#limit?.end(error);
  }
}
