/** Conversion of the options of `connect()` and `startTls()` (WT-04). */
import { hardened, member, requireDictionary } from "../../../core/dictionary.ts";
import { toBoolean, toDOMString, toEnum } from "../../../core/webidl.ts";
import { type TlsRequest, toTlsRequest } from "../../tls_options.ts";
import { type RequestedAddress, toRequestedAddress } from "./socket_address.ts";
import { orSocketError, SocketError } from "./socket_error.ts";

/** When TLS begins: never, with the first byte, or with `startTls()`. */
export type SecureTransportKind = "off" | "on" | "starttls";

/** Parley's extension: how TLS is verified. Part of what the operator approves. */
export interface SocketTLSOptions {
  /** PEM certificates of authorities to trust *instead of* the runtime's roots. */
  readonly ca?: string | readonly string[];
  /** PEM client certificate, with intermediate certificates after it; needs `key`. */
  readonly cert?: string;
  /** PEM private key of `cert`. Never shown, logged or stored. */
  readonly key?: string;
}

/** How an upgrade is made. All of it is Parley's extension: the specification's `startTls()` takes nothing. */
export interface StartTlsOptions {
  /** Name sent as SNI and checked against the certificate; the host by default. */
  readonly sni?: string | null;
  /** Protocols to offer by ALPN, best first; none by default. */
  readonly alpn?: readonly string[];
  /** How the certificate is verified, and the client's own. */
  readonly tls?: SocketTLSOptions;
}

/** Options of `connect()`. */
export interface SocketOptions extends StartTlsOptions {
  /**
   * `"off"` for plaintext (default); `"on"` for TLS from the first byte; `"starttls"` for plaintext until `startTls()`,
   * which must then be called within 10 s and 4 KiB each way.
   */
  readonly secureTransport?: SecureTransportKind;
  /** Goes on writing after the other side has finished. Default false: the socket closes itself then. */
  readonly allowHalfOpen?: boolean;
  /** Parley's extension: ends the attempt, and afterwards the connection, with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** A request after conversion. */
export interface SocketRequest extends RequestedAddress {
  /** When TLS begins. */
  readonly secureTransport: SecureTransportKind;
  /** Whether the writable survives the other side's end. */
  readonly allowHalfOpen: boolean;
  /** TLS terms, whether or not TLS was asked for. */
  readonly tls: TlsRequest;
  /** Ends attempt and connection, or null. */
  readonly signal: AbortSignal | null;
}

/**
 * Converts what `connect()` was given.
 *
 * @param address Where to.
 * @param value The options.
 * @throws {SocketError} for a malformed address, and for TLS options without TLS.
 * @throws {TypeError} for options of a wrong type.
 */
export function toSocketRequest(address: unknown, value: unknown): SocketRequest {
  const requested = toRequestedAddress(address);
  const options = requireDictionary(value, "socket options");
  // Web IDL reads a dictionary's members in the order of their names; Parley's own come after them.
  const allowHalfOpen = toBoolean(member(options, "allowHalfOpen"));
  const alpn = member(options, "alpn");
  const given = member(options, "secureTransport");
  const secureTransport = given === undefined ? "off" : toEnum(given, ["off", "on", "starttls"], "secureTransport");
  const { tls, used } = toTls(options, alpn);
  if (secureTransport === "off" && used !== null) {
    throw new SocketError(`Cannot use ${used}: secureTransport is off`);
  }
  return Object.freeze({
    ...requested,
    secureTransport,
    allowHalfOpen,
    tls,
    signal: toSignal(member(options, "signal")),
  });
}

/**
 * Converts what `startTls()` was given. Libraries written for other implementations pass options of theirs, which say nothing
 * here: then what was given on open stays.
 *
 * @param value The options.
 * @param given Those of `connect()`.
 * @throws {TypeError} for options of a wrong type.
 */
export function toUpgradeTls(value: unknown, given: TlsRequest): TlsRequest {
  const options = requireDictionary(value, "TLS options");
  const { tls, used } = toTls(options, member(options, "alpn"));
  return used === null ? given : tls;
}

/** The TLS terms, and the first option that set one. The defaults of the text (`sni` null, `alpn` empty) set nothing. */
function toTls(options: object | null, alpn: unknown): { readonly tls: TlsRequest; readonly used: string | null } {
  const sni = member(options, "sni") ?? undefined;
  const tls = requireDictionary(member(options, "tls"), "tls");
  for (const name of ["serverName", "alpnProtocols"]) {
    if (member(tls, name) !== undefined) throw new TypeError(`Cannot use tls.${name}: sni and alpn say it here`);
  }
  const request = orSocketError(() =>
    toTlsRequest(hardened({
      serverName: sni === undefined ? undefined : toDOMString(sni, "sni"),
      alpnProtocols: alpn,
      ca: member(tls, "ca"),
      cert: member(tls, "cert"),
      key: member(tls, "key"),
    }))
  );
  if (request.serverName !== null) return { tls: request, used: "sni" };
  if (request.alpnProtocols.length > 0) return { tls: request, used: "alpn" };
  return { tls: request, used: request.ca === null && request.cert === null ? null : "tls" };
}

function toSignal(value: unknown): AbortSignal | null {
  if (value === undefined) return null;
  if (!(value instanceof AbortSignal)) throw new TypeError("Cannot use signal: it is not an AbortSignal");
  return value;
}
