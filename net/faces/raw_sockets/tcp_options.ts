/** Conversion of `openTCPSocket` options (RS-01, RS-02). Everything wrong with them is a `TypeError`. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import { formatHostPort } from "../../../core/ip_address.ts";
import { toBoolean, toEnum, toUnsignedLong, toUnsignedShort, toUSVString } from "../../../core/webidl.ts";
import type { DnsQueryType } from "../../port.ts";
import { PLAIN_TLS, type TLSOptions, type TlsRequest, toTlsRequest } from "../../tls_options.ts";

/** Options of {@linkcode openTCPSocket}. */
export interface TCPSocketOptions {
  /** Host name or IP address. When omitted, the operator is asked for it. */
  readonly remoteAddress?: string;
  /** Port, 1 to 65535. */
  readonly remotePort: number;
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
  /** Ends the attempt, and afterwards the connection. */
  readonly signal?: AbortSignal;
}

/** Options after conversion. */
export interface TcpRequest {
  /** As the script gave it, or null. */
  readonly remoteAddress: string | null;
  /** 1 to 65535. */
  readonly remotePort: number;
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
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Converts the options.
 *
 * @param value What the script gave.
 * @throws {TypeError} for anything that can never work.
 */
export function toTcpRequest(value: unknown): TcpRequest {
  const options = requireDictionary(value, "TCP socket options") ?? {};
  for (const name of ["localAddress", "localPort", "sendBufferSize", "receiveBufferSize"]) {
    // Accepting what has no effect would be a lie; no runtime can set these for TCP.
    if (member(options, name) !== undefined) throw new TypeError(`Cannot use ${name}: it is not supported for TCP`);
  }
  const address = member(options, "remoteAddress");
  const remoteAddress = address === undefined || address === null ? null : toUSVString(address, "remoteAddress");
  const remotePort = toPort(member(options, "remotePort"));
  const dnsQueryType = member(options, "dnsQueryType");
  return Object.freeze({
    remoteAddress,
    remotePort,
    noDelay: toBoolean(member(options, "noDelay")),
    keepAliveDelayMs: toKeepAlive(member(options, "keepAlive"), member(options, "keepAliveDelay")),
    secureTransport: toSecureTransport(options),
    tls: member(options, "tls") === undefined ? PLAIN_TLS : toTlsRequest(member(options, "tls")),
    dnsQueryType: dnsQueryType === undefined ? null : toEnum(dnsQueryType, ["ipv4", "ipv6"], "dnsQueryType"),
    connectTimeoutMs: toTimeout(member(options, "connectTimeout")),
    signal: toSignal(member(options, "signal")),
    where: remoteAddress === null ? `port ${remotePort}` : formatHostPort(remoteAddress, remotePort),
  });
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

function toTimeout(value: unknown): number {
  if (value === undefined) return DEFAULT_CONNECT_TIMEOUT_MS;
  const timeoutMs = toUnsignedLong(value, { enforceRange: true, what: "connectTimeout" });
  if (timeoutMs === 0 || timeoutMs > MAX_TIMER_MS) throw new TypeError("Cannot use connectTimeout: it is out of range");
  return timeoutMs;
}

function toSignal(value: unknown): AbortSignal {
  if (value === undefined) return new AbortController().signal;
  if (!(value instanceof AbortSignal)) throw new TypeError("Cannot use signal: it is not an AbortSignal");
  return value;
}
