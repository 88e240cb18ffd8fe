/** What the system delivers, on its way to the queue: filtered, and noted for the limits on what may be sent. */
import { ParleyError } from "../../../core/errors.ts";
import type { DatagramAddress, DatagramHandlers } from "../../datagram_port.ts";
import type { Counters } from "../inventory.ts";
import type { DatagramQueue } from "./datagram_queue.ts";
import type { ErrorReports } from "./error_reports.ts";
import type { AddressedUdpMessage, UdpMessage } from "./udp_message.ts";

/** What every inbox works with. */
export interface InboxInit<Message extends UdpMessage> {
  /** Where messages go. */
  readonly queue: DatagramQueue<Message>;
  /** Where what is dropped is counted. */
  readonly counters: Counters;
  /** Where errors go. */
  readonly reports: ErrorReports;
}

/** The inbox of a socket with one peer: what comes from anybody else is dropped without a word (NET-07, RS-06, DS-43). */
export class ConnectedInbox implements DatagramHandlers {
  readonly #init: InboxInit<UdpMessage>;
  readonly #peer: DatagramAddress;
  readonly #onAnswer: () => void;

  /** @param init What it works with, who the peer is, and what to do when it has answered. */
  constructor(init: InboxInit<UdpMessage> & { readonly peer: DatagramAddress; onAnswer(): void }) {
    this.#init = init;
    this.#peer = init.peer;
    this.#onAnswer = init.onAnswer;
  }

  /** Takes a datagram. Not every system filters by sender: Deno's "connected" sockets do not. */
  datagram(bytes: Uint8Array<ArrayBuffer>, from: DatagramAddress, truncated: boolean): void {
    if (from.port !== this.#peer.port || from.address !== this.#peer.address) {
      this.#init.counters.filtered++;
      return;
    }
    this.#onAnswer();
    if (truncated) dropTruncated(this.#init);
    else this.#init.queue.push({ data: bytes });
  }

  /** Takes an error that ends nothing. */
  error(error: ParleyError): void {
    this.#init.reports.report(error);
  }
}

/** The inbox of a bound socket: it hears everybody, and says from whom. */
export class BoundInbox implements DatagramHandlers {
  readonly #init: InboxInit<AddressedUdpMessage>;
  readonly #onHeard: (from: DatagramAddress, byteLength: number) => void;

  /** @param init What it works with, and what to do with each sender. */
  constructor(init: InboxInit<AddressedUdpMessage> & { onHeard(from: DatagramAddress, byteLength: number): void }) {
    this.#init = init;
    this.#onHeard = init.onHeard;
  }

  /** Takes a datagram. */
  datagram(bytes: Uint8Array<ArrayBuffer>, from: DatagramAddress, truncated: boolean): void {
    this.#onHeard(from, bytes.byteLength);
    if (truncated) dropTruncated(this.#init);
    else this.#init.queue.push({ data: bytes, remoteAddress: from.address, remotePort: from.port });
  }

  /** Takes an error that ends nothing. */
  error(error: ParleyError): void {
    this.#init.reports.report(error);
  }
}

/** A datagram without its end is worse than none: no program could tell. */
function dropTruncated({ counters, reports }: Pick<InboxInit<UdpMessage>, "counters" | "reports">): void {
  counters.dropped++;
  reports.report(new ParleyError("NET_MESSAGE_SIZE", "Cannot receive datagram: the system cut it off"));
}
