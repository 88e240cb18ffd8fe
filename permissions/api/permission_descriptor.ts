/**
 * What a program passes to the Permissions API, converted as Web IDL has it.
 * https://www.w3.org/TR/permissions/#dictdef-permissiondescriptor
 */
import { makeDestination, type Scheme } from "../../core/destination.ts";
import { member } from "../../core/dictionary.ts";
import { canonicalHost } from "../../core/host.ts";
import { isParleyError } from "../../core/errors.ts";
import { toBoolean, toDOMString, toEnum, toUnsignedShort } from "../../core/webidl.ts";
import { connectDescriptor, type Descriptor } from "../descriptor.ts";
import { type FeatureName, FEATURES, isFeatureName } from "../feature.ts";
import type { Place } from "../place.ts";

/** A permission that a program asks about: a feature, and for network features where to. */
export interface PermissionDescriptor {
  /** The feature: a name of the table in docs/permissions.md. */
  readonly name: FeatureName;
  /** What carries the bytes; for network features. Default `tcp`. */
  readonly transport?: "tcp" | "udp";
  /** `direct-sockets`: the host to reach. `direct-sockets-multicast`: the group's address. */
  readonly remoteAddress?: string;
  /** The port there. Needed with `remoteAddress`. */
  readonly remotePort?: number;
  /** `direct-sockets`: whether it is TLS from the first byte. Counts for `request` only. Default false. */
  readonly tls?: boolean;
  /** `listen` and `udp-peers`: the local address. */
  readonly localAddress?: string;
  /** The port there. Default 0: one that the system picks. */
  readonly localPort?: number;
}

/** A permission after conversion. */
export interface AskedPermission {
  /** The feature. */
  readonly name: FeatureName;
  /** Where to, or null for the feature as such. */
  readonly place: Place | null;
  /** Whether a request is for TLS from the first byte. */
  readonly tls: boolean;
}

/**
 * Converts what a program passed.
 *
 * @param value Any value.
 * @throws {TypeError} When it is not an object, its name is no feature's, or it names a destination that is none.
 */
export function toAskedPermission(value: unknown): AskedPermission {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) {
    throw new TypeError("Cannot convert the permission descriptor: not an object");
  }
  const given = member(value, "name");
  if (given === undefined) throw new TypeError("Cannot convert the permission descriptor: it has no name");
  const name = toDOMString(given, "name");
  if (!isFeatureName(name)) throw new TypeError(`Cannot convert name: "${name}" is not the name of a feature`);
  const tls = toBoolean(member(value, "tls"));
  return Object.freeze({ name, place: FEATURES.get(name)?.network === true ? toPlace(name, value) : null, tls });
}

/**
 * The request that stands for a permission.
 *
 * @param asked The permission.
 * @returns Null where a request cannot be made ahead of the use.
 */
export function requestOf({ name, place, tls }: AskedPermission): Descriptor | null {
  if (place === null) return null;
  const { transport, host, port } = place;
  const udp = transport === "udp";
  const make = (scheme: Scheme): Descriptor["destination"] & object => makeDestination({ scheme, host, port });
  const common = { __proto__: null, port, tls: null } as const;
  switch (name) {
    case "direct-sockets": {
      const claims = { mode: "open", serverName: host.text, caSha256: null, clientCertSha256: null, required: true };
      const terms = tls && !udp ? Object.freeze(claims as typeof claims & { mode: "open" }) : null;
      const destination = make(udp ? "udp" : terms === null ? "tcp" : "tls");
      return connectDescriptor({ destination, port, transport, tls: terms });
    }
    case "listen":
      return Object.freeze({ ...common, name, transport, destination: make(udp ? "listen+udp" : "listen") });
    case "udp-peers":
      return Object.freeze({ ...common, name, transport: "udp", destination: make("udp-peers") });
    case "direct-sockets-multicast":
      return Object.freeze({ ...common, name, transport: "udp", destination: make("multicast"), source: null });
    default:
      return null;
  }
}

function toPlace(name: FeatureName, value: object): Place | null {
  const local = name === "listen" || name === "udp-peers";
  const [addressName, portName] = local
    ? ["localAddress", "localPort"] as const
    : ["remoteAddress", "remotePort"] as const;
  const address = member(value, addressName);
  const port = member(value, portName);
  const transport = member(value, "transport");
  const carrier = transport === undefined ? "tcp" : toEnum(transport, ["tcp", "udp"], "transport");
  if (address === undefined) {
    if (port !== undefined) throw new TypeError(`Cannot convert ${portName}: there is no ${addressName}`);
    return null;
  }
  if (port === undefined && !local) throw new TypeError(`Cannot convert ${addressName}: there is no ${portName}`);
  const number = port === undefined ? 0 : toUnsignedShort(port, { enforceRange: true, what: portName });
  if (number === 0 && !local) throw new TypeError(`Cannot convert ${portName}: it is not from 1 to 65535`);
  const datagrams = name === "udp-peers" || name === "direct-sockets-multicast";
  return Object.freeze({
    transport: datagrams ? "udp" : carrier,
    host: toHost(toDOMString(address, addressName)),
    port: number,
  });
}

function toHost(text: string): Place["host"] {
  try {
    return canonicalHost(text);
  } catch (error) {
    throw isParleyError(error) ? new TypeError(error.message, { cause: error }) : error;
  }
}
