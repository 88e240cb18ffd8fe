/**
 * Requests as messages between realms. What arrives is made anew from canonical texts: what is decided about is what is shown,
 * whatever the fields of a copy say.
 */
import { type Destination, formatDestination, parseDestination } from "../../core/destination.ts";
import { refuseDangerousKeys } from "../../core/dictionary.ts";
import type { Descriptor } from "../descriptor.ts";
import { featureOfScheme } from "../feature.ts";

/** A descriptor with its destinations as text. */
export type DescriptorMessage = Readonly<Record<string, unknown>>;

const { freeze, entries, keys } = Object;
const TRANSPORTS: ReadonlyMap<Destination["scheme"], Descriptor["transport"]> = new Map([
  ["tcp", "tcp"],
  ["tls", "tcp"],
  ["listen", "tcp"],
  ["udp", "udp"],
  ["listen+udp", "udp"],
  ["udp-peers", "udp"],
  ["multicast", "udp"],
  ["unix", "unix"],
  ["listen+unix", "unix"],
]);
/** More members than any descriptor has. */
const MAX_MEMBERS = 30;
const MAX_TEXT = 2_000;

/** Makes a message of a request. */
export function toDescriptorMessage(descriptor: Descriptor): DescriptorMessage {
  const { destination } = descriptor;
  const via = descriptor.name === "direct-sockets" ? descriptor.via : null;
  return {
    ...descriptor,
    destination: textOf(destination),
    ...(descriptor.name === "direct-sockets"
      ? { via: via === null ? null : { ...via, destination: textOf(via.destination) } }
      : {}),
  };
}

/**
 * Makes a request of a message.
 *
 * @param message What arrived.
 * @throws {TypeError} When it is none.
 * @throws {ParleyError} `DEST_SYNTAX`, `DEST_HOST` or `CONFIG_INVALID` for a destination or a key that is not accepted.
 */
export function fromDescriptorMessage(message: unknown): Descriptor {
  refuseDangerousKeys(message, "a request");
  const members = plainRecord(message, 0);
  const destination = destinationOf(members["destination"]);
  const { name, transport, port } = members;
  const consistent = destination === null
    ? name === "direct-sockets" && (transport === "tcp" || transport === "udp")
    : name === featureOfScheme(destination.scheme) && transport === TRANSPORTS.get(destination.scheme) &&
      port === destination.port;
  if (!consistent || typeof port !== "number" || members["tls"] === undefined) throw notARequest();
  const via = members["via"];
  const route = typeof via !== "object" || via === null
    ? via
    : freeze({ ...via, destination: destinationOf((via as Record<string, unknown>)["destination"]) });
  return freeze({ __proto__: null, ...members, destination, ...(via === undefined ? {} : { via: route }) }) as never;
}

function textOf(destination: Destination | null): string | null {
  return destination === null ? null : formatDestination(destination);
}

function destinationOf(text: unknown): Destination | null {
  if (text === null) return null;
  if (typeof text !== "string" || text.length > MAX_TEXT) throw notARequest();
  return parseDestination(text);
}

/** A frozen copy of a record of plain values, records among them two deep. */
function plainRecord(value: unknown, depth: number): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value) || keys(value).length > MAX_MEMBERS) {
    throw notARequest();
  }
  const copy: Record<string, unknown> = { __proto__: null };
  for (const [key, member] of entries(value)) {
    const nested = typeof member === "object" && member !== null;
    if (nested && depth > 1) throw notARequest();
    if (typeof member === "string" && member.length > MAX_TEXT) throw notARequest();
    if (!nested && !/^(?:string|number|boolean|undefined|object)$/.test(typeof member)) throw notARequest();
    copy[key] = nested ? plainRecord(member, depth + 1) : member;
  }
  return freeze(copy);
}

function notARequest(): TypeError {
  return new TypeError("Cannot read a request of a Worker: not of the form that Parley sends");
}
