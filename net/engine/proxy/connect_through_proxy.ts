/**
 * A link to an approved target through an approved proxy (NET-26). The target's name is looked up and judged here and sent as
 * an address, unless the approval says that the proxy decides.
 */
import { onAbort } from "../../../core/abort.ts";
import { isParleyError, ParleyError } from "../../../core/errors.ts";
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { ByteLink, ConnectOptions, DnsQueryType } from "../../port.ts";
import type { EngineHost } from "../engine_host.ts";
import { resolveTarget } from "../resolve_target.ts";
import { httpConnect } from "./http_connect.ts";
import type { ProxyHop, ProxyTarget } from "./proxy_hop.ts";
import { socks5Connect } from "./socks5.ts";

/** So many addresses of one target are tried; each takes a connection to the proxy of its own. */
const MAX_TRIES = 4;

/** What is needed besides the target's approval. */
export interface ThroughProxyOptions {
  /** The proxy. */
  readonly hop: ProxyHop;
  /** Which family of the target's addresses; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
  /** For the connection to the proxy. */
  readonly options: ConnectOptions;
  /** Connects to the proxy, as to any destination. */
  connect(grant: Grant): Promise<ByteLink>;
}

/**
 * Opens a tunnel.
 *
 * @param host Network and time.
 * @param grant The approval of the target, whose descriptor names the proxy.
 * @param how The proxy, and how to reach it.
 * @throws {ParleyError} `NET_PROXY` when the proxy refuses; whatever looking up and connecting throw.
 */
export async function connectThroughProxy(
  host: EngineHost,
  grant: Grant,
  how: ThroughProxyOptions,
): Promise<ByteLink> {
  const { hop, options, dnsQueryType } = how;
  requireRoute(grant, hop);
  const { host: { text: name, kind, address: literal }, port } = grant.destination;
  if (literal !== null && literal.zone !== null) {
    throw new ParleyError("ARG_INVALID", "Cannot use the proxy: a link-local address means another machine there");
  }
  const remote = hop.remoteDns && kind === "name";
  const { signal } = options;
  const addresses: readonly (IpAddress | null)[] = remote
    ? [null]
    : (await resolveTarget(host, grant, { dnsQueryType, signal, judgesFarEnd: false })).slice(0, MAX_TRIES);
  let refusal: unknown = null;
  for (const address of addresses) {
    try {
      return await dig(await how.connect(hop.grant), { hop, target: { address, name, port }, signal });
    } catch (error) {
      refusal = error;
      if (!isParleyError(error, "NET_PROXY") || error.detail["elsewhere"] !== true) break;
    }
  }
  throw refusal;
}

async function dig(
  link: ByteLink,
  { hop, target, signal }: { readonly hop: ProxyHop; readonly target: ProxyTarget; readonly signal: AbortSignal },
): Promise<ByteLink> {
  const forget = onAbort(signal, () => link.reset());
  try {
    signal.throwIfAborted();
    const ask = hop.protocol === "socks5" ? socks5Connect : httpConnect;
    await ask(link, target, hop.credentials);
    return link;
  } catch (error) {
    link.reset();
    throw error;
  } finally {
    forget();
  }
}

/** The approval of a target holds for the way that it names. */
function requireRoute(grant: Grant, hop: ProxyHop): void {
  const { descriptor } = grant;
  const via = descriptor.name === "direct-sockets" ? descriptor.via : null;
  const same = via !== null && via.protocol === hop.protocol && via.remoteDns === hop.remoteDns &&
    via.destination.host.text === hop.grant.destination.host.text &&
    via.destination.port === hop.grant.destination.port;
  if (!same) throw new ParleyError("PERM_SPENT", "Cannot connect: the permission is for another way");
}
