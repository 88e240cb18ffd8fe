/** From a Grant to a listening server: nothing listens before the Grant exists, and only where it says (NET-22). */
import { abortError } from "../../../core/abort.ts";
import { isParleyError, ParleyError } from "../../../core/errors.ts";
import type { IpAddress } from "../../../core/ip_address.ts";
import type { Grant } from "../../../permissions/grant.ts";
import type { LinkListener, ListenOptions } from "../../server_port.ts";
import type { EngineHost } from "../engine_host.ts";
import { checkIdentity } from "./check_identity.ts";
import { type ServeOptions, TcpServer } from "./tcp_server.ts";

/** How to listen and serve. */
export interface ListenTcpOptions extends ListenOptions, ServeOptions {
  /**
   * Where a port is to lie that the system picks. One that it picks elsewhere is changed for a random one of these, if one of
   * a few is free. Anywhere by default.
   */
  readonly pickedPorts?: PortRange;
}

/** Ports, both ends included. */
export interface PortRange {
  /** The first. */
  readonly from: number;
  /** The last. */
  readonly to: number;
}

const { hasOwn } = Object;
/** Ports that are tried instead of one that the system picked elsewhere. */
const PORT_ATTEMPTS = 8;

/**
 * Listens at the grant's address and port.
 *
 * @param host Network and time.
 * @param grant The approval; it is spent here.
 * @param options How.
 * @throws {ParleyError} `NET_IN_USE`, `TLS_OPTIONS`, `RUNTIME_UNSUPPORTED`, `NET_ABORTED`, or another `NET_` or `PERM_` code.
 */
export async function listenTcp(host: EngineHost, grant: Grant, options: ListenTcpOptions): Promise<TcpServer> {
  grant.spend();
  const { signal, tls, backlog, ipv6Only, noDelay, keepAliveDelayMs } = options;
  if (signal.aborted) throw abortError(signal.reason);
  if (ipv6Only && host.net.gaps.serverIpv6OnlyIgnored) {
    throw new ParleyError("RUNTIME_UNSUPPORTED", "Cannot listen for IPv6 alone: this runtime has no way to");
  }
  if (tls !== null) await checkIdentity(host, grant, tls.identity);
  const how: ListenOptions = Object.freeze({ backlog, ipv6Only, noDelay, keepAliveDelayMs });
  const range = hasOwn(options, "pickedPorts") ? options.pickedPorts ?? null : null;
  const listener = await openListener(host, grant, { how, range });
  const stop = [signal, grant.signal].find(({ aborted }) => aborted);
  if (stop !== undefined) {
    listener.close();
    throw abortError(stop.reason);
  }
  grant.markConnected();
  return new TcpServer({ host, grant, listener, options });
}

async function openListener(
  { net }: EngineHost,
  grant: Grant,
  { how, range }: { readonly how: ListenOptions; readonly range: PortRange | null },
): Promise<LinkListener> {
  const { host, port } = grant.destination;
  if (host.kind === "path") return await net.listenPath(grant, host.text, { backlog: how.backlog });
  const address = coveredAddress(grant);
  const picked = await net.listenTcp(grant, { address, port }, how);
  if (range === null || port !== 0) return picked;
  return await movedInto(range, picked, (other) => net.listenTcp(grant, { address, port: other }, how));
}

/** The listener where its port lies in the range; else one at a port that does, or itself where none was free. */
async function movedInto(
  { from, to }: PortRange,
  picked: LinkListener,
  listen: (port: number) => Promise<LinkListener>,
): Promise<LinkListener> {
  if (picked.local.port >= from && picked.local.port <= to) return picked;
  for (const random of crypto.getRandomValues(new Uint16Array(PORT_ATTEMPTS))) {
    try {
      const moved = await listen(from + random % (to - from + 1));
      picked.close();
      return moved;
    } catch (error) {
      if (isParleyError(error, "NET_IN_USE")) continue;
      picked.close();
      throw error;
    }
  }
  return picked;
}

function coveredAddress(grant: Grant): IpAddress {
  const { host, port } = grant.destination;
  if (host.address !== null) {
    grant.vet([host.address]);
    if (grant.covers(host.address, port)) return host.address;
  }
  throw new ParleyError("PERM_ADDRESS", "Cannot listen: the address is not covered by the permission");
}
