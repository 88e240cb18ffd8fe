/** What the processes of the store's heavy test change, as a function of their number: tests know what to expect. */
import { makeDestination } from "../../../core/destination.ts";
import { canonicalHost } from "../../../core/host.ts";
import { connectDescriptor, type Descriptor } from "../../../permissions/descriptor.ts";
import { mainRequester } from "../../../permissions/main_requester.ts";
import type { Requester } from "../../../permissions/requester.ts";

/** One change. */
export interface Change {
  /** The request it is about: of this process alone, or shared by all. */
  readonly request: string;
  /** What is remembered about it, or null to forget it. */
  readonly effect: "allow" | "deny" | null;
}

/** Requests of each process. */
const OWN = 23;
/** Requests of all of them. */
const SHARED = 5;

/** The change at a place in the sequence of a process. */
export function changeAt(process: number, at: number): Change {
  const turn = Math.floor(at / OWN);
  const request = at % 5 === 4 ? `shared${turn % SHARED}` : `own${process}x${at % OWN}`;
  const effect = (["allow", "deny", "allow", null] as const)[at % 4] ?? null;
  return { request, effect };
}

/** The request with a name. */
export function requestOf(name: string): { readonly requester: Requester; readonly descriptor: Descriptor } {
  const destination = makeDestination({ scheme: "tcp", host: canonicalHost(`${name}.example`), port: 25 });
  return {
    requester: mainRequester("file:///home/ann/main.ts", 1),
    descriptor: connectDescriptor({ destination, port: 25 }),
  };
}
