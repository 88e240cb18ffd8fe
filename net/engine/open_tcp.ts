/**
 * From a Grant to a connection: look up, vet, connect to a vetted address, secure. No packet leaves before the Grant
 * exists (NET-08), and none to an address that it does not cover.
 */
import { abortError } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { ByteLink, ConnectOptions, DnsQueryType, NetBackend, TlsTerms } from "../port.ts";
import { connectAddresses, requireCovered } from "./connect_addresses.ts";
import type { EngineHost } from "./engine_host.ts";
import { PlaintextLimit } from "./plaintext_limit.ts";
import { connectThroughProxy } from "./proxy/connect_through_proxy.ts";
import type { ProxyHop } from "./proxy/proxy_hop.ts";
import { isOfFamily, resolveTarget } from "./resolve_target.ts";
import { TcpConnection } from "./tcp_connection.ts";
import type { LinkTimeouts } from "./timed_link.ts";
import { secureLink } from "./tls_handshake.ts";

const { hasOwn } = Object;

/** How to open a connection. */
export interface OpenTcpOptions {
  /** Ends the attempt, and afterwards the connection. */
  readonly signal: AbortSignal;
  /** Milliseconds for lookup, connection and handshake together. */
  readonly connectTimeoutMs: number;
  /** Sets TCP_NODELAY. */
  readonly noDelay: boolean;
  /** Milliseconds of silence before the first keep-alive probe, or null for none. */
  readonly keepAliveDelayMs: number | null;
  /** Which family to look up; null for both. */
  readonly dnsQueryType: DnsQueryType | null;
  /** Limits of time for the program's bytes, once connected. */
  readonly timeouts: LinkTimeouts;
  /** The proxy in between, or null. */
  readonly via: ProxyHop | null;
  /** TLS from the first byte, or null. */
  readonly tls: TlsTerms | null;
  /** Sends a copy of each chunk, so that the script may change its memory at once; costs a copy. */
  readonly copyWrites: boolean;
  /** Told of the connection that takes over after an upgrade, before this one counts as closed. */
  readonly upgraded?: (connection: TcpConnection) => void;
  /** Translates failures into the errors of the face's specification. */
  toFaceError(error: unknown): unknown;
}

/**
 * Opens a connection to the grant's destination.
 *
 * @param host Network and time.
 * @param grant The approval; it is spent here.
 * @param options How.
 * @throws {ParleyError} with a `NET_`, `TLS_` or `PERM_` code. Nothing stays open.
 */
export async function openTcp(host: EngineHost, grant: Grant, options: OpenTcpOptions): Promise<TcpConnection> {
  grant.spend();
  const deadline = new AbortController();
  const timer = host.clock.after(options.connectTimeoutMs, () => {
    deadline.abort(new ParleyError("NET_TIMEOUT", `Cannot connect within ${options.connectTimeoutMs} ms`));
  });
  const signal = AbortSignal.any([options.signal, grant.signal, deadline.signal]);
  try {
    signal.throwIfAborted();
    const link = await connectLink(host, grant, { ...options, signal });
    return await wrapLink(host, grant, { link, options, signal });
  } catch (error) {
    // A back end may report an abort in its own words; the reason is what counts.
    throw signal.aborted ? abortError(signal.reason) : error;
  } finally {
    timer.cancel();
  }
}

async function wrapLink(
  host: EngineHost,
  grant: Grant,
  how: { readonly link: ByteLink; readonly options: OpenTcpOptions; readonly signal: AbortSignal },
): Promise<TcpConnection> {
  const { link, options, signal } = how;
  const { net } = host;
  const { toFaceError, copyWrites, timeouts } = options;
  const upgraded = hasOwn(options, "upgraded") ? options.upgraded : undefined;
  const life = AbortSignal.any([options.signal, grant.signal]);
  const terms = { grant, host, signal: life, timeouts, copyWrites, upgraded, toFaceError };
  if (options.tls !== null) {
    const secured = await secureLink(net, grant, { link, terms: options.tls, signal });
    grant.markConnected();
    return new TcpConnection({ ...terms, link: secured.link, tls: secured.info });
  }
  grant.markConnected();
  const limited = grant.tls?.required === true ? new PlaintextLimit(link, host.clock) : link;
  return new TcpConnection({ ...terms, link: limited, tls: null });
}

async function connectLink(host: EngineHost, grant: Grant, options: OpenTcpOptions): Promise<ByteLink> {
  const { via, signal, noDelay, keepAliveDelayMs, dnsQueryType } = options;
  const connectOptions: ConnectOptions = { signal, noDelay, keepAliveDelayMs };
  if (via === null) {
    return await connectDirectly(host, grant, { options: connectOptions, dnsQueryType });
  }
  via.grant.spend();
  const link = await connectThroughProxy(host, grant, {
    hop: via,
    dnsQueryType,
    options: connectOptions,
    connect: (proxy) => connectDirectly(host, proxy, { options: connectOptions, dnsQueryType: null }),
  });
  via.grant.markConnected();
  return link;
}

async function connectDirectly(
  host: EngineHost,
  grant: Grant,
  how: { readonly options: ConnectOptions; readonly dnsQueryType: DnsQueryType | null },
): Promise<ByteLink> {
  requireDirect(grant);
  const { net } = host;
  const { options, dnsQueryType } = how;
  const { host: { kind, text }, port } = grant.destination;
  if (kind === "path") return await net.connectPath(grant, text, { signal: options.signal });
  // Deno counts "localhost" as a name, too: the address behind it would be another permission.
  const named = kind === "name" || text === "localhost";
  if (named && !(await net.canResolve(text, port))) {
    return await connectVettedByName(net, grant, { ...options, dnsQueryType });
  }
  const addresses = await resolveTarget(net, grant, { dnsQueryType, signal: options.signal });
  options.signal.throwIfAborted();
  return await connectAddresses(host, grant, { addresses, port, options });
}

/** An approval for the way through a proxy is none for the direct way. */
function requireDirect({ descriptor }: Grant): void {
  if (descriptor.name === "direct-sockets" && descriptor.via === null) return;
  throw new ParleyError("PERM_SPENT", "Cannot connect: the permission is for another way");
}

/** The runtime lets us connect by name only: then the far end's address is vetted before any byte passes. */
async function connectVettedByName(
  net: NetBackend,
  grant: Grant,
  { dnsQueryType, ...options }: ConnectOptions & { readonly dnsQueryType: DnsQueryType | null },
): Promise<ByteLink> {
  const { host, port } = grant.destination;
  const link = await net.connectByName(grant, { host: host.text, port }, options);
  try {
    const address = parseIpAddress(link.remote.address);
    if (address !== null && !isOfFamily(address, dnsQueryType)) {
      throw new ParleyError("NET_DNS", `Cannot look up ${host.text}: it has no ${dnsQueryType} address`);
    }
    if (address !== null) grant.vet([address]);
    requireCovered(grant, address, link.remote.port);
    return link;
  } catch (error) {
    link.reset();
    throw error;
  }
}
