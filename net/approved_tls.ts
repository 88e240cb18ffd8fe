/** An upgrade uses the TLS terms that the operator approved, and no others (NET-06). */
import { ParleyError } from "../core/errors.ts";
import type { Grant } from "../permissions/grant.ts";
import { tlsClaims, type TlsRequest } from "./tls_options.ts";

const TERMS = ["serverName", "caSha256", "clientCertSha256"] as const;

/**
 * Compares the terms of an upgrade with those of the grant, or with plain verification where none were announced.
 *
 * @param grant The approval the connection was opened with.
 * @param request TLS options of the upgrade.
 * @throws {ParleyError} `PERM_DENIED` for other terms.
 */
export async function requireApprovedTls(grant: Grant, request: TlsRequest): Promise<void> {
  const host = grant.destination.host.text;
  const asked = await tlsClaims(request, { host, mode: "upgrade", required: false });
  const approved = grant.tls ?? { serverName: host, caSha256: null, clientCertSha256: null };
  for (const term of TERMS) {
    if (asked[term] === approved[term]) continue;
    throw new ParleyError("PERM_DENIED", `Cannot start TLS: its ${term} is not what was approved`);
  }
}
