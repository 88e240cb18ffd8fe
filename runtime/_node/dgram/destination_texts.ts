/**
 * Where datagrams go, as the runtime wants it: literal addresses only, in the family of the socket, out of an interface
 * that exists. What was found good once is remembered, so that a send costs one look.
 */
import net from "node:net";
import { ParleyError } from "../../../core/errors.ts";
import type { InterfaceAddress } from "../../../net/datagram_port.ts";

const isIP = net.isIP;
/** Texts that are remembered. */
const MAX_KNOWN = 1024;

/** What a runtime does with addresses. */
export interface AddressTraits {
  /** Whether an IPv6 socket wants IPv4 addresses mapped (`::ffff:192.0.2.1`). */
  readonly mapsIpv4: boolean;
  /** Whether a zone that does not exist would be taken for none, and the datagram leave by another interface. */
  readonly losesZones: boolean;
  /** The addresses of this machine, or null where they are hidden. */
  interfaces(): readonly InterfaceAddress[] | null;
}

/** The destinations of one socket. */
export class DestinationTexts {
  readonly #family: 4 | 6;
  readonly #traits: AddressTraits;
  readonly #known = new Map<string, string>();

  /**
   * @param family The socket's.
   * @param traits What the runtime does with addresses.
   */
  constructor(family: 4 | 6, traits: AddressTraits) {
    this.#family = family;
    this.#traits = traits;
  }

  /**
   * The text for the runtime.
   *
   * @param address Literal address, with zone if link-local.
   * @throws {ParleyError} `NET_DNS` for a name, `NET_UNREACHABLE` for what this socket cannot reach.
   */
  text(address: string): string {
    return this.#known.get(address) ?? this.#learn(address);
  }

  #learn(address: string): string {
    const text = this.#check(address);
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(address, text);
    return text;
  }

  #check(address: string): string {
    const family = isIP(address);
    if (family === 0) throw new ParleyError("NET_DNS", `Cannot send to ${address}: names are not looked up here`);
    checkZone(address, this.#traits);
    if (family === this.#family) return address;
    if (family === 6) throw unreachable(address, "the socket is bound to an IPv4 address");
    // A time to live set on an IPv6 socket does not hold for IPv4 groups: a datagram could go further than allowed.
    if (/^(?:22[4-9]|23[0-9])\./.test(address)) throw unreachable(address, "the socket is bound to an IPv6 address");
    return this.#traits.mapsIpv4 ? `::ffff:${address}` : address;
  }
}

/**
 * Refuses an address whose zone is no interface of this machine.
 *
 * @param address Literal address.
 * @param traits What the runtime does with zones.
 * @throws {ParleyError} `NET_UNREACHABLE`.
 */
export function checkZone(address: string, traits: AddressTraits): void {
  const percent = address.indexOf("%");
  if (percent < 0 || !traits.losesZones) return;
  const zone = address.slice(percent + 1);
  const found = traits.interfaces()?.some(({ name }) => name === zone) ?? true;
  if (!found) throw unreachable(address, "there is no such interface");
}

function unreachable(address: string, state: string): ParleyError {
  return new ParleyError("NET_UNREACHABLE", `Cannot reach ${address}: ${state}`);
}
