/**
 * The one canonical form of a host (NET-24): what is shown, stored, resolved and used as TLS name are the same string.
 *
 * The WHATWG URL parser converts names to A-labels. It also turns numbers into IPv4 addresses and silently drops
 * invisible characters; whatever it changed in such a way is refused here.
 */
import { ParleyError } from "./errors.ts";
import { type IpAddress, parseIpAddress } from "./ip_address.ts";
import { decodePunycode } from "./punycode.ts";

/** A host in canonical form. Frozen; made by {@linkcode canonicalHost} only. */
export interface CanonicalHost {
  /** A name for the resolver, this machine by name (`localhost`, `*.localhost`), an address, or a path of a local socket. */
  readonly kind: "name" | "localhost" | "address" | "path";
  /** A-label in lower case without trailing dot; for an address its canonical text, and `%` and the zone if it has one. */
  readonly text: string;
  /** The address, for kind `address`. */
  readonly address: IpAddress | null;
}

// Taken at load: code that runs later cannot change how a host is read (CORE-01).
const NativeURL = URL;
const hostnameOf = Object.getOwnPropertyDescriptor(URL.prototype, "hostname")?.get;

/** A name of 253 characters in A-label form is shorter than this in any other. */
const MAX_INPUT = 512;
const MAX_NAME = 253;
const MAX_LABEL = 63;
/** `sun_path` of a Linux socket address has 108 bytes, one of them for the end. */
const MAX_PATH = 107;
const ASCII_BUT_NAME = /[^a-zA-Z0-9._\-\u{80}-\u{10ffff}]/u;
const INVISIBLE = /[[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]--[\u200c\u200d]]/v;
const JOINER = /[\u200c\u200d]/g;
const LABEL = /^(?!-)[a-z0-9_-]+(?<!-)$/;

/**
 * Brings a host into canonical form, or refuses it.
 *
 * Accepted are fully qualified names (a trailing dot is dropped; `_` is allowed because device and service names use
 * it), names with non-ASCII letters (converted to A-labels), `localhost` and names below it, plain IPv4 and IPv6
 * addresses, and IPv6 in brackets. Refused are single labels, numeric tricks (`2130706433`, `0x7f.1`, `127.1`,
 * full-width digits), names with invisible characters, labels over 63 and names over 253 characters, and everything
 * that is not a host alone.
 *
 * @param text The host as it was given.
 * @returns The canonical host.
 * @throws {ParleyError} `DEST_HOST` when the text is not such a host.
 */
export function canonicalHost(text: string): CanonicalHost {
  if (typeof text !== "string") throw new TypeError("Cannot use host: not a string");
  if (text.length === 0) throw refusal(text, "it is empty");
  if (text.length > MAX_INPUT) throw refusal(text, `it has more than ${MAX_INPUT} characters`);
  const literal = parseIpAddress(unbracketed(text));
  if (literal !== null) return hostOfAddress(literal);
  const name = asciiName(text);
  const labels = name.split(".");
  checkLabels(text, labels);
  const local = labels.at(-1) === "localhost";
  if (labels.length === 1 && !local) {
    throw refusal(text, "a single label is not a full name; write the whole domain name");
  }
  return Object.freeze({ kind: local ? "localhost" : "name", text: name, address: null });
}

/**
 * The canonical host of an address.
 *
 * @param address The address.
 */
export function hostOfAddress(address: IpAddress): CanonicalHost {
  const text = address.zone === null ? address.text : `${address.text}%${address.zone}`;
  return Object.freeze({ kind: "address", text, address });
}

/**
 * The canonical host of a socket in the file system. Nothing is resolved: links are followed by the system when it connects.
 *
 * @param path An absolute path without empty, `.` or `..` segments, of at most 107 bytes (the system's limit).
 * @returns The host, of kind `path`.
 * @throws {ParleyError} `DEST_HOST` for any other text.
 */
export function hostOfPath(path: string): CanonicalHost {
  if (!path.startsWith("/") || path.length < 2) throw refusal(path, "it is not an absolute path");
  if (new TextEncoder().encode(path).byteLength > MAX_PATH) throw refusal(path, `it has more than ${MAX_PATH} bytes`);
  if (/\p{C}/u.test(path)) throw refusal(path, "it has invisible characters");
  const odd = path.slice(1).split("/").some((segment) => segment === "" || segment === "." || segment === "..");
  if (odd) throw refusal(path, "it has an empty segment, or one of dots");
  return Object.freeze({ kind: "path", text: path, address: null });
}

/**
 * The Unicode form of a name with A-labels, to be shown in brackets beside it, never instead of it.
 *
 * @param host A canonical host's text.
 * @returns The form, unescaped: it goes through `escapeText` before it is printed. Null when the name has no A-label, or
 * one that is not what its Unicode form converts to.
 */
export function unicodeForm(host: string): string | null {
  if (!host.includes("xn--") || host.length > MAX_NAME) return null;
  const labels: string[] = [];
  for (const label of host.split(".")) {
    const decoded = label.startsWith("xn--") ? decodePunycode(label.slice(4)) : label;
    if (decoded === null) return null;
    labels.push(decoded);
  }
  const form = labels.join(".");
  return urlHostname(form) === host ? form : null;
}

function unbracketed(text: string): string {
  const inner = text.slice(1, -1);
  return text.startsWith("[") && text.endsWith("]") && inner.includes(":") ? inner : text;
}

/** The A-label form in lower case without trailing dot; the labels are not checked yet. */
function asciiName(text: string): string {
  if (ASCII_BUT_NAME.test(text)) throw refusal(text, "it has characters that no host name has");
  if (INVISIBLE.test(text)) throw refusal(text, "it has invisible characters");
  const hostname = urlHostname(text);
  // The URL parser also refuses names whose last label is a number, once it is no IPv4 address.
  if (hostname === null) throw refusal(text, "it is not a valid host name");
  if (hostname.startsWith("[") || parseIpAddress(hostname) !== null) {
    throw refusal(text, `it reads as the address ${hostname}; write that if it is meant`);
  }
  const name = hostname.endsWith(".") ? hostname.slice(0, -1) : hostname;
  const form = name.includes("xn--") ? unicodeForm(name) : name;
  if (form === null) throw refusal(text, "it has a label that begins with xn-- and is not valid");
  // The URL parser keeps a joiner where a script needs it and may drop it elsewhere.
  if (countJoiners(text) > countJoiners(form)) throw refusal(text, "it has invisible characters");
  return name;
}

function checkLabels(text: string, labels: readonly string[]): void {
  const length = labels.reduce((sum, label) => sum + label.length + 1, -1);
  if (length > MAX_NAME) throw refusal(text, `it has more than ${MAX_NAME} characters`);
  for (const label of labels) {
    if (label === "") throw refusal(text, "it has an empty label");
    if (label.length > MAX_LABEL) throw refusal(text, `it has a label of more than ${MAX_LABEL} characters`);
    if (!LABEL.test(label)) {
      throw refusal(text, "it has a label that begins or ends with a hyphen, or a character that no host name has");
    }
  }
}

function urlHostname(text: string): string | null {
  try {
    const url = new NativeURL(`http://${text}/`);
    return hostnameOf === undefined ? url.hostname : hostnameOf.call(url);
  } catch {
    return null;
  }
}

function countJoiners(text: string): number {
  return text.match(JOINER)?.length ?? 0;
}

function refusal(text: string, state: string): ParleyError {
  const shown = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return new ParleyError("DEST_HOST", `Cannot use host "${shown}": ${state}`, { detail: { host: shown } });
}
