/** Requests that leave the host to the operator (NET-02), once it is chosen. */
import { makeDestination } from "../core/destination.ts";
import { canonicalHost } from "../core/host.ts";
import type { Descriptor } from "./descriptor.ts";

/**
 * Fills in the host that the operator typed. What comes from a prompter is checked like anything else.
 *
 * @param descriptor The request.
 * @param host The host, or null where none was typed.
 * @returns The request itself where it names its host already.
 * @throws {ParleyError} `DEST_HOST` for a host that is none.
 */
export function withHost(descriptor: Descriptor, host: string | null): Descriptor {
  if (descriptor.name !== "direct-sockets" || descriptor.destination !== null || host === null) {
    return descriptor;
  }
  const scheme = descriptor.tls?.mode === "open" ? "tls" : descriptor.transport;
  const destination = makeDestination({ scheme, host: canonicalHost(host), port: descriptor.port });
  const { tls } = descriptor;
  // With no host in the request, the name to check is the one the operator chose.
  const named = tls === null || tls.serverName !== "" ? tls : { ...tls, serverName: destination.host.text };
  return Object.freeze({ ...descriptor, destination, tls: named });
}
