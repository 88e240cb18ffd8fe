/** A remembered request in words: where to, how, and who asks. Everything is escaped. */
import { formatDestination } from "../../core/destination.ts";
import { escapeText } from "../../core/escape.ts";
import type { Descriptor } from "../../permissions/descriptor.ts";

const ALL = { maxLength: Infinity };

/** Where to, as a command takes it. */
export function whereText({ destination }: Descriptor): string {
  return destination === null ? "a host to be chosen" : escapeText(formatDestination(destination), ALL);
}

/** What else was approved, or limits it. */
export function termTexts(descriptor: Descriptor): string[] {
  switch (descriptor.name) {
    case "direct-sockets":
      return [...tlsTexts(descriptor), ...routeTexts(descriptor)];
    case "direct-sockets-multicast":
      return descriptor.source === null ? [] : [`only from ${escapeText(descriptor.source)}`];
    default:
      return [];
  }
}

/** A program by its path, anything else as it is. */
export function programText(origin: string): string {
  return escapeText(origin.startsWith("file://") ? readable(origin.slice("file://".length)) : origin, ALL);
}

function tlsTexts({ tls, destination, transport }: Extract<Descriptor, { name: "direct-sockets" }>): string[] {
  if (transport === "unix") return [];
  if (tls === null) return ["NOT ENCRYPTED"];
  const { mode, serverName, caSha256, clientCertSha256, required } = tls;
  return [
    ...(mode === "open"
      ? []
      : [required ? "starts NOT ENCRYPTED, then TLS" : "starts NOT ENCRYPTED, may go on to TLS"]),
    ...(serverName === destination?.host.text ? [] : [`certificate of ${escapeText(serverName, ALL)}`]),
    ...(caSha256 === null ? [] : [`checked by the program's own CA, SHA-256 ${caSha256.slice(0, 16)}...`]),
    ...(clientCertSha256 === null ? [] : [`with the client certificate, SHA-256 ${clientCertSha256.slice(0, 16)}...`]),
  ];
}

function routeTexts({ via, broadcast }: Extract<Descriptor, { name: "direct-sockets" }>): string[] {
  return [
    ...(via === null ? [] : [`by way of ${via.protocol}://${escapeText(formatDestination(via.destination), ALL)}`]),
    ...(broadcast ? ["to every machine on the network"] : []),
  ];
}

/** A path as its owner knows it; what cannot be decoded stays as it is. */
function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
