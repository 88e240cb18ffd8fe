/** What the engine needs of a host, and what it keeps for it. */
import type { Clock } from "../../core/clock.ts";
import type { NetBackend } from "../port.ts";
import { Inventory } from "./inventory.ts";

/** Network, time, and the list of what is open. One for each broker. */
export interface EngineHost {
  /** The network. */
  readonly net: NetBackend;
  /** Time. */
  readonly clock: Clock;
  /** Every socket that is open now. */
  readonly inventory: Inventory;
}

/**
 * Puts an engine's host together.
 *
 * @param net The network.
 * @param clock Time.
 */
export function createEngineHost(net: NetBackend, clock: Clock): EngineHost {
  return Object.freeze({ net, clock, inventory: new Inventory() });
}
