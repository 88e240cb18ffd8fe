/** The option `proxy`: which proxy a connection goes through (NET-26). Proxy variables of the environment are not read. */
import { member, requireDictionary } from "../core/dictionary.ts";
import { type Destination, makeDestination, parseDestination } from "../core/destination.ts";
import { canonicalHost } from "../core/host.ts";
import { toBoolean, toEnum, toUnsignedShort, toUSVString } from "../core/webidl.ts";
import type { ProxyRoute } from "../permissions/descriptor.ts";
import type { ProxyCredentials } from "./engine/proxy/proxy_hop.ts";

/** A proxy. */
export interface ProxyOptions {
  /** What it speaks: SOCKS 5, or HTTP with CONNECT. */
  readonly protocol: "socks5" | "http";
  /** Host name or IP address. */
  readonly host: string;
  /** Port, 1 to 65535. */
  readonly port: number;
  /** User name; needs `password`. */
  readonly username?: string;
  /** Password. Sent to the proxy unencrypted; never shown, logged or stored. */
  readonly password?: string;
  /**
   * Lets the proxy look the host name up, and so decide which machine it is: asked about each time, with its risk named.
   * Default false: the name is looked up and judged here, and sent as an address.
   */
  readonly remoteDns?: boolean;
}

/** The option after conversion. */
export interface ProxyRequest {
  /** What it speaks. */
  readonly protocol: "socks5" | "http";
  /** Where it is. */
  readonly destination: Destination;
  /** Whether it looks names up. */
  readonly remoteDns: boolean;
  /** How to log in, or null. */
  readonly credentials: ProxyCredentials | null;
}

const TEXT = /^(socks5|http):\/\/([^/@?#]+)\/?$/;

/**
 * Converts the option.
 *
 * @param value `socks5://host:port` or `http://host:port`, or {@linkcode ProxyOptions}; undefined for none.
 * @throws {TypeError} for anything else. User names and passwords stand in members of their own, never in the text, which
 * may be shown.
 * @throws {ParleyError} `DEST_SYNTAX` or `DEST_HOST` for a host or port that is none.
 */
export function toProxyRequest(value: unknown): ProxyRequest | null {
  if (value === undefined || value === null) return null;
  if (typeof value === "string") return fromText(value);
  const options = requireDictionary(value, "proxy") ?? {};
  const host = canonicalHost(toUSVString(member(options, "host"), "proxy.host"));
  const port = toUnsignedShort(member(options, "port"), { enforceRange: true, what: "proxy.port" });
  return Object.freeze({
    protocol: toEnum<ProxyRequest["protocol"]>(member(options, "protocol"), ["socks5", "http"], "proxy.protocol"),
    destination: makeDestination({ scheme: "tcp", host, port }),
    remoteDns: toBoolean(member(options, "remoteDns")),
    credentials: toCredentials(member(options, "username"), member(options, "password")),
  });
}

/** What of the option is approved and shown: everything but the credentials. */
export function proxyRoute(request: ProxyRequest | null): ProxyRoute | null {
  if (request === null) return null;
  const { protocol, destination, remoteDns } = request;
  return Object.freeze({ protocol, destination, remoteDns });
}

function fromText(text: string): ProxyRequest {
  const [, protocol, hostPort] = TEXT.exec(text) ?? [];
  if (hostPort === undefined) {
    throw new TypeError(
      "Cannot use proxy: it is not socks5://host:port or http://host:port (a user name and password stand apart)",
    );
  }
  const destination = parseDestination(hostPort);
  return Object.freeze({
    protocol: protocol === "http" ? "http" : "socks5",
    destination,
    remoteDns: false,
    credentials: null,
  });
}

function toCredentials(username: unknown, password: unknown): ProxyCredentials | null {
  if (username === undefined && password === undefined) return null;
  if (username === undefined || password === undefined) {
    throw new TypeError("Cannot log in at the proxy: username and password go together");
  }
  const credentials = {
    username: toUSVString(username, "proxy.username"),
    password: toUSVString(password, "proxy.password"),
  };
  for (const text of Object.values(credentials)) {
    if (!/^[^\p{Cc}]{1,255}$/u.test(text)) {
      throw new TypeError(
        "Cannot log in at the proxy: username and password have 1 to 255 characters, none of control",
      );
    }
  }
  return Object.freeze(credentials);
}
