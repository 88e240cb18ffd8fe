/** Both ends of a connection as `net.Socket` shows them. */
import { parseIpAddress } from "../../../core/ip_address.ts";

/** One end. */
export interface SocketEnd {
  /** IP address. */
  readonly address: string;
  /** Port. */
  readonly port: number;
  /** `IPv4` or `IPv6`. */
  readonly family: "IPv4" | "IPv6";
}

/** Both ends, as far as they are known. */
export interface SocketEnds {
  /** The far end. */
  readonly remote: SocketEnd | null;
  /** This end. */
  readonly local: SocketEnd | null;
}

interface Addresses {
  readonly remoteAddress?: unknown;
  readonly remotePort?: unknown;
  readonly localAddress?: unknown;
  readonly localPort?: unknown;
}

/** Ends of which nothing is known. */
export const UNKNOWN_ENDS: SocketEnds = Object.freeze({ remote: null, local: null });

/** WinterTC has both in one text: `192.0.2.1:25`, `[2001:db8::1]:25`. */
const ADDRESS_AND_PORT = /^(?:\[([^[\]]+)\]|([^:]+)):(\d{1,5})$/u;

/**
 * Reads the addresses off a socket, or off what its `opened` resolved with.
 *
 * @param source Either.
 */
export function socketEnds(source: unknown): SocketEnds {
  if (typeof source !== "object" || source === null) return UNKNOWN_ENDS;
  const { remoteAddress, remotePort, localAddress, localPort } = source as Addresses;
  return { remote: socketEnd(remoteAddress, remotePort), local: socketEnd(localAddress, localPort) };
}

function socketEnd(text: unknown, port: unknown): SocketEnd | null {
  if (typeof text !== "string") return null;
  if (typeof port !== "number") {
    const [, bracketed, plain, digits] = ADDRESS_AND_PORT.exec(text) ?? [];
    const found = bracketed ?? plain;
    return found === undefined ? null : socketEnd(found, Number(digits));
  }
  const address = parseIpAddress(text);
  return address === null ? null : Object.freeze({ address: text, port, family: `IPv${address.family}` as const });
}
