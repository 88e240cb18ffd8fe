/** TLS over a link, and the engine's own judgement of it: nothing is taken over that was not verified (NET-06, NET-23). */
import { ParleyError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/error_codes.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { ByteLink, NetBackend, PeerCertificate, TlsRejection, TlsTerms } from "../port.ts";
import type { TlsIdentity } from "../server_port.ts";

/** What is known of an encrypted connection. */
export interface TlsInfo {
  /**
   * The name the certificate was checked against. Where this end is the server: the name that the client asked for, unescaped
   * and checked by nobody; empty when it named none.
   */
  readonly serverName: string;
  /**
   * Who vouches for the far end's certificate: the runtime's own roots, or an authority that the program brought along.
   * `not-checked` where this end is the server and asks clients for none.
   */
  readonly checkedBy: "runtime-roots" | "own-ca" | "not-checked";
  /** Such as `TLSv1.3`. */
  readonly protocol: string;
  /** The ALPN protocol agreed on, or null. */
  readonly alpnProtocol: string | null;
  /** The certificates the far end presented, its own first. */
  readonly chain: readonly PeerCertificate[];
}

/** A link that carries verified TLS. */
export interface SecuredLink {
  /** Where the program's bytes go from now on. */
  readonly link: ByteLink;
  /** What is known of it. */
  readonly info: TlsInfo;
}

const REJECTION_CODES: ReadonlyMap<TlsRejection["reason"], ErrorCode> = new Map<TlsRejection["reason"], ErrorCode>([
  ["untrusted", "TLS_UNTRUSTED"],
  ["name", "TLS_NAME"],
  ["expired", "TLS_EXPIRED"],
]);

/**
 * Makes a TLS client handshake and decides about its outcome. On every failure the link is closed.
 *
 * @param net The runtime's network.
 * @param grant The approval; its destination has been connected to.
 * @param options The link, the terms and a signal that ends the attempt.
 * @throws {ParleyError} with a `TLS_`, `NET_` or `PERM_` code.
 */
export async function secureLink(
  net: NetBackend,
  grant: Grant,
  options: { readonly link: ByteLink; readonly terms: TlsTerms; readonly signal: AbortSignal },
): Promise<SecuredLink> {
  const { link, terms, signal } = options;
  try {
    const result = await net.tls(grant, link, terms, { signal });
    if (!result.trusted) throw rejectionError(result, terms.serverName);
    if (result.resumed) {
      result.link.close();
      throw new ParleyError(
        "TLS_HANDSHAKE",
        "Cannot use the TLS session: it was resumed, so the certificate was not checked again",
      );
    }
    const { chain, alpnProtocol, protocol } = result;
    const checkedBy = terms.ca === null ? "runtime-roots" : "own-ca";
    return {
      link: result.link,
      info: Object.freeze({ serverName: terms.serverName, checkedBy, protocol, alpnProtocol, chain }),
    };
  } catch (error) {
    link.close();
    throw error;
  }
}

/**
 * Makes the server's side of a TLS handshake. On every failure the link is closed.
 *
 * @param net The runtime's network.
 * @param grant The approval of the server.
 * @param options The link, who the server is and whom it asks, and a signal that ends the attempt.
 * @throws {ParleyError} with a `TLS_` or `NET_` code.
 */
export async function serveLink(
  net: NetBackend,
  grant: Grant,
  options: { readonly link: ByteLink; readonly identity: TlsIdentity; readonly signal: AbortSignal },
): Promise<SecuredLink> {
  const { link, identity, signal } = options;
  try {
    const served = await net.serveTls(grant, link, { identity, signal });
    const { serverName, chain, alpnProtocol, protocol } = served;
    const checkedBy = identity.clientCa === null ? "not-checked" : "own-ca";
    return {
      link: served.link,
      info: Object.freeze({ serverName: serverName ?? "", checkedBy, protocol, alpnProtocol, chain }),
    };
  } catch (error) {
    link.close();
    throw error;
  }
}

function rejectionError(rejection: TlsRejection, serverName: string): ParleyError {
  const code = REJECTION_CODES.get(rejection.reason) ?? "TLS_HANDSHAKE";
  return new ParleyError(code, `Cannot trust the certificate of ${serverName}: ${rejection.chainError}`, {
    cause: rejection.cause,
    detail: { serverName, chainError: rejection.chainError },
  });
}
