/** How much of a socket waits to be sent: a program that sends without looking must not fill the memory. */
import { limitError } from "./limit_error.ts";

/** Most datagrams that wait. */
const MAX_DATAGRAMS = 1024;
/** Most bytes that wait. */
const MAX_BYTES = 1024 * 1024;

/** Counts the datagrams of one socket that wait for the operator's answer, for a lookup, or for their turn. */
export class SendBacklog {
  #datagrams = 0;
  #bytes = 0;

  /** How many wait. */
  get datagrams(): number {
    return this.#datagrams;
  }

  /**
   * Enters a datagram.
   *
   * @throws {ParleyError} `NET_LIMIT` when too much waits already.
   */
  enter(byteLength: number): void {
    if (this.#datagrams >= MAX_DATAGRAMS || this.#bytes + byteLength > MAX_BYTES) {
      throw limitError("waiting-datagrams", `Cannot send: ${this.#datagrams} datagrams wait already`);
    }
    this.#datagrams++;
    this.#bytes += byteLength;
  }

  /** Takes it out again. */
  leave(byteLength: number): void {
    this.#datagrams--;
    this.#bytes -= byteLength;
  }
}
