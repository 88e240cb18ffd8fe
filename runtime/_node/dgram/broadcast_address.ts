/** Which IPv4 addresses mean everybody on a network. */
import type { InterfaceAddress } from "../../../net/datagram_port.ts";

/** The address of every machine on the sender's own link. */
const EVERYBODY = "255.255.255.255";
/** Networks with fewer host bits than this have no broadcast address. */
const MIN_HOST_BITS = 2;

/**
 * Whether an address is a broadcast address: the limited one, or that of a network this machine is on.
 *
 * @param address Canonical text.
 * @param interfaces The addresses of this machine, as far as they are known.
 */
export function isBroadcastAddress(address: string, interfaces: readonly InterfaceAddress[]): boolean {
  return address === EVERYBODY || interfaces.some((entry) => broadcastAddress(entry) === address);
}

/** The broadcast address of the network that an address of this machine is on, or null. */
function broadcastAddress({ address: { family, text }, prefixLength }: InterfaceAddress): string | null {
  const hostBits = 32 - prefixLength;
  if (family !== 4 || hostBits < MIN_HOST_BITS) return null;
  const octets = text.split(".").map((octet, index) => {
    const bits = Math.min(8, Math.max(0, hostBits - 8 * (3 - index)));
    return Number(octet) | (2 ** bits - 1);
  });
  return octets.join(".");
}
