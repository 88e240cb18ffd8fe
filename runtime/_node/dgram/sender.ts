/** Who sent a datagram, as the engine is told: one object for all datagrams of a socket, and canonical text. */
import { socketAddress } from "../tcp_link.ts";

/** Texts that are remembered; whoever sends from more addresses than this costs the parsing again. */
const MAX_KNOWN = 1024;

/** The sender of a socket's latest datagram. Changed in place: the port allows it, and a flood allocates nothing. */
export class Sender {
  /** Canonical address text. */
  address = "";
  /** Port number. */
  port = 0;
  readonly #zone: string | null;
  readonly #known = new Map<string, string>();

  /** @param zone The interface of link-local senders, for runtimes that leave it out; null where it is not known. */
  constructor(zone: string | null) {
    this.#zone = zone;
  }

  /** Takes over what the runtime says, and gives itself back. */
  set(address: string, port: number): this {
    this.address = this.#known.get(address) ?? this.#learn(address);
    this.port = port;
    return this;
  }

  #learn(address: string): string {
    const canonical = zonedText(socketAddress(address, 0).address, this.#zone);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(address, canonical);
    return canonical;
  }
}

/**
 * Adds the zone to a link-local address that a runtime gives without.
 *
 * @param address Canonical text.
 * @param zone Its interface, if known.
 */
export function zonedText(address: string, zone: string | null): string {
  return zone !== null && /^fe[89ab][0-9a-f]:/.test(address) && !address.includes("%") ? `${address}%${zone}` : address;
}
