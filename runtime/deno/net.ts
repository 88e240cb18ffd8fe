/**
 * The network on Deno 2.9, through `Deno.connect`; names by `node:dns`, TLS by `node:tls` (Deno's own TLS cannot show the
 * far end's certificate).
 *
 * With `--allow-net=host:port` Deno allows neither the lookup nor the address, only the name: then `canResolve` is false.
 * Nothing here asks Deno for a permission; a call that needs one lets Deno ask or refuse.
 */
import { abortError } from "../../core/abort.ts";
import type { ByteLink, ConnectOptions, NetBackend, NetGaps } from "../../net/port.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import { absoluteName, refuseMulticastName, resolveName } from "../_node/resolve.ts";
import { addressText, endpointText } from "../_node/tcp_link.ts";
import { tlsHandshake } from "../_node/tls.ts";
import { bundledRoots } from "../_node/tls_context.ts";
import { ConnLink } from "./conn_link.ts";
import { denoNetError } from "./errors.ts";
import { denoDatagrams } from "./datagram.ts";
import { denoServers } from "./listen.ts";

/** Taken at load, so that code loaded later cannot replace them (CORE-01). */
const denoConnect = Deno.connect;
const permissions = Deno.permissions;
const query = permissions.query.bind(permissions);

/** `host` is an own property, so that Object.prototype cannot narrow the question (CORE-01). */
const WHOLE_NETWORK = Object.freeze({ name: "net", host: undefined }) as unknown as Deno.NetPermissionDescriptor;

/** What Deno cannot do: `Deno.TcpConn` takes no keep-alive delay and has no way to send RST. */
const GAPS: NetGaps = Object.freeze({
  connectNotCancellable: false,
  keepAliveDelayIgnored: true,
  resetSendsFin: true,
  acceptsEagerly: false,
  serverIpv6OnlyIgnored: true,
  datagramNotConnected: true,
  datagramBuffersIgnored: true,
  multicastTtlZeroRefused: true,
});

/**
 * Deno shows its bundled roots with `--allow-sys` only, and would ask for it. Without, its default store is used, to which
 * DENO_CERT and DENO_TLS_CA_STORE of the launch belong; SECURITY.md says so.
 */
const SYSTEM_FACTS = Object.freeze({ name: "sys", kind: undefined }) as unknown as Deno.SysPermissionDescriptor;
const ROOTS = permissions.querySync(SYSTEM_FACTS).state === "granted" ? bundledRoots() : undefined;

/** The network as Deno gives it. */
export const denoNet: NetBackend = Object.freeze<NetBackend>({
  gaps: GAPS,
  ...denoServers,
  ...denoDatagrams,
  canResolve,
  resolve: (_grant, host, { type, signal }) => resolveName(host, { type, signal, translate: denoNetError }),
  connect: (_grant, { address, port }, options) => openLink({ host: addressText(address), port }, options),
  async connectByName(_grant, { host, port }, options) {
    refuseMulticastName(host);
    return await openLink({ host: absoluteName(host), port }, options);
  },
  tls: (_grant, link, terms, { signal }) =>
    tlsHandshake(link, terms, { signal, roots: ROOTS, translate: denoNetError }),
});

/**
 * True with a grant for the whole network. With anything less Deno would ask or refuse twice, for the name and for an
 * address that its operator has never heard of, so the name is used and Deno asks at most once.
 */
async function canResolve(host: string, _port: number): Promise<boolean> {
  if (parseIpAddress(host) !== null) return true;
  const { state } = await query(WHOLE_NETWORK);
  return state === "granted";
}

interface Target {
  readonly host: string;
  readonly port: number;
}

async function openLink({ host, port }: Target, options: ConnectOptions): Promise<ByteLink> {
  const { signal, noDelay, keepAliveDelayMs } = options;
  if (signal.aborted) throw abortError(signal.reason);
  const conn = await open({ host, port }, signal);
  if (signal.aborted) {
    conn.close();
    throw abortError(signal.reason);
  }
  try {
    conn.setNoDelay(noDelay);
    if (keepAliveDelayMs !== null) conn.setKeepAlive(true);
    return new ConnLink(conn);
  } catch (error) {
    conn.close();
    throw denoNetError(error, `connect to ${endpointText(host, port)}`);
  }
}

async function open({ host, port }: Target, signal: AbortSignal): Promise<Deno.TcpConn> {
  try {
    return await denoConnect({ hostname: host, port, transport: "tcp", signal });
  } catch (error) {
    throw signal.aborted ? abortError(signal.reason) : denoNetError(error, `connect to ${endpointText(host, port)}`);
  }
}
