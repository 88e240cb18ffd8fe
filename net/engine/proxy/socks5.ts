/**
 * The client's side of SOCKS 5, CONNECT only: https://www.rfc-editor.org/rfc/rfc1928, with the user name and password of
 * https://www.rfc-editor.org/rfc/rfc1929
 *
 *     client: 05 n method{n}          proxy: 05 method           (00 none, 02 user name and password, FF none of them)
 *     client: 01 n user n password    proxy: 01 status           (00 is success)
 *     client: 05 01 00 address port   proxy: 05 reply 00 address port
 *     address: 01 IPv4{4} | 03 n name{n} | 04 IPv6{16}
 *
 * The address in the reply is read over and never used (NET-26).
 */
import { ParleyError } from "../../../core/errors.ts";
import { addressBytes } from "../../../core/ip_address.ts";
import type { ByteLink } from "../../port.ts";
import { proxyError, readExactly } from "./exact_reader.ts";
import type { ProxyCredentials, ProxyTarget } from "./proxy_hop.ts";

const VERSION = 5;
const NO_METHOD = 0xff;

/** What the proxy says became of it, and whether another address of the target may fare better. */
const REPLIES: ReadonlyMap<number, { readonly state: string; readonly elsewhere: boolean }> = new Map([
  [1, { state: "it reports a general failure", elsewhere: true }],
  [2, { state: "its rules do not allow it", elsewhere: false }],
  [3, { state: "it has no route to the network", elsewhere: true }],
  [4, { state: "it cannot reach the host", elsewhere: true }],
  [5, { state: "the host refuses the connection", elsewhere: true }],
  [6, { state: "the host does not answer", elsewhere: true }],
  [7, { state: "it does not support CONNECT", elsewhere: false }],
  [8, { state: "it does not support this kind of address", elsewhere: true }],
]);

/**
 * Asks a SOCKS 5 proxy for a tunnel. Reads nothing beyond its answer.
 *
 * @param link The connection to the proxy.
 * @param target What to connect to.
 * @param credentials User name and password, or null.
 * @throws {ParleyError} `NET_PROXY` when it refuses or does not speak the protocol; what the link fails with.
 */
export async function socks5Connect(
  link: ByteLink,
  target: ProxyTarget,
  credentials: ProxyCredentials | null,
): Promise<void> {
  const methods = credentials === null ? [0] : [0, 2];
  await link.write(Uint8Array.from([VERSION, methods.length, ...methods]));
  const [version, method] = await readExactly(link, 2) as unknown as [number, number];
  requireVersion(version);
  if (method === NO_METHOD) {
    throw proxyError(credentials === null ? "it wants a user name and password" : "it accepts no way to log in");
  }
  if (!methods.includes(method)) throw proxyError(`it chose a way to log in that was not offered (${method})`);
  if (method === 2 && credentials !== null) await logIn(link, credentials);
  await link.write(Uint8Array.from([VERSION, 1, 0, ...targetBytes(target), target.port >> 8, target.port & 0xff]));
  await readReply(link);
}

async function logIn(link: ByteLink, { username, password }: ProxyCredentials): Promise<void> {
  await link.write(Uint8Array.from([1, ...counted(username, "user name"), ...counted(password, "password")]));
  const [version, status] = await readExactly(link, 2) as unknown as [number, number];
  if (version !== 1) throw proxyError("it does not speak SOCKS 5 when logging in");
  if (status !== 0) throw proxyError("it refuses the user name and password");
}

async function readReply(link: ByteLink): Promise<void> {
  const [version, reply = 0, , kind] = await readExactly(link, 4);
  requireVersion(version);
  if (reply !== 0) {
    const known = REPLIES.get(reply);
    throw proxyError(known?.state ?? `it refuses with code ${reply}`, { reply, elsewhere: known?.elsewhere ?? false });
  }
  const length = kind === 1 ? 4 : kind === 4 ? 16 : kind === 3 ? (await readExactly(link, 1))[0] ?? 0 : null;
  if (length === null) throw proxyError("its answer has an address of an unknown kind");
  await readExactly(link, length + 2);
}

function targetBytes({ address, name }: ProxyTarget): number[] {
  if (address === null) return [3, ...counted(name, "host name")];
  return [address.family === 4 ? 1 : 4, ...addressBytes(address)];
}

/** A text with its length before it: 1 to 255 bytes. */
function counted(text: string, what: string): number[] {
  const bytes = new TextEncoder().encode(text);
  if (bytes.byteLength === 0 || bytes.byteLength > 255) {
    throw new ParleyError("ARG_INVALID", `Cannot use the proxy: the ${what} has not 1 to 255 bytes`);
  }
  return [bytes.byteLength, ...bytes];
}

function requireVersion(version: number | undefined): void {
  if (version !== VERSION) throw proxyError("it does not speak SOCKS 5");
}
