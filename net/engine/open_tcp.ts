/**
 * From a Grant to a connection: look up, vet, connect to a vetted address, secure. No packet leaves before the Grant
 * exists (NET-08), and none to an address that it does not cover.
 */
import { abortError, onAbort } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { PeerKeys } from "../../permissions/pins/peer_keys_port.ts";
import { withinJudging } from "../late_refusal.ts";
import type { ByteLink, ConnectOptions, DnsQueryType, TlsTerms } from "../port.ts";
import { connectAddresses, requireCovered } from "./connect_addresses.ts";
import { passCorsGuard } from "./cors_guard.ts";
import type { EngineHost } from "./engine_host.ts";
import { approvedKey } from "./pins.ts";
import { PlaintextLimit } from "./plaintext_limit.ts";
import { connectThroughProxy } from "./proxy/connect_through_proxy.ts";
import type { ProxyHop } from "./proxy/proxy_hop.ts";
import { isMulticastName, isOfFamily, resolveTarget, vetFarEnd } from "./resolve_target.ts";
import { TcpConnection } from "./tcp_connection.ts";
import type { LinkTimeouts } from "./timed_link.ts";
import { secureLink } from "./tls_handshake.ts";
import { addressText } from "./udp/peer.ts";

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
  /** The terms of an upgrade that is announced, with which the host is asked whether `fetch()` would do; or null. */
  readonly upgradeTls?: TlsTerms | null;
  /** Fires when the destination must have been judged (NET-17); null, the default, for never. */
  readonly judging?: AbortSignal | null;
  /** The operator's keys of far ends; none by default. */
  readonly keys?: PeerKeys | null;
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
  const keys = hasOwn(options, "keys") ? options.keys ?? null : null;
  const terms = { grant, host, signal: life, timeouts, copyWrites, upgraded, keys, toFaceError };
  if (options.tls !== null) {
    const secured = await secureLink(net, grant, { link, terms: options.tls, signal, keys, asking: life });
    grant.markConnected();
    return new TcpConnection({ ...terms, link: secured.link, tls: secured.info });
  }
  grant.markConnected();
  const limited = grant.tls?.required === true || approvedKey(grant) !== null
    ? new PlaintextLimit(link, host.clock)
    : link;
  return new TcpConnection({ ...terms, link: limited, tls: null });
}

/** The way to a destination that was looked up and judged. Taken again, it leads to the same address. */
type Way = (signal: AbortSignal) => Promise<ByteLink>;

/** What the way depends on. */
interface WayOptions {
  readonly options: ConnectOptions;
  readonly dnsQueryType: DnsQueryType | null;
  readonly judging: AbortSignal | null;
}

async function connectLink(host: EngineHost, grant: Grant, options: OpenTcpOptions): Promise<ByteLink> {
  const { via, signal, noDelay, keepAliveDelayMs, dnsQueryType, tls } = options;
  const judging = hasOwn(options, "judging") ? options.judging ?? null : null;
  const upgradeTls = hasOwn(options, "upgradeTls") ? options.upgradeTls ?? null : null;
  const how: WayOptions = { options: { signal, noDelay, keepAliveDelayMs }, dnsQueryType, judging };
  const way = via === null ? await findDirectWay(host, grant, how) : findProxiedWay(host, grant, { ...how, via });
  const keys = hasOwn(options, "keys") ? options.keys ?? null : null;
  await passCorsGuard(host, grant, { tls: tls ?? upgradeTls, keys, signal, judging, connect: way });
  signal.throwIfAborted();
  const link = await way(signal);
  via?.grant.markConnected();
  return link;
}

function findProxiedWay(host: EngineHost, grant: Grant, how: WayOptions & { readonly via: ProxyHop }): Way {
  const { via: hop, options, dnsQueryType, judging } = how;
  hop.grant.spend();
  return async (signal) => {
    const lookup = lookupPhase({ signal, judging });
    const connectOptions = { ...options, signal: lookup.signal };
    return await connectThroughProxy(host, grant, {
      hop,
      dnsQueryType,
      options: connectOptions,
      connect: async (proxy) => {
        lookup.end();
        const way = await findDirectWay(host, proxy, { options: { ...options, signal }, dnsQueryType: null, judging });
        return await way(signal);
      },
    });
  };
}

/** A signal that judging ends until the target's name was looked up, and not from then on. */
function lookupPhase({ signal, judging }: { readonly signal: AbortSignal; readonly judging: AbortSignal | null }): {
  readonly signal: AbortSignal;
  end(): void;
} {
  if (judging === null) return { signal, end: () => {} };
  const over = new AbortController();
  const end = onAbort(judging, () => over.abort(judging.reason));
  if (judging.aborted) over.abort(judging.reason);
  return { signal: AbortSignal.any([signal, over.signal]), end };
}

async function findDirectWay(host: EngineHost, grant: Grant, how: WayOptions): Promise<Way> {
  requireDirect(grant);
  const { net } = host;
  const { options, dnsQueryType, judging } = how;
  const { host: target, port } = grant.destination;
  const { kind, text } = target;
  if (kind === "path") return (signal) => net.connectPath(grant, text, { signal });
  // Deno counts "localhost" as a name, too: the address behind it would be another permission.
  const named = (kind === "name" && !isMulticastName(target)) || text === "localhost";
  if (named && !(await net.canResolve(text, port))) {
    // Lookup and connection are one call there, which ends when the lookup would have to.
    return (outer) =>
      withinJudging(
        { signal: outer, judging },
        (signal) => connectVettedByName(host, grant, { ...options, signal, dnsQueryType }),
      );
  }
  let addresses = await withinJudging(
    { signal: options.signal, judging },
    (signal) => resolveTarget(host, grant, { dnsQueryType, signal, judgesFarEnd: true }),
  );
  return async (signal) => {
    signal.throwIfAborted();
    const link = await connectAddresses(host, grant, { addresses, port, options: { ...options, signal } });
    vetFarEnd(host, grant, link);
    const taken = addresses.filter((address) => addressText(address) === link.remote.address);
    if (taken.length > 0) addresses = taken;
    return link;
  };
}

/** An approval for the way through a proxy is none for the direct way. */
function requireDirect({ descriptor }: Grant): void {
  if (descriptor.name === "direct-sockets" && descriptor.via === null) return;
  throw new ParleyError("PERM_SPENT", "Cannot connect: the permission is for another way");
}

/** The runtime lets us connect by name only: then the far end's address is vetted before any byte passes. */
async function connectVettedByName(
  engine: EngineHost,
  grant: Grant,
  { dnsQueryType, ...options }: ConnectOptions & { readonly dnsQueryType: DnsQueryType | null },
): Promise<ByteLink> {
  const { host, port } = grant.destination;
  const link = await engine.net.connectByName(grant, { host: host.text, port }, options);
  try {
    const address = parseIpAddress(link.remote.address);
    if (address !== null && !isOfFamily(address, dnsQueryType)) {
      throw new ParleyError("NET_DNS", `Cannot look up ${host.text}: it has no ${dnsQueryType} address`);
    }
    if (host.kind === "name") vetFarEnd(engine, grant, link);
    else if (address !== null) grant.vet([address]);
    requireCovered(grant, address, link.remote.port);
    return link;
  } catch (error) {
    link.reset();
    throw error;
  }
}
