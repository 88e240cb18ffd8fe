/**
 * What the prompt says about a request, in sentences. Everything is computed from the request's canonical fields, and
 * everything from outside passes the escaper here (CON-11).
 */
import { escapeText } from "../../core/escape.ts";
import { type CanonicalHost, unicodeForm } from "../../core/host.ts";
import { serviceName, tlsPortFor } from "../../core/service_names.ts";
import type { Descriptor, TlsClaims } from "../descriptor.ts";
import type { Risk } from "../prompter.ts";
import type { Requester } from "../requester.ts";
import type { QuestionState } from "./model.ts";

/** Longest path or origin shown before it is cut in the middle, in code points. `?` shows all of it. */
const MAX_ORIGIN = 160;
/** Longest claim shown. */
const MAX_CLAIM = 200;

const RISK_TEXTS: ReadonlyMap<Risk, string> = new Map<Risk, string>([
  ["loopback", "This is your own computer. Services on it often trust whoever connects from here."],
  ["private", "This is on a private or local network. Routers and devices there often trust whoever is inside."],
  ["local-service", "This is another program of this computer, and it may do whatever it is asked."],
  ["remote-dns", "The proxy decides which machine the name leads to. Parley cannot check it."],
  ["broadcast", "Every device on the network receives it."],
  ["multicast", "Everybody in the group receives what is sent, and whoever sends to the group is heard."],
  ["listen-local", "Other programs on this computer, and pages in a browser, can connect to it."],
  ["listen-network", "Machines on the network of this address can connect to it."],
  ["listen-any", "Anyone who can reach this computer over the network can connect to it."],
  ["udp-peers", "It can send to any public address (ports from 1024), 50 new ones a minute, and hear from all."],
  ["look-alike", "The name has letters that look like others. Compare it with the form that begins with xn--."],
  ["new-key", "Nobody vouches for this key. It may be the device's own, or that of somebody in between."],
  ["metadata", "This address hands out the credentials of a cloud machine. Hardly any program has business there."],
]);

/** A name for the requester that fits into a sentence. */
export function requesterName(requester: Requester): string {
  const { role, inside } = requester;
  const own = originName(requester);
  if (role !== "library" || inside === undefined) return own;
  return `${own} in ${originName({ origin: inside, kind: inside.startsWith("file:") ? "file" : "remote" })}`;
}

function originName({ origin, kind }: Pick<Requester, "origin" | "kind">): string {
  if (kind === "opaque") return "A program without a file of its own";
  const name = kind === "file" ? origin.slice(origin.lastIndexOf("/") + 1) : origin;
  return escapeText(name === "" ? origin : readable(name), { maxLength: 60 });
}

/** Who asks, and how sure that is (CON-02). */
export function whoTexts(requester: Requester): string[] {
  const { origin, kind, evidence, mainSha256, pid } = requester;
  const path = kind === "file" && origin.startsWith("file://") ? readable(origin.slice("file://".length)) : origin;
  const what = kind === "opaque" ? "code without a file of its own (REPL, eval or standard input)" : path;
  const shown = escapeText(what, { maxLength: MAX_ORIGIN });
  if (evidence === "launcher") {
    const hash = mainSha256 === null ? "" : `, SHA-256 ${escapeText(mainSha256.slice(0, 16))}…`;
    return [shown, `and everything it imports (process ${pid}).`, `Checked by the launcher before the start${hash}.`];
  }
  return [shown, `and everything it imports (process ${pid}).`, "That is what it says it is; nobody checked."];
}

/** The host in canonical form, with its Unicode form in brackets. */
export function hostText(host: CanonicalHost): string {
  const unicode = unicodeForm(host.text);
  const shown = escapeText(host.text, { maxLength: Infinity });
  return unicode === null ? shown : `${shown} [${escapeText(unicode, { maxLength: Infinity })}]`;
}

/** The port as number and by name: `port 25 (SMTP mail)`. */
export function portText(port: number, transport: Descriptor["transport"] = "tcp"): string {
  if (port === 0) return "a port that the system picks";
  const name = serviceName(port, transport === "udp" ? "udp" : "tcp");
  return name === null ? `port ${port}` : `port ${port} (${escapeText(name)})`;
}

/**
 * How the connection is protected, worst first (NET-18); and whether that is less than TLS from the first byte with the
 * certificate checked as usual.
 */
export function encryptionTexts(state: QuestionState): { readonly texts: string[]; readonly weak: boolean } {
  const { descriptor } = state.question;
  const { tls } = descriptor;
  const pin = pinText(descriptor);
  if (descriptor.transport === "unix") return { texts: ["Stays on this computer."], weak: false };
  if (descriptor.name === "listen" && descriptor.transport === "tcp") {
    return { texts: ["NOT ENCRYPTED unless the program encrypts it. Whoever connects may be anybody."], weak: true };
  }
  if (descriptor.transport === "udp") {
    return { texts: ["NOT ENCRYPTED. Others on the way can read it, change it and send in its name."], weak: true };
  }
  if (tls === null) {
    const better = tlsPortFor(descriptor.port);
    const advice = better === null ? [] : [`Port ${better.port} (${escapeText(better.name)}) would be encrypted.`];
    return { texts: ["NOT ENCRYPTED. Others on the way can read it and change it.", ...advice, ...pin], weak: true };
  }
  const checked = [checkedText(tls, state.host), ...otherNameText(tls, state.host), ...pin, ...clientText(tls)];
  const unusual = tls.caSha256 !== null || otherNameText(tls, state.host).length > 0;
  if (tls.mode === "open") return { texts: ["TLS from the first byte.", ...checked], weak: unusual };
  const upgrade = tls.required
    ? "Starts NOT ENCRYPTED. It must go on to TLS soon, or it is cut off."
    : "Starts NOT ENCRYPTED. The program says it will upgrade to TLS.";
  return { texts: [upgrade, ...checked], weak: true };
}

/** The program's own words, marked as such; null when it gave none. */
export function claimText(claim: string | null): string | null {
  return claim === null || claim === "" ? null : `"${escapeText(claim, { maxLength: MAX_CLAIM })}"`;
}

/** Why a key is not enough. */
export function riskText(risk: Risk): string {
  return RISK_TEXTS.get(risk) ?? escapeText(risk);
}

function checkedText(tls: TlsClaims, host: CanonicalHost | null): string {
  const name = escapeText(tls.serverName === "" ? host?.text ?? "the host you type" : tls.serverName);
  if (tls.caSha256 === null) return `Certificate checked for ${name}.`;
  return `Certificate for ${name} checked by the program's own CA (SHA-256 ${escapeText(tls.caSha256.slice(0, 16))}…).`;
}

function otherNameText(tls: TlsClaims, host: CanonicalHost | null): string[] {
  if (tls.serverName === "" || host === null || host.text === tls.serverName) return [];
  return [`That is another name than ${escapeText(host.text)}.`];
}

function pinText(descriptor: Descriptor): string[] {
  const spki = descriptor.destination?.spki ?? null;
  return spki === null ? [] : [`Only with the pinned key, SHA-256 ${escapeText(spki.slice(0, 16))}….`];
}

function clientText(tls: TlsClaims): string[] {
  if (tls.clientCertSha256 === null) return [];
  return [`The program shows a client certificate (SHA-256 ${escapeText(tls.clientCertSha256.slice(0, 16))}…).`];
}

/** A path or URL of a path as its owner knows it; what cannot be decoded stays as it is. */
export function readable(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
