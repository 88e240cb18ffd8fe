/** Sends from a bound socket to whom each datagram names: to approved peers, in answer, or after a decision (NET-27, NET-28). */
import { abortError, onAbort } from "../../../core/abort.ts";
import { ParleyError } from "../../../core/errors.ts";
import type { DatagramSender } from "./datagram_sender.ts";
import type { Destinations } from "./destinations.ts";
import type { Peer } from "./peer.ts";
import type { PeerBook } from "./peer_book.ts";
import type { SendBacklog } from "./send_backlog.ts";
import type { Transmitter } from "./transmitter.ts";
import type { OutgoingDatagram } from "./udp_message.ts";

/** What the sender works with. */
export interface BoundSenderInit {
  /** Hands datagrams to the system. */
  readonly transmitter: Transmitter;
  /** Who is known. */
  readonly book: PeerBook;
  /** Decides about who is not. */
  readonly destinations: Destinations;
  /** Bounds what waits. */
  readonly backlog: SendBacklog;
  /** Fires when the socket is over; withdraws questions. */
  readonly life: AbortController;
}

/** The sender of a bound socket. */
export class BoundSender implements DatagramSender {
  readonly #init: BoundSenderInit;

  /** @param init What it works with. */
  constructor(init: BoundSenderInit) {
    this.#init = init;
  }

  /** Sends; see {@linkcode DatagramSender.send}. */
  send(datagram: OutgoingDatagram, signal: AbortSignal | null): Promise<void> | undefined {
    const peer = this.#init.book.find(datagram);
    if (peer !== undefined) return this.#sendTo(peer, datagram.bytes, signal);
    const answer = this.#answer(datagram);
    return answer === "no answer" ? this.#sendNew(datagram, signal) : answer;
  }

  /** Withdraws questions and refuses what waits. */
  end(error: unknown): void {
    this.#init.life.abort(error);
    this.#init.book.end(error);
  }

  #sendTo(peer: Peer, bytes: Uint8Array, signal: AbortSignal | null): Promise<void> | undefined {
    if (!peer.isCovered) return Promise.reject(revoked());
    const { transmitter, book } = this.#init;
    book.touch(peer);
    const turn = peer.limit?.admit(bytes.byteLength, signal);
    if (turn === undefined) return transmitter.send(bytes, peer.to);
    return turn.then(() => {
      // It may have been taken back meanwhile.
      if (!peer.isCovered) throw revoked();
      return transmitter.send(bytes, peer.to);
    });
  }

  /** Sends in answer to somebody whom nobody approved, as far as that goes without a question. */
  #answer({ bytes, remoteAddress, remotePort }: OutgoingDatagram): Promise<void> | undefined | "no answer" {
    const { transmitter, book, destinations } = this.#init;
    if (remoteAddress === null || destinations.mayNotAnswer(remoteAddress, remotePort)) return "no answer";
    const to = book.answer({ address: remoteAddress, port: remotePort }, bytes.byteLength);
    return to === null ? "no answer" : transmitter.send(bytes, to);
  }

  async #sendNew(datagram: OutgoingDatagram, signal: AbortSignal | null): Promise<void> {
    const { backlog, destinations, life } = this.#init;
    const { byteLength } = datagram.bytes;
    const either = signal === null ? life.signal : AbortSignal.any([life.signal, signal]);
    backlog.enter(byteLength);
    let peer: Peer;
    try {
      peer = await untilAborted(destinations.decide(datagram), either);
    } finally {
      backlog.leave(byteLength);
    }
    await this.#sendTo(peer, datagram.bytes, signal);
  }
}

/** The work's outcome, or the signal's reason if that comes first. */
function untilAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(abortError(signal.reason));
    const forget = onAbort(signal, stop);
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(forget);
  });
}

function revoked(): ParleyError {
  return new ParleyError("PERM_REVOKED", "Cannot send: the permission for the destination was taken back");
}
