/** Conversion of `openTCPSocket` options (RS-01, RS-02). Everything wrong with them is a `TypeError`. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import { toBoolean, toEnum, toUnsignedLong, toUnsignedShort, toUSVString } from "../../../core/webidl.ts";
import type { LinkTimeouts } from "../../engine/timed_link.ts";
import { toAbortSignal, toTimeoutMs } from "../../option_values.ts";
import type { DnsQueryType } from "../../port.ts";
import { type ProxyOptions, type ProxyRequest, toProxyRequest } from "../../proxy_options.ts";
import { type TLSOptions, type TlsRequest, toTlsRequest } from "../../tls_options.ts";

/** Options of {@linkcode openTCPSocket}. */
export interface TCPSocketOptions {
  /** Host name or IP address. When omitted, the operator is asked for it. */
  readonly remoteAddress?: string;
  /** Port, 1 to 65535. Left out with `path` only. */
  readonly remotePort?: number;
  /** Absolute path of a local (Unix) socket to connect to, instead of `remoteAddress` and `remotePort`. TLS then needs `tls.serverName`. */
  readonly path?: string;
  /**
   * Proxy to go through: `socks5://host:port`, `http://host:port` or {@linkcode ProxyOptions}. Approved as a destination of its
   * own, before the other.
   */
  readonly proxy?: string | ProxyOptions;
  /** Sends small writes at once (TCP_NODELAY). Default false. */
  readonly noDelay?: boolean;
  /** Probes an idle connection: true, or the seconds of silence before the first probe. Default false. */
  readonly keepAlive?: boolean | number;
  /** Milliseconds of silence before the first probe, at least 1000; needs `keepAlive: true`. Default 75,000. */
  readonly keepAliveDelay?: number;
  /** TLS from the first byte: short for `secureTransport: "on"`. Default false. */
  readonly useSecureTransport?: boolean;
  /**
   * `"off"` for plaintext (default); `"on"` for TLS from the first byte; `"starttls"` for plaintext until `startTls()`,
   * which must then be called within 10 s and 4 KiB each way.
   */
  readonly secureTransport?: "off" | "on" | "starttls";
  /** How TLS is verified and what it offers. Part of what the operator approves. */
  readonly tls?: TLSOptions;
  /** Looks up IPv4 or IPv6 addresses only. */
  readonly dnsQueryType?: DnsQueryType;
  /** Milliseconds for lookup, connection and handshake together, once approved. Default 30,000. */
  readonly connectTimeout?: number;
  /** Milliseconds in which no byte passes either way, after which the connection is broken off. None by default. */
  readonly idleTimeout?: number;
  /** Milliseconds that a read may wait, after which the connection is broken off. None by default. */
  readonly readTimeout?: number;
  /** Ends the attempt, and afterwards the connection. */
  readonly signal?: AbortSignal;
}

/** Options after conversion. */
export interface TcpRequest {
  /** As the script gave it, or null. */
  readonly remoteAddress: string | null;
  /** 1 to 65535; 0 with a path. */
  readonly remotePort: number;
  /** Path of a local socket, as the script gave it, or null. */
  readonly path: string | null;
  /** The proxy, or null. */
  readonly proxy: ProxyRequest | null;
  /** Limits of time for the program's bytes. */
  readonly timeouts: LinkTimeouts;
  /** TCP_NODELAY. */
  readonly noDelay: boolean;
  /** Milliseconds, or null for no keep-alive. */
  readonly keepAliveDelayMs: number | null;
  /** When TLS begins. */
  readonly secureTransport: "off" | "on" | "starttls";
  /** TLS options, whether or not TLS was asked for. */
  readonly tls: TlsRequest;
  /** Which family to look up. */
  readonly dnsQueryType: DnsQueryType | null;
  /** Milliseconds. */
  readonly connectTimeoutMs: number;
  /** Ends attempt and connection. */
  readonly signal: AbortSignal;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

const DEFAULT_KEEP_ALIVE_MS = 75_000;
const DEFAULT_CONNECT_TIMEOUT_MS = 30_000;

/**
 * Converts the options.
 *
 * @param value What the script gave.
 * @throws {TypeError} for anything that can never work.
 */
export function toTcpRequest(value: unknown): TcpRequest {
  const options = requireDictionary(value, "TCP socket options") ?? {};
  const path = toPath(options);
  // Web IDL reads a dictionary's members in the order of their names.
  const keepAliveDelayMs = toKeepAlive(member(options, "keepAlive"), member(options, "keepAliveDelay"));
  for (const name of ["localAddress", "localPort"]) refuseUnsupported(options, name);
  const noDelay = toBoolean(member(options, "noDelay"));
  refuseUnsupported(options, "receiveBufferSize");
  const address = member(options, "remoteAddress");
  const remoteAddress = address === undefined || address === null ? null : toUSVString(address, "remoteAddress");
  const remotePort = path === null ? toPort(member(options, "remotePort")) : 0;
  refuseUnsupported(options, "sendBufferSize");
  const secureTransport = toSecureTransport(options);
  const tls = toTlsRequest(member(options, "tls"));
  if (path !== null && secureTransport !== "off" && tls.serverName === null) {
    throw new TypeError("Cannot use TLS: a path is no name to check; give tls.serverName");
  }
  return Object.freeze({
    remoteAddress,
    remotePort,
    path,
    noDelay,
    keepAliveDelayMs,
    secureTransport,
    tls,
    ...toRoute(options),
    where: path ?? (remoteAddress === null ? `port ${remotePort}` : formatHostPort(remoteAddress, remotePort)),
  });
}

/** How the destination is reached, and how long that and later silence may take. */
function toRoute(
  options: object,
): Pick<TcpRequest, "proxy" | "dnsQueryType" | "timeouts" | "connectTimeoutMs" | "signal"> {
  const dnsQueryType = member(options, "dnsQueryType");
  return {
    proxy: toProxyRequest(member(options, "proxy")),
    dnsQueryType: dnsQueryType === undefined
      ? null
      : toEnum<DnsQueryType>(dnsQueryType, ["ipv4", "ipv6"], "dnsQueryType"),
    timeouts: Object.freeze({
      idleTimeoutMs: toTimeoutMs(member(options, "idleTimeout"), { what: "idleTimeout", absent: null }),
      readTimeoutMs: toTimeoutMs(member(options, "readTimeout"), { what: "readTimeout", absent: null }),
    }),
    connectTimeoutMs: toTimeoutMs(member(options, "connectTimeout"), {
      what: "connectTimeout",
      absent: DEFAULT_CONNECT_TIMEOUT_MS,
    }),
    signal: toAbortSignal(member(options, "signal")),
  };
}

/** Accepting what has no effect would be a lie; no runtime can set these for TCP. */
function refuseUnsupported(options: object, name: string): void {
  if (member(options, name) !== undefined) throw new TypeError(`Cannot use ${name}: it is not supported for TCP`);
}

/** A path stands alone: it is a place of its own, on this machine, that no proxy leads to. */
function toPath(options: object): string | null {
  const path = member(options, "path");
  if (path === undefined) return null;
  for (const name of ["remoteAddress", "remotePort", "proxy", "dnsQueryType"]) {
    if (member(options, name) !== undefined) throw new TypeError(`Cannot use ${name}: a path is given`);
  }
  return toUSVString(path, "path");
}

function toPort(value: unknown): number {
  if (value === undefined) throw new TypeError("Cannot connect: remotePort is missing");
  const port = toUnsignedShort(value, { enforceRange: true, what: "remotePort" });
  if (port === 0) throw new TypeError("Cannot connect: remotePort is 0");
  return port;
}

function toKeepAlive(keepAlive: unknown, delay: unknown): number | null {
  const on = typeof keepAlive === "number" ? keepAlive > 0 : toBoolean(keepAlive);
  if (!on) {
    if (delay !== undefined) throw new TypeError("Cannot use keepAliveDelay: keepAlive is not true");
    return null;
  }
  if (typeof keepAlive === "number") {
    return toUnsignedLong(keepAlive, { enforceRange: true, what: "keepAlive" }) * 1000;
  }
  if (delay === undefined) return DEFAULT_KEEP_ALIVE_MS;
  const delayMs = toUnsignedLong(delay, { enforceRange: true, what: "keepAliveDelay" });
  if (delayMs < 1000) throw new TypeError("Cannot use keepAliveDelay: it is under 1000 ms");
  return delayMs;
}

function toSecureTransport(options: object): TcpRequest["secureTransport"] {
  const given = member(options, "secureTransport");
  const use = member(options, "useSecureTransport");
  const transport = given === undefined ? null : toEnum(given, ["off", "on", "starttls"], "secureTransport");
  if (use === undefined) return transport ?? "off";
  const wanted = toBoolean(use) ? "on" : "off";
  if (transport !== null && transport !== wanted) {
    throw new TypeError("Cannot use useSecureTransport: secureTransport says otherwise");
  }
  return wanted;
}
