/**
 * A tunnel through an HTTP proxy: https://www.rfc-editor.org/rfc/rfc9110#name-connect
 *
 * Only an answer of 200 to 299 opens it. Redirects are not followed, and no second request is made (NET-26).
 */
import { ParleyError } from "../../../core/errors.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import type { ByteLink } from "../../port.ts";
import { proxyError } from "./exact_reader.ts";
import type { ProxyCredentials, ProxyTarget } from "./proxy_hop.ts";

/** The most that the head of the proxy's answer may have. */
export const MAX_HEAD_BYTES: number = 16 * 1024;

const STATUS_LINE = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: |\r|$)/;
/** "bad gateway", "unavailable", "gateway timeout": another address of the target may fare better. */
const ELSEWHERE: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * Asks an HTTP proxy for a tunnel. Reads nothing beyond the head of its answer.
 *
 * @param link The connection to the proxy.
 * @param target What to connect to.
 * @param credentials For the Basic scheme, sent with the one request; or null.
 * @throws {ParleyError} `NET_PROXY` when it refuses or does not speak HTTP/1; `ARG_INVALID` for credentials that the Basic
 * scheme cannot carry; what the link fails with.
 */
export async function httpConnect(
  link: ByteLink,
  target: ProxyTarget,
  credentials: ProxyCredentials | null,
): Promise<void> {
  const authority = formatHostPort(target.address?.text ?? target.name, target.port);
  const login = credentials === null ? "" : `Proxy-Authorization: Basic ${basic(credentials)}\r\n`;
  const request = `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n${login}\r\n`;
  await link.write(new TextEncoder().encode(request));
  const head = await readHead(link);
  const status = Number(STATUS_LINE.exec(head)?.[1] ?? NaN);
  if (Number.isNaN(status)) throw proxyError("it does not speak HTTP/1");
  if (status >= 200 && status <= 299) return;
  throw proxyError(refusal(status, credentials), { status, elsewhere: ELSEWHERE.has(status) });
}

function refusal(status: number, credentials: ProxyCredentials | null): string {
  if (status === 407) {
    return credentials === null
      ? "it wants a user name and password (407)"
      : "it refuses the user name and password (407)";
  }
  return status === 403 ? "its rules do not allow it (403)" : `it answers with status ${status}`;
}

/** Byte by byte: what follows the empty line is the tunnel's. A head is short, and this happens once. */
async function readHead(link: ByteLink): Promise<string> {
  const head = new Uint8Array(MAX_HEAD_BYTES);
  for (let length = 0; length < MAX_HEAD_BYTES;) {
    const count = await link.read(head.subarray(length, length + 1));
    if (count === 0) throw proxyError("it ended the connection in the middle of its answer");
    length += count;
    if (endsHead(head, length)) return new TextDecoder("latin1").decode(head.subarray(0, length));
    // Whoever does not begin like HTTP need not be heard to the end.
    if (length === 5 && new TextDecoder("latin1").decode(head.subarray(0, 5)) !== "HTTP/") {
      throw proxyError("it does not speak HTTP/1");
    }
  }
  throw proxyError(`the head of its answer is longer than ${MAX_HEAD_BYTES} bytes`);
}

function endsHead(head: Uint8Array, length: number): boolean {
  if (head[length - 1] !== 10) return false;
  return head[length - 2] === 10 || (head[length - 2] === 13 && head[length - 3] === 10);
}

function basic({ username, password }: ProxyCredentials): string {
  if (username.includes(":")) {
    throw new ParleyError("ARG_INVALID", "Cannot use the proxy: a user name for HTTP has no colon");
  }
  const bytes = new TextEncoder().encode(`${username}:${password}`);
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
