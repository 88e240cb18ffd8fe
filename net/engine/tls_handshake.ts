/** TLS over a link, and the engine's own judgement of it: nothing is taken over that was not verified (NET-06, NET-23). */
import { ParleyError } from "../../core/errors.ts";
import type { ErrorCode } from "../../core/error_codes.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { PeerKeys } from "../../permissions/pins/peer_keys_port.ts";
import type { ByteLink, NetBackend, PeerCertificate, TlsRejection, TlsSession, TlsTerms, TlsTrust } from "../port.ts";
import type { TlsIdentity } from "../server_port.ts";
import { approveKey, demandOf, type KeyDemand, refuseKey } from "./pins.ts";

const { hasOwn } = Object;

/** What is known of an encrypted connection. */
export interface TlsInfo {
  /**
   * The name the certificate was checked against. Where this end is the server: the name that the client asked for, unescaped
   * and checked by nobody; empty when it named none.
   */
  readonly serverName: string;
  /**
   * Who vouches for the far end's certificate: the runtime's own roots, or an authority that the program brought along.
   * `pinned-key` where nobody does, and the operator chose its key instead. `not-checked` where this end is the server and
   * asks clients for none.
   */
  readonly checkedBy: "runtime-roots" | "own-ca" | "pinned-key" | "not-checked";
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

/** A client handshake to be made. */
export interface SecureLinkOptions {
  /** The bytes below. */
  readonly link: ByteLink;
  /** What the program wants. */
  readonly terms: TlsTerms;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
  /** The operator's keys of far ends; none by default, and then nobody is asked about one. */
  readonly keys?: PeerKeys | null | undefined;
  /** Withdraws a question about the key, for which the handshake's own time does not count; `signal` by default. */
  readonly asking?: AbortSignal | undefined;
}

/**
 * Makes a TLS client handshake and decides about its outcome. On every failure the link is closed.
 *
 * @param net The runtime's network.
 * @param grant The approval; its destination has been connected to.
 * @param options The link, the terms and what ends the attempt.
 * @throws {ParleyError} with a `TLS_`, `NET_` or `PERM_` code.
 */
export async function secureLink(net: NetBackend, grant: Grant, options: SecureLinkOptions): Promise<SecuredLink> {
  const { link, terms, signal } = options;
  const keys = hasOwn(options, "keys") ? options.keys ?? null : null;
  try {
    const demand = demandOf(grant, terms, keys);
    const result = await net.tls(grant, link, withTrust(terms, demand.trust), { signal });
    if (!result.trusted) {
      const { chain } = result;
      if (result.reason === "key") throw refuseKey(keys, grant, { demand, chain, serverName: terms.serverName });
      throw rejectionError(result, terms.serverName);
    }
    return await verified(grant, result, { ...options, keys, demand });
  } catch (error) {
    link.close();
    throw error;
  }
}

/** The engine's own look at a session. Nothing of it is handed over before. */
async function verified(
  grant: Grant,
  session: TlsSession,
  how: SecureLinkOptions & { readonly keys: PeerKeys | null; readonly demand: KeyDemand },
): Promise<SecuredLink> {
  const { chain, alpnProtocol, protocol } = session;
  const { terms, keys, demand } = how;
  const problem = hasOwn(session, "problem") ? session.problem ?? null : null;
  try {
    if (session.resumed) {
      throw new ParleyError(
        "TLS_HANDSHAKE",
        "Cannot use the TLS session: it was resumed, so the certificate was not checked again",
      );
    }
    const { spkiSha256 } = demand.trust;
    // The back end has checked it; a second look costs nothing.
    if (spkiSha256 !== null && chain[0]?.spkiSha256 !== spkiSha256) {
      throw refuseKey(keys, grant, { demand, chain, serverName: terms.serverName });
    }
    if (problem !== null) {
      const asking = hasOwn(how, "asking") ? how.asking ?? how.signal : how.signal;
      const mayGoOn = demand.trust.certificate === "reported" &&
        await approveKey(keys, grant, { chain, problem, signal: asking });
      if (!mayGoOn) throw rejectionError({ ...problem, cause: undefined }, terms.serverName);
    }
  } catch (error) {
    session.link.close();
    throw error;
  }
  if (demand.source === "pin") keys?.met(grant.destination);
  const byKey = problem !== null || demand.trust.certificate === "ignored";
  const checkedBy = byKey ? "pinned-key" : terms.ca === null ? "runtime-roots" : "own-ca";
  return {
    link: session.link,
    info: Object.freeze({ serverName: terms.serverName, checkedBy, protocol, alpnProtocol, chain }),
  };
}

/** The terms for the back end: as they are, where nothing but the certificate counts. */
function withTrust(terms: TlsTerms, trust: TlsTrust): TlsTerms {
  const plain = trust.certificate === "required" && trust.spkiSha256 === null;
  return plain && !hasOwn(terms, "trust") ? terms : Object.freeze({ ...terms, trust: Object.freeze(trust) });
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

function rejectionError(
  rejection: Pick<TlsRejection, "reason" | "chainError" | "cause">,
  serverName: string,
): ParleyError {
  const code = REJECTION_CODES.get(rejection.reason) ?? "TLS_HANDSHAKE";
  return new ParleyError(code, `Cannot trust the certificate of ${serverName}: ${rejection.chainError}`, {
    cause: rejection.cause,
    detail: { serverName, chainError: rejection.chainError },
  });
}
