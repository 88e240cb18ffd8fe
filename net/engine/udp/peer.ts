/** Somebody that a bound socket may send to. */
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { DatagramAddress } from "../../datagram_port.ts";
import type { UnansweredLimit } from "./unanswered_limit.ts";

/** What a peer is made of. */
export interface PeerInit {
  /** The address, and the port. */
  readonly address: IpAddress;
  /** 1 to 65535. */
  readonly port: number;
  /** The approval that covers it; null for a peer under the socket's own `udp-peers` approval. */
  readonly grant: Grant | null;
  /** What holds datagrams back until it has answered; null for a group. */
  readonly limit: UnansweredLimit | null;
}

/** An address and port that datagrams may go to, made once for each socket. */
export class Peer {
  /** Where to, as the link wants it. */
  readonly to: DatagramAddress;
  /** What holds datagrams back until it has answered, or null. */
  readonly limit: UnansweredLimit | null;
  /** When it was last sent to or heard, on the monotonic clock. */
  lastUsedMs = 0;
  readonly #address: IpAddress;
  readonly #grants: Grant[];

  /** @param init What it is made of. */
  constructor({ address, port, grant, limit }: PeerInit) {
    this.to = Object.freeze({ address: addressText(address), port });
    this.limit = limit;
    this.#address = address;
    this.#grants = grant === null ? [] : [grant];
  }

  /** A further approval for the same address, as of a name that leads to it. */
  addGrant(grant: Grant): void {
    this.#grants.push(grant);
  }

  /** Whether an approval covers it still. Asked before every datagram. */
  get isCovered(): boolean {
    if (this.#grants.length === 0) return true;
    for (const grant of this.#grants) if (grant.covers(this.#address, this.to.port)) return true;
    return false;
  }
}

/** An address's text with its zone, as links give and take it. */
export function addressText({ text, zone }: IpAddress): string {
  return zone === null ? text : `${text}%${zone}`;
}
