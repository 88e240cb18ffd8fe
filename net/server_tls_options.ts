/** TLS options of servers: who the server is, and whom it asks. */
import { member, requireDictionary } from "../core/dictionary.ts";
import { toDOMString } from "../core/webidl.ts";
import type { TlsIdentity } from "./server_port.ts";
import { CERTIFICATE, PRIVATE_KEY, requirePem, toAuthorities, toProtocols } from "./tls_options.ts";

/** How a server proves who it is, and whom it asks for the same. */
export interface ServerTLSOptions {
  /** PEM certificate, with intermediate certificates after it. */
  readonly cert: string;
  /** PEM private key of `cert`. Never shown, logged or stored. */
  readonly key: string;
  /**
   * PEM certificates of authorities. When given, a client must show a certificate that one of them signed; it is verified
   * before a byte passes. Clients are asked for none by default.
   */
  readonly clientCa?: string | readonly string[];
  /** Protocols accepted by ALPN, best first; a client that offers only others is refused. None by default. */
  readonly alpnProtocols?: readonly string[];
}

/**
 * Converts a server's TLS options.
 *
 * @param value What the script gave.
 * @param what The option's name.
 * @throws {TypeError} for a value of the wrong type, a text that is not PEM, or when `cert` or `key` is missing.
 */
export function toTlsIdentity(value: unknown, what: string): TlsIdentity {
  const options = requireDictionary(value, what);
  return Object.freeze({
    cert: requirePem(required(options, "cert"), "cert", CERTIFICATE),
    key: requirePem(required(options, "key"), "key", PRIVATE_KEY),
    clientCa: toAuthorities(member(options, "clientCa"), "clientCa"),
    alpnProtocols: toProtocols(member(options, "alpnProtocols")),
  });
}

function required(options: object | null, name: string): string {
  const value = member(options, name);
  if (value === undefined) throw new TypeError(`Cannot serve TLS: ${name} is missing`);
  return toDOMString(value, name);
}
