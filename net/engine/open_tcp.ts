/**
 * From a Grant to a connection: look up, vet, connect to a vetted address, secure. No packet leaves before the Grant
 * exists (NET-08), and none to an address that it does not cover.
 */
import { abortError } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { type IpAddress, parseIpAddress } from "../../core/ip_address.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { ByteLink, ConnectOptions, DnsQueryType, NetBackend, TlsTerms } from "../port.ts";
import { PlaintextLimit } from "./plaintext_limit.ts";
import { TcpConnection } from "./tcp_connection.ts";
import { secureLink } from "./tls_handshake.ts";

/** What the engine needs of a host. */
export interface EngineHost {
  /** The network. */
  readonly net: NetBackend;
  /** Time. */
  readonly clock: Clock;
}

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
  /** TLS from the first byte, or null. */
  readonly tls: TlsTerms | null;
  /** Sends a copy of each chunk, so that the script may change its memory at once; costs a copy. */
  readonly copyWrites: boolean;
  /** Translates failures into the errors of the face's specification. */
  toFaceError(error: unknown): unknown;
}

const LOCALHOST: readonly IpAddress[] = ["127.0.0.1", "::1"].map((text) => parseIpAddress(text)).filter((a) =>
  a !== null
);

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
    const link = await connectLink(host.net, grant, { ...options, signal });
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
  const { toFaceError, copyWrites } = options;
  const life = AbortSignal.any([options.signal, grant.signal]);
  if (options.tls !== null) {
    const secured = await secureLink(net, grant, { link, terms: options.tls, signal });
    return new TcpConnection({
      link: secured.link,
      grant,
      net,
      tls: secured.info,
      signal: life,
      copyWrites,
      toFaceError,
    });
  }
  const limited = grant.tls?.required === true ? new PlaintextLimit(link, host.clock) : link;
  return new TcpConnection({ link: limited, grant, net, tls: null, signal: life, copyWrites, toFaceError });
}

async function connectLink(net: NetBackend, grant: Grant, options: OpenTcpOptions): Promise<ByteLink> {
  const { host, port } = grant.destination;
  const connectOptions: ConnectOptions = {
    signal: options.signal,
    noDelay: options.noDelay,
    keepAliveDelayMs: options.keepAliveDelayMs,
  };
  // Deno counts "localhost" as a name, too: the address behind it would be another permission.
  const named = host.kind === "name" || host.text === "localhost";
  if (named && !(await net.canResolve(host.text, port))) {
    return await connectVettedByName(net, grant, { ...connectOptions, dnsQueryType: options.dnsQueryType });
  }
  const addresses = grant.vet(await lookUp(net, grant, options));
  let lastError: unknown = null;
  for (const address of addresses) {
    options.signal.throwIfAborted();
    requireCovered(grant, address, port);
    try {
      return await net.connect(grant, { address, port }, connectOptions);
    } catch (error) {
      lastError = error;
    }
  }
  throw lastError;
}

async function lookUp(net: NetBackend, grant: Grant, options: OpenTcpOptions): Promise<readonly IpAddress[]> {
  const { host } = grant.destination;
  const { dnsQueryType, signal } = options;
  if (host.kind === "name") return await net.resolve(grant, host.text, { type: dnsQueryType, signal });
  const known = host.address === null ? LOCALHOST : [host.address];
  return known.filter((address) => !isOtherFamily(address, dnsQueryType));
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
    if (address !== null && isOtherFamily(address, dnsQueryType)) {
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

function isOtherFamily(address: IpAddress, wanted: DnsQueryType | null): boolean {
  return wanted !== null && address.family !== (wanted === "ipv4" ? 4 : 6);
}

function requireCovered(grant: Grant, address: IpAddress | null, port: number): void {
  if (address !== null && grant.covers(address, port)) return;
  throw new ParleyError("PERM_ADDRESS", "Cannot connect: the address is not covered by the permission");
}
