/**
 * NET-28: with a `udp-peers` approval a socket may send to any public address, ports from 1024, at 50 new peers a minute.
 *
 * Beyond that a send is refused at once and does not wait: a DHT asks many nodes at the same time and goes on with those that
 * it may ask, while a queue of old questions would only grow. The refusal says after how long there is room again.
 */
import type { Clock } from "../../../core/clock.ts";
import { ParleyError } from "../../../core/errors.ts";
import { classifyAddress, type IpAddress } from "../../../core/ip_address.ts";
import { nearness } from "../../../permissions/vetting.ts";
import type { EngineHost } from "../engine_host.ts";
import { ownAddresses } from "../own_addresses.ts";
import { limitError } from "./limit_error.ts";

/** New peers in any minute. */
export const NEW_PEERS_A_MINUTE: number = 50;
/** Peers that are remembered; past it the one that was idle for longest is forgotten, and counts as new again. */
export const MAX_PUBLIC_PEERS: number = 10_000;

const MINUTE_MS = 60_000;
const LOWEST_PORT = 1024;

/** Admits new peers. */
export class PublicPeers {
  readonly #clock: Clock;
  /** When the last 50 were admitted, in a ring. */
  readonly #admittedMs: number[] = new Array(NEW_PEERS_A_MINUTE).fill(-Infinity);
  #oldest = 0;

  /** @param clock Measures the minute. */
  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Judges a destination that no peer is known for, and counts it as a new one.
   *
   * @throws {ParleyError} `PERM_ADDRESS` for what the approval does not cover; `NET_LIMIT` with `detail.limit` `"new-peers"`
   * and `detail.retryAfterMs` when there were too many within a minute.
   */
  admit(address: IpAddress, port: number): void {
    if (classifyAddress(address) !== "public" || port < LOWEST_PORT) {
      throw new ParleyError(
        "PERM_ADDRESS",
        `Cannot send to ${address.text}: the permission is for public addresses and ports from ${LOWEST_PORT}`,
      );
    }
    const nowMs = this.#clock.monotonicMs();
    const retryAfterMs = (this.#admittedMs[this.#oldest] as number) + MINUTE_MS - nowMs;
    if (retryAfterMs > 0) {
      throw limitError(
        "new-peers",
        `Cannot send: there were ${NEW_PEERS_A_MINUTE} new peers within a minute`,
        retryAfterMs,
      );
    }
    this.#admittedMs[this.#oldest] = nowMs;
    this.#oldest = (this.#oldest + 1) % NEW_PEERS_A_MINUTE;
  }
}

/**
 * Refuses what is this machine's or its neighbours', which is not the Internet's, whatever its class (NET-14). Where the runtime
 * hides the addresses of this machine, the class alone decides.
 *
 * @param host Network and time.
 * @param address The address of a new peer.
 * @throws {ParleyError} `PERM_ADDRESS`.
 */
export function refuseNear(host: EngineHost, address: IpAddress): void {
  const own = ownAddresses(host);
  const near = own === null ? null : nearness(address, own);
  if (near === null) return;
  const whose = near === "own" ? "an address of this machine" : "on a network of this machine";
  throw new ParleyError(
    "PERM_ADDRESS",
    `Cannot send to ${address.text}: the permission is for public addresses, and this is ${whose}`,
  );
}
