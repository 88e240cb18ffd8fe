/**
 * How a destination is written: `[scheme://]host:port[#spki=…]`, cut into its parts and joined again. Shared by exact
 * destinations and patterns.
 */
import { ParleyError } from "./errors.ts";

/**
 * What is done at the destination. `tls` is TCP with TLS from the first byte; `listen`, `listen+udp` and `udp-peers` are
 * addresses of this machine that others may reach (TCP, UDP, UDP with any public peer); `unix` is a socket in the
 * file system to connect to, `listen+unix` one to listen at.
 */
export type Scheme =
  | "tcp"
  | "udp"
  | "tls"
  | "listen"
  | "listen+udp"
  | "listen+unix"
  | "udp-peers"
  | "multicast"
  | "unix";

/** The highest port number. */
export const MAX_PORT = 65535;

/** What a message says about a wildcard, block or range where an exact destination is wanted (CON-23). */
export const ONLY_IN_RULES = "can stand only in a rule file; name one host and one port here";

/** The text of a destination cut into its parts, none of them checked. */
export interface DestinationParts {
  /** The scheme; `tcp` where the text names none. */
  readonly scheme: Scheme;
  /** The text before the last colon; brackets included. */
  readonly host: string;
  /** The text after the last colon. */
  readonly port: string;
  /** The pin in canonical form, or null. */
  readonly spki: string | null;
}

const SCHEMES: ReadonlySet<string> = new Set<Scheme>([
  "tcp",
  "udp",
  "tls",
  "listen",
  "listen+udp",
  "listen+unix",
  "udp-peers",
  "multicast",
  "unix",
]);
/** Where port 0 means one that the system picks. */
const LOCAL_SCHEMES: ReadonlySet<string> = new Set<Scheme>(["listen", "listen+udp", "udp-peers"]);
const MAX_TEXT = 512;
const PORT = /^[1-9][0-9]{0,4}$/;
const SPKI = /^[0-9a-fA-F]{64}$/;
const FRAGMENT = "#spki=";

/**
 * Cuts a destination into scheme, host, port and pin. For parsers of this grammar; the host and the port are not checked.
 *
 * @param text The text, at most 512 characters.
 * @throws {ParleyError} `DEST_SYNTAX` when the text cannot be cut so, the scheme is unknown, or the pin is not one.
 */
export function splitDestination(text: string): DestinationParts {
  if (typeof text !== "string") throw new TypeError("Cannot read destination: not a string");
  if (text.length > MAX_TEXT) throw destinationSyntax(text, `it has more than ${MAX_TEXT} characters`);
  const [body, spki] = cutPin(text);
  const slashes = body.indexOf("://");
  const scheme = slashes < 0 ? "tcp" : body.slice(0, slashes);
  if (!isScheme(scheme)) throw destinationSyntax(text, `the scheme is not one of ${[...SCHEMES].join(", ")}`);
  if (spki !== null) checkSpki(text, { scheme, spki });
  const rest = slashes < 0 ? body : body.slice(slashes + 3);
  const colon = rest.lastIndexOf(":");
  if (colon < 0 || rest.endsWith("]")) throw destinationSyntax(text, "the port is missing");
  const host = rest.slice(0, colon);
  if (host === "") throw destinationSyntax(text, "the host is missing");
  if (host.startsWith("[") !== host.endsWith("]")) throw destinationSyntax(text, "a bracket is missing");
  if (host.includes(":") && !host.startsWith("[")) {
    throw destinationSyntax(text, "an IPv6 address stands in brackets, as in [2001:db8::1]:25");
  }
  return { scheme, host, port: rest.slice(colon + 1), spki };
}

/** Joins scheme, host with port, and pin: the inverse of {@linkcode splitDestination}. */
export function joinDestination(
  parts: { readonly scheme: Scheme; readonly hostPort: string; readonly spki: string | null },
): string {
  const prefix = parts.scheme === "tcp" ? "" : `${parts.scheme}://`;
  return `${prefix}${parts.hostPort}${parts.spki === null ? "" : FRAGMENT + parts.spki}`;
}

/**
 * Reads a port.
 *
 * @param text Decimal digits without leading zero.
 * @param scheme What the port is for; 0 is one only where the system may pick it.
 * @returns 1 to 65535 (or 0), or null when the text is no such number.
 */
export function parsePort(text: string, scheme: Scheme): number | null {
  if (text === "0" && LOCAL_SCHEMES.has(scheme)) return 0;
  if (!PORT.test(text)) return null;
  const port = Number(text);
  return port <= MAX_PORT ? port : null;
}

/** Whether a path stands after the scheme, and neither host nor port. */
export function isPathScheme(scheme: Scheme): boolean {
  return scheme === "unix" || scheme === "listen+unix";
}

/** The scheme and the path of a text that names a socket in the file system, neither checked further; null for any other. */
export function splitPath(text: string): { readonly scheme: Scheme; readonly path: string } | null {
  const slashes = text.indexOf("://");
  const scheme = text.slice(0, Math.max(0, slashes));
  return isScheme(scheme) && isPathScheme(scheme) ? { scheme, path: text.slice(slashes + 3) } : null;
}

/** Whether a number is a port that the scheme can have. */
export function isPort(port: number, scheme: Scheme): boolean {
  if (isPathScheme(scheme)) return port === 0;
  return Number.isInteger(port) && port <= MAX_PORT && port >= (LOCAL_SCHEMES.has(scheme) ? 0 : 1);
}

/** The error for a destination that is not written in this grammar. */
export function destinationSyntax(text: string, state: string): ParleyError {
  const shown = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  return new ParleyError("DEST_SYNTAX", `Cannot read destination "${shown}": ${state}`, { detail: { text: shown } });
}

/** Whether a text is one of the schemes. */
export function isScheme(text: string): text is Scheme {
  return SCHEMES.has(text);
}

function cutPin(text: string): readonly [body: string, spki: string | null] {
  const hash = text.indexOf("#");
  if (hash < 0) return [text, null];
  if (!text.startsWith(FRAGMENT, hash)) throw destinationSyntax(text, "only spki= can follow #");
  return [text.slice(0, hash), text.slice(hash + FRAGMENT.length).toLowerCase()];
}

/**
 * Checks a pin.
 *
 * @param text What it belongs to, for the message.
 * @param pin The pin and the scheme it stands with.
 * @throws {ParleyError} `DEST_SYNTAX` when it is not 64 hexadecimal digits, or the scheme has no pins.
 */
export function checkSpki(text: string, pin: { readonly scheme: Scheme; readonly spki: string }): void {
  if (!SPKI.test(pin.spki)) throw destinationSyntax(text, "a pin is 64 hexadecimal digits");
  if (pin.scheme !== "tcp" && pin.scheme !== "tls") {
    throw destinationSyntax(text, `there is no pin for ${pin.scheme}`);
  }
}
