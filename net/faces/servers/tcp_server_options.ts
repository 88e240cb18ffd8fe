/** Conversion of `openTCPServer` options. Everything wrong with them is a `TypeError`. */
import { member, requireDictionary } from "../../../core/dictionary.ts";
import {
  type AddressBlock,
  classifyAddress,
  formatHostPort,
  type IpAddress,
  parseAddressBlock,
  parseIpAddress,
} from "../../../core/ip_address.ts";
import { isParleyError } from "../../../core/errors.ts";
import { type CanonicalHost, hostOfAddress, hostOfPath } from "../../../core/host.ts";
import { toBoolean, toDOMString, toEnum, toSequence, toUnsignedShort, toUSVString } from "../../../core/webidl.ts";
import type { AdmissionLimits } from "../../engine/server/admission.ts";
import type { LinkTimeouts } from "../../engine/timed_link.ts";
import { toAbortSignal, toCount, toKeepAliveDelayMs, toTimeoutMs } from "../../option_values.ts";
import type { ListenOptions, TlsIdentity } from "../../server_port.ts";
import { type ServerTLSOptions, toTlsIdentity } from "../../server_tls_options.ts";

/** Options of {@linkcode openTCPServer}. */
export interface TCPServerOptions {
  /**
   * IP address of this machine to listen at. Default `127.0.0.1`: programs of this machine can connect, nobody else.
   * `0.0.0.0` and `::` stand for every address, so that anyone who can reach the machine can connect.
   */
  readonly localAddress?: string;
  /** Port; 0, the default, for one that the system picks. */
  readonly localPort?: number;
  /**
   * Absolute path of a local (Unix) socket to listen at, instead of `localAddress` and `localPort`. It must not exist; only its
   * owner can connect (mode 0600), and it is removed in the end.
   */
  readonly path?: string;
  /** Connections that may wait until the program takes them. Default 128. */
  readonly backlog?: number;
  /** Keeps a server at `::` from taking IPv4 connections too; refused elsewhere. Default false. */
  readonly ipv6Only?: boolean;
  /** Sends small writes at once (TCP_NODELAY). Default false. */
  readonly noDelay?: boolean;
  /** Probes idle connections. Default false. */
  readonly keepAlive?: boolean;
  /** Milliseconds of silence before the first probe, at least 1000; needs `keepAlive: true`. Default 75,000. */
  readonly keepAliveDelay?: number;
  /**
   * `"off"` for plaintext (default); `"on"` for TLS from the first byte; `"starttls"` for plaintext until `startTls()`,
   * which must then be called within 10 s and 4 KiB each way.
   */
  readonly secureTransport?: "off" | "on" | "starttls";
  /** The server's certificate and what it asks of clients; needed for TLS from the first byte, else the default of `startTls()`. */
  readonly tls?: ServerTLSOptions;
  /** Milliseconds that a TLS handshake may take. Default 10,000. */
  readonly handshakeTimeout?: number;
  /** Milliseconds after which a connection on which nothing passes is broken off. None by default. */
  readonly idleTimeout?: number;
  /** Milliseconds after which a connection is broken off when a read has no answer. None by default. */
  readonly readTimeout?: number;
  /** Connections that may be open at the same time; further ones wait. Default 1,024. */
  readonly maxConnections?: number;
  /** Connections of one source (an IPv4 address, an IPv6 /64) at the same time; further ones are broken off. Default 64. */
  readonly maxConnectionsPerSource?: number;
  /** Addresses and blocks (`192.168.1.0/24`) that may connect; others are broken off. All by default. */
  readonly allowFrom?: readonly string[];
  /** Withdraws the question, and afterwards stops listening; connections go on. */
  readonly signal?: AbortSignal;
}

/** Options after conversion. */
export interface TcpServerRequest extends ListenOptions {
  /** Where to listen: an address or a path. */
  readonly local: CanonicalHost;
  /** 0 to 65535; 0 with a path. */
  readonly port: number;
  /** When TLS begins. */
  readonly secureTransport: "off" | "on" | "starttls";
  /** The server's certificate, or null. */
  readonly identity: TlsIdentity | null;
  /** Milliseconds for a handshake. */
  readonly handshakeTimeoutMs: number;
  /** Limits of time for the program's bytes. */
  readonly timeouts: LinkTimeouts;
  /** How many connections, and from where. */
  readonly limits: AdmissionLimits;
  /** Withdraws the question and stops listening. */
  readonly signal: AbortSignal;
  /** What was asked for, for the uniform error. */
  readonly where: string;
}

const LOOPBACK = "127.0.0.1";
const DEFAULT_BACKLOG = 128;
const MAX_BACKLOG = 65_535;
const DEFAULT_HANDSHAKE_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_CONNECTIONS = 1024;
const DEFAULT_MAX_PER_SOURCE = 64;
const MAX_CONNECTIONS = 1_000_000;
const MAX_BLOCKS = 1024;

/**
 * Converts the options.
 *
 * @param value What the script gave.
 * @throws {TypeError} for anything that can never work.
 */
export function toTcpServerRequest(value: unknown): TcpServerRequest {
  const options = requireDictionary(value, "TCP server options");
  const path = toPath(options);
  const address = toLocalAddress(member(options, "localAddress"));
  const local = path ?? hostOfAddress(address);
  const port = toPort(member(options, "localPort"));
  return Object.freeze({
    local,
    port,
    backlog: toCount(member(options, "backlog"), { what: "backlog", max: MAX_BACKLOG, absent: DEFAULT_BACKLOG }),
    ipv6Only: toIpv6Only(member(options, "ipv6Only"), address),
    noDelay: toBoolean(member(options, "noDelay")),
    keepAliveDelayMs: toKeepAliveDelayMs(options),
    ...toTls(options),
    handshakeTimeoutMs: toTimeoutMs(member(options, "handshakeTimeout"), {
      what: "handshakeTimeout",
      absent: DEFAULT_HANDSHAKE_TIMEOUT_MS,
    }),
    timeouts: Object.freeze({
      idleTimeoutMs: toTimeoutMs(member(options, "idleTimeout"), { what: "idleTimeout", absent: null }),
      readTimeoutMs: toTimeoutMs(member(options, "readTimeout"), { what: "readTimeout", absent: null }),
    }),
    limits: toLimits(options),
    signal: toAbortSignal(member(options, "signal")),
    where: formatHostPort(local.text, port),
  });
}

/** A path stands alone: what belongs to addresses has no meaning for it. */
function toPath(options: object | null): CanonicalHost | null {
  const path = member(options, "path");
  if (path === undefined) return null;
  for (const name of ["localAddress", "localPort", "ipv6Only", "allowFrom", "maxConnectionsPerSource"]) {
    if (member(options, name) !== undefined) throw new TypeError(`Cannot use ${name}: a path is given`);
  }
  try {
    return hostOfPath(toUSVString(path, "path"));
  } catch (cause) {
    throw isParleyError(cause) ? new TypeError(cause.message, { cause }) : cause;
  }
}

function toLocalAddress(value: unknown): IpAddress {
  const text = value === undefined ? LOOPBACK : toDOMString(value, "localAddress");
  const address = parseIpAddress(text);
  if (address === null) throw new TypeError("Cannot use localAddress: it is not an IP address");
  return address;
}

function toPort(value: unknown): number {
  return value === undefined ? 0 : toUnsignedShort(value, { enforceRange: true, what: "localPort" });
}

function toIpv6Only(value: unknown, address: IpAddress): boolean {
  const ipv6Only = toBoolean(value);
  if (ipv6Only && !(address.family === 6 && classifyAddress(address) === "unspecified")) {
    throw new TypeError("Cannot use ipv6Only: localAddress is not ::");
  }
  return ipv6Only;
}

function toTls(options: object | null): Pick<TcpServerRequest, "secureTransport" | "identity"> {
  const given = member(options, "secureTransport");
  const tls = member(options, "tls");
  const secureTransport = given === undefined ? "off" : toEnum(given, ["off", "on", "starttls"], "secureTransport");
  if (tls === undefined && secureTransport === "on") throw new TypeError("Cannot use secureTransport: tls is missing");
  return { secureTransport, identity: tls === undefined ? null : toTlsIdentity(tls, "tls") };
}

function toLimits(options: object | null): AdmissionLimits {
  const maxConnections = toCount(member(options, "maxConnections"), {
    what: "maxConnections",
    max: MAX_CONNECTIONS,
    absent: DEFAULT_MAX_CONNECTIONS,
  });
  const maxPerSource = toCount(member(options, "maxConnectionsPerSource"), {
    what: "maxConnectionsPerSource",
    max: MAX_CONNECTIONS,
    absent: DEFAULT_MAX_PER_SOURCE,
  });
  const allowFrom = member(options, "allowFrom");
  return Object.freeze({
    maxConnections,
    maxPerSource,
    allowFrom: allowFrom === undefined ? null : toBlocks(allowFrom),
  });
}

function toBlocks(value: unknown): readonly AddressBlock[] {
  const texts = toSequence(value, (item) => toDOMString(item, "allowFrom"), {
    what: "allowFrom",
    maxLength: MAX_BLOCKS,
  });
  return Object.freeze(texts.map(toBlock));
}

function toBlock(text: string): AddressBlock {
  const address = parseIpAddress(text);
  const written = address === null ? text : `${address.text}/${address.family === 4 ? 32 : 128}`;
  const block = parseAddressBlock(written);
  if (block === null || (address !== null && address.zone !== null)) {
    throw new TypeError("Cannot use allowFrom: an entry is neither an IP address nor a block such as 192.168.1.0/24");
  }
  return block;
}
