/** What became of the connections to a server. */
import type { LinkListener } from "../../server_port.ts";

/** The numbers of a server at one moment. */
export interface ServerStats {
  /** Connections that the program took. */
  readonly accepted: number;
  /** Connections that are open now, those still in their handshake included. */
  readonly open: number;
  /** TLS handshakes under way. */
  readonly handshaking: number;
  /** Connections broken off because their address is none of those that may connect. */
  readonly notAllowed: number;
  /** Connections broken off because their source had as many as it may have. */
  readonly overSourceLimit: number;
  /** Connections broken off because too many waited already. Only on runtimes that accept before anybody asks. */
  readonly overflowed: number;
  /** TLS handshakes that failed or took too long. */
  readonly handshakeFailures: number;
  /** Times that the system refused to hand over a connection. */
  readonly acceptFailures: number;
}

/** A server's numbers, as the inventory reads them too; counted in place. */
export class ServerCounters {
  /** Always 0: bytes are counted by each connection. */
  readonly bytesReceived = 0;
  /** Always 0, likewise. */
  readonly bytesSent = 0;
  /** Always 0: a server sends nothing by itself. */
  readonly sent = 0;
  /** Connections that the program took. */
  received = 0;
  /** Connections of sources that may not connect. */
  filtered = 0;
  /** Connections above the limit of their source. */
  overSourceLimit = 0;
  /** Failed handshakes. */
  handshakeFailures = 0;
  /** Failures of the system. */
  acceptFailures = 0;
  readonly #listener: LinkListener;

  /** @param listener Knows how many were lost before anybody could take them. */
  constructor(listener: LinkListener) {
    this.#listener = listener;
  }

  /** Connections broken off for want of room, or because their handshake failed. */
  get dropped(): number {
    return this.overSourceLimit + this.handshakeFailures + this.#listener.overflowed;
  }

  /** The numbers, to be handed out. */
  snapshot(now: Pick<ServerStats, "open" | "handshaking">): ServerStats {
    return Object.freeze({
      accepted: this.received,
      open: now.open,
      handshaking: now.handshaking,
      notAllowed: this.filtered,
      overSourceLimit: this.overSourceLimit,
      overflowed: this.#listener.overflowed,
      handshakeFailures: this.handshakeFailures,
      acceptFailures: this.acceptFailures,
    });
  }
}
