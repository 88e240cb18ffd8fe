/** Hands datagrams to the system and counts them. */
import { isParleyError } from "../../../core/errors.ts";
import type { DatagramAddress, DatagramLink } from "../../datagram_port.ts";
import type { Counters } from "../inventory.ts";
import type { ErrorReports } from "./error_reports.ts";

/**
 * Times that a datagram is tried while the system answers with somebody else's failure: an ICMP message about an earlier one
 * is reported by the next call of send, which then sends nothing.
 */
const MAX_ATTEMPTS = 3;

/** What a transmitter works with. */
export interface TransmitterInit {
  /** The socket. */
  readonly link: DatagramLink;
  /** Where to count. */
  readonly counters: Counters;
  /** Where errors go that are not the datagram's own. */
  readonly reports: ErrorReports;
}

/** A datagram that has been tried so often. */
interface Attempt {
  readonly bytes: Uint8Array;
  readonly to: DatagramAddress;
  readonly attempt: number;
}

/** The one place that calls a link's `send`. */
export class Transmitter {
  readonly #link: DatagramLink;
  readonly #counters: Counters;
  readonly #reports: ErrorReports;

  /** @param init What it works with. */
  constructor({ link, counters, reports }: TransmitterInit) {
    this.#link = link;
    this.#counters = counters;
    this.#reports = reports;
  }

  /**
   * Sends a datagram.
   *
   * @returns Resolves once the system has taken it; undefined when it took it at once.
   * @throws {ParleyError} as rejection, with a `NET_` code.
   */
  send(bytes: Uint8Array, to: DatagramAddress): Promise<void> | undefined {
    const taken = this.#link.send(bytes, to);
    if (taken === undefined) {
      this.#count(bytes.byteLength);
      return undefined;
    }
    // One promise for a datagram that the system takes a little later: on Node that is every one.
    return taken.then(() => this.#count(bytes.byteLength), (error) => this.#again(error, { bytes, to, attempt: 1 }));
  }

  async #again(error: unknown, { bytes, to, attempt }: Attempt): Promise<void> {
    if (!isParleyError(error, "NET_REFUSED") || attempt === MAX_ATTEMPTS) throw error;
    this.#reports.report(error);
    try {
      await this.#link.send(bytes, to);
    } catch (next) {
      return await this.#again(next, { bytes, to, attempt: attempt + 1 });
    }
    this.#count(bytes.byteLength);
  }

  #count(byteLength: number): void {
    this.#counters.sent++;
    this.#counters.bytesSent += byteLength;
  }
}
