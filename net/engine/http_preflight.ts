/**
 * The question whether a host supports CORS, as a browser's preflight puts it, and the head of the answer (NET-12):
 * https://fetch.spec.whatwg.org/#cors-preflight-fetch and https://www.rfc-editor.org/rfc/rfc9112
 *
 * The other side is anybody: what it sends is read up to a limit and believed to be HTTP only where it looks like it.
 */
import type { ByteLink } from "../port.ts";

/** The most that the head of the answer may have, answers that announce it included. */
export const MAX_PREFLIGHT_BYTES: number = 16 * 1024;

/** What a preflight came to. */
export type PreflightOutcome =
  /** An answer in HTTP, and whether it has the header that lets pages of some origin read it. */
  | { readonly kind: "answer"; readonly supportsCors: boolean }
  /** None, and why. */
  | { readonly kind: "none"; readonly reason: string };

const ALLOW_ORIGIN = "access-control-allow-origin";
const BEGINNING = "HTTP/";
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |$)/;
const SWITCHING_PROTOCOLS = 101;
const LF = 10;
const CR = 13;

/**
 * The request.
 *
 * @param host The TLS name: a canonical name or IP address.
 * @param origin The origin that asks, as `https://host[:port]`, or null for a local program.
 */
export function preflightRequest(host: string, origin: string | null): Uint8Array {
  const lines = [
    "OPTIONS / HTTP/1.1",
    `Host: ${hostField(host)}`,
    `Origin: ${origin ?? "null"}`,
    "Access-Control-Request-Method: GET",
    "Connection: close",
    "",
    "",
  ];
  return new TextEncoder().encode(lines.join("\r\n"));
}

/**
 * Asks, and reads the head of the answer.
 *
 * @param link A link to the host that carries verified TLS. It is not closed here.
 * @param request The request.
 * @throws What the link fails with.
 */
export async function askPreflight(link: ByteLink, request: Uint8Array): Promise<PreflightOutcome> {
  await link.write(request);
  const head = new PreflightHead();
  for (;;) {
    const count = await link.read(head.space);
    const outcome = count === 0 ? none("it ended the connection without an answer") : head.take(count);
    if (outcome !== null) return outcome;
  }
}

/** The head of an answer as it comes in. Every byte is looked at once. */
export class PreflightHead {
  readonly #bytes = new Uint8Array(MAX_PREFLIGHT_BYTES);
  #length = 0;
  #lineStart = 0;
  /** The status of the answer whose headers are being read, or null where a status line comes next. */
  #status: number | null = null;
  #supportsCors = false;

  /** Where the next bytes go. Not empty until there is an outcome. */
  get space(): Uint8Array {
    return this.#bytes.subarray(this.#length);
  }

  /**
   * Takes what was put into the space.
   *
   * @param count How many bytes.
   * @returns The outcome, or null when more is to come.
   */
  take(count: number): PreflightOutcome | null {
    const end = this.#length + count;
    for (let at = this.#length; at < end; at++) {
      if (this.#bytes[at] !== LF) continue;
      const outcome = this.#takeLine(this.#text(this.#lineStart, this.#bytes[at - 1] === CR ? at - 1 : at));
      if (outcome !== null) return outcome;
      this.#lineStart = at + 1;
    }
    this.#length = end;
    if (!this.#mayBeginAnswer()) return NOT_HTTP;
    return end < MAX_PREFLIGHT_BYTES
      ? null
      : none(`the head of its answer is longer than ${MAX_PREFLIGHT_BYTES} bytes`);
  }

  #takeLine(line: string): PreflightOutcome | null {
    if (this.#status === null) return this.#takeStatus(line);
    if (line === "") return this.#takeEnd(this.#status);
    // What begins with a space goes on with the header before (obs-fold).
    if (!/^[ \t]/.test(line) && nameOf(line) === ALLOW_ORIGIN) this.#supportsCors = true;
    return null;
  }

  #takeStatus(line: string): PreflightOutcome | null {
    const status = Number(STATUS_LINE.exec(line)?.[1] ?? NaN);
    // Nobody asked for another protocol.
    if (Number.isNaN(status) || status === SWITCHING_PROTOCOLS) return NOT_HTTP;
    this.#status = status;
    this.#supportsCors = false;
    return null;
  }

  /** After an answer of 100 to 199 the one that counts is still to come. */
  #takeEnd(status: number): PreflightOutcome | null {
    if (status >= 200) return Object.freeze({ kind: "answer", supportsCors: this.#supportsCors });
    this.#status = null;
    return null;
  }

  /** Whoever does not begin like HTTP need not be heard to the end. */
  #mayBeginAnswer(): boolean {
    if (this.#status !== null) return true;
    const begun = this.#text(this.#lineStart, Math.min(this.#length, this.#lineStart + BEGINNING.length));
    return BEGINNING.startsWith(begun);
  }

  #text(from: number, to: number): string {
    return new TextDecoder("latin1").decode(this.#bytes.subarray(from, Math.max(from, to)));
  }
}

const NOT_HTTP: PreflightOutcome = none("it does not speak HTTP/1");

function none(reason: string): PreflightOutcome {
  return Object.freeze({ kind: "none", reason });
}

function nameOf(line: string): string {
  const colon = line.indexOf(":");
  return colon < 0 ? "" : line.slice(0, colon).trim().toLowerCase();
}

/** As it stands in a URL: the default port goes without saying, and so does the interface of a link-local address. */
function hostField(host: string): string {
  const [address = host] = host.split("%");
  return address.includes(":") ? `[${address}]` : address;
}
