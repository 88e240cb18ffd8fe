/** What a datagram socket was told, to be waited for. */
import type { ParleyError } from "../../core/errors.ts";
import type { DatagramAddress, DatagramHandlers } from "../../net/datagram_port.ts";

/** A datagram that arrived. */
export interface Received {
  /** The content. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Who sent it; a copy. */
  readonly from: DatagramAddress;
  /** Whether the system cut it off. */
  readonly truncated: boolean;
}

/** Handlers that keep everything. */
export class Inbox implements DatagramHandlers {
  /** What nobody asked for yet. */
  readonly received: Received[] = [];
  /** Errors nobody asked for yet. */
  readonly errors: ParleyError[] = [];
  /** Bytes that ever arrived. */
  bytes = 0;
  #wake: (() => void) | null = null;

  datagram(bytes: Uint8Array<ArrayBuffer>, from: DatagramAddress, truncated: boolean): void {
    this.bytes += bytes.byteLength;
    this.received.push({ bytes, from: { address: from.address, port: from.port }, truncated });
    this.#wake?.();
  }

  error(error: ParleyError): void {
    this.errors.push(error);
    this.#wake?.();
  }

  /** The next datagram. */
  async next(): Promise<Received> {
    for (;;) {
      const received = this.received.shift();
      if (received !== undefined) return received;
      await this.#change();
    }
  }

  /** The text of the next datagram. */
  async text(): Promise<string> {
    return new TextDecoder().decode((await this.next()).bytes);
  }

  /** The next error. */
  async nextError(): Promise<ParleyError> {
    for (;;) {
      const error = this.errors.shift();
      if (error !== undefined) return error;
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }
}
