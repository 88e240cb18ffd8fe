/** One canonical text per request, so that equal requests are recognised and nothing that was approved can drift. */
import { formatDestination } from "../core/destination.ts";
import type { Descriptor, DirectSocketsDescriptor } from "./descriptor.ts";
import { insideOf, type Requester } from "./requester.ts";

/**
 * The canonical text of who asks for what. Two requests are the same question exactly when their keys are equal: the
 * TLS terms are part of it (NET-06), so a changed authority, name or client certificate is a new question.
 */
export function decisionKey(requester: Requester, descriptor: Descriptor): string {
  const { destination, port, tls } = descriptor;
  const inside = insideOf(requester);
  return JSON.stringify([
    requester.origin,
    requester.evidence,
    // A library's answer is for the program that it is in.
    inside === requester.origin ? null : inside,
    descriptor.name,
    destination === null ? null : formatDestination(destination),
    port,
    descriptor.name === "direct-sockets" ? connectTerms(descriptor) : null,
    descriptor.name === "direct-sockets-multicast" ? descriptor.source : null,
    descriptor.transport,
    tls === null ? null : [tls.mode, tls.serverName, tls.caSha256, tls.clientCertSha256, tls.required],
  ]);
}

function connectTerms({ via, broadcast }: DirectSocketsDescriptor): unknown {
  if (via === null) return broadcast;
  return [via.protocol, formatDestination(via.destination), via.remoteDns];
}
