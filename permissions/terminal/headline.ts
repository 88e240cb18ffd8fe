/** What a request is, in the words of the question: the sentence at its top, the place, what others learn, and what a yes covers. */
import { classifyAddress } from "../../core/ip_address.ts";
import type { CanonicalHost } from "../../core/host.ts";
import { escapeText } from "../../core/escape.ts";
import { formatDestination } from "../../core/destination.ts";
import type { Descriptor } from "../descriptor.ts";
import type { Question } from "../prompter.ts";
import { keyHolderText } from "./key_wording.ts";
import type { QuestionState } from "./model.ts";
import { hostText, portText, readable, requesterName } from "./wording.ts";

/** The sentence at the top: who wants what. */
export function headlineText(state: QuestionState): string {
  const { requester, descriptor, peerKey } = state.question;
  if (peerKey !== null) {
    return `${requesterName(requester)} wants to trust the key of ${keyHolderText(peerKey)}, for which nobody vouches.`;
  }
  return `${requesterName(requester)} wants to ${wish(descriptor, state.host)}.`;
}

/** Where, in full: host or address, transport and port, and what lies in between. */
export function placeTexts(state: QuestionState): string[] {
  const { host, hostTyped, question: { descriptor } } = state;
  const { transport, port } = descriptor;
  const place = host === null ? "You choose; see below." : `${hostText(host)}${everyAddress(host)}`;
  if (transport === "unix") return [place, "A socket in the file system of this computer"];
  return [
    place,
    `${transport.toUpperCase()} ${portText(port, transport)}`,
    ...(descriptor.name === "direct-sockets-multicast" ? [sourceText(descriptor.source)] : []),
    ...viaTexts(descriptor),
    ...(hostTyped ? ["You typed this host."] : []),
  ];
}

/** What others come to know by it. */
export function disclosureText({ name, transport }: Descriptor): string {
  if (transport === "unix") return "Nothing over the network.";
  switch (name) {
    case "listen":
      return "That this computer is reachable there, and what the program answers.";
    case "direct-sockets-multicast":
      return "Your network address, and that you take part in the group.";
    default:
      return "Your network address.";
  }
}

/** What an answer for one time covers. */
export function onceText({ name, transport }: Descriptor): string {
  if (name === "listen" || name === "udp-peers") return "Yes, until the program closes it";
  return transport === "udp" ? "Yes, this one socket" : "Yes, this one connection";
}

/** What an answer that is remembered covers, and what it is bound to (CON-18). */
export function alwaysText({ requester, pinsCode, peerKey }: Question): string {
  if (peerKey !== null) return `Yes, always: from now on ${keyHolderText(peerKey)} must have this key`;
  const name = requesterName(requester);
  if (pinsCode) return `Yes, always, for ${name} as it is now: when its code changes, you are asked again`;
  const holder = requester.kind === "file" ? `whatever stands in ${name}` : `whatever comes as ${name}`;
  return `Yes, always, for ${holder}: nobody checks its code`;
}

/** Which file is not what it was when the request was allowed for good; or null. */
export function changedText({ changed }: Question): string | null {
  if (changed === null) return null;
  const path = changed.startsWith("file://") ? changed.slice("file://".length) : changed;
  const file = escapeText(readable(path), { maxLength: 160 });
  return `You allowed this for good, but ${file} has changed since.`;
}

function wish(descriptor: Descriptor, host: CanonicalHost | null): string {
  const { transport, port } = descriptor;
  const where = host === null ? "a host of your choice" : escapeText(host.text, { maxLength: Infinity });
  const at = transport === "unix" ? where : `${where}, ${portText(port, transport)}`;
  switch (descriptor.name) {
    case "listen":
      return transport === "udp" ? `receive datagrams at ${at}` : `accept connections at ${at}`;
    case "udp-peers":
      return `exchange datagrams with any public address, from ${at}`;
    case "direct-sockets-multicast":
      return `join the group ${at}, and send to it`;
    case "direct-sockets":
      if (descriptor.broadcast) return `send datagrams to every device behind ${at}`;
      return transport === "udp" ? `exchange datagrams with ${at}` : `connect to ${at}`;
  }
}

function everyAddress({ address }: CanonicalHost): string {
  return address !== null && classifyAddress(address) === "unspecified" ? " (every address of this computer)" : "";
}

function sourceText(source: string | null): string {
  return source === null ? "Heard from anybody" : `Heard from ${escapeText(source)} only`;
}

function viaTexts(descriptor: Descriptor): string[] {
  if (descriptor.name !== "direct-sockets" || descriptor.via === null) return [];
  const { protocol, destination, remoteDns } = descriptor.via;
  const kind = protocol === "socks5" ? "SOCKS5 proxy" : "HTTP proxy";
  const shown = escapeText(formatDestination(destination), { maxLength: Infinity });
  return [`Through the ${kind} ${shown}`, ...(remoteDns ? ["The proxy looks the name up."] : [])];
}
