/** A destination as a program names it when it asks about a permission: without the terms of its connection. */
import type { CanonicalHost } from "../core/host.ts";
import type { Descriptor } from "./descriptor.ts";
import type { FeatureName } from "./feature.ts";

/** Where, by which transport. */
export interface Place {
  /** What carries the bytes. */
  readonly transport: Descriptor["transport"];
  /** The canonical host, or local address. */
  readonly host: CanonicalHost;
  /** The port; 0 for one that the system picks, and for a path. */
  readonly port: number;
}

/** Whether a request is for this feature and this place, whatever its other terms. */
export function isAt({ name, transport, destination }: Descriptor, feature: FeatureName, place: Place): boolean {
  return name === feature && transport === place.transport && destination !== null &&
    destination.port === place.port && destination.host.text === place.host.text;
}
