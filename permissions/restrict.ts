/** Giving up power: the one thing code can do to permissions (CON-16). */
import { parseDestinationPattern } from "../core/destination.ts";
import type { Broker } from "./broker.ts";
import { refusesDestination } from "./refuses_destination.ts";

/** What to give up for the rest of the process. */
export interface Restriction {
  /** Destinations to refuse, as `host:port` or with a scheme; wildcards and ranges are allowed here. */
  readonly deny?: readonly string[];
  /** Refuses every connection, whatever its destination. Default false. */
  readonly everything?: boolean;
}

/**
 * Narrows what a broker allows.
 *
 * @param broker The broker.
 * @param restriction What to give up.
 * @throws {ParleyError} `DEST_SYNTAX` or `DEST_HOST` for text that is not a destination.
 */
export function applyRestriction(broker: Broker, restriction: Restriction): void {
  const patterns = (restriction.deny ?? []).map((text) => parseDestinationPattern(text, { wildcards: true }));
  const everything = restriction.everything === true;
  broker.restrict(({ destination }) => {
    if (everything) return true;
    // A host that is not chosen yet is judged again once it is.
    return destination !== null && patterns.some((pattern) => refusesDestination(pattern, destination));
  });
}
