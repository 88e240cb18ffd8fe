/** What a verification failure says about the far end's certificate. */
import type { TlsRejection } from "../../net/port.ts";

/** The code that the runtimes' own name check gives, and ours with them. */
export const WRONG_NAME: string = "ERR_TLS_CERT_ALTNAME_INVALID";

/** Our code for a certificate of another key than the one that is asked for. */
export const WRONG_KEY: string = "WRONG_PUBLIC_KEY";

/** Our code for a chain that this runtime's TLS stack let pass without having verified it. */
export const UNVERIFIED: string = "UNVERIFIED_CERTIFICATE_FORM";

/** Verification failures by OpenSSL's names, which all three runtimes use, and what each comes to. */
const REASONS: ReadonlyMap<string, TlsRejection["reason"]> = new Map([
  [WRONG_NAME, "name"],
  [WRONG_KEY, "key"],
  [UNVERIFIED, "untrusted"],
  ["HOSTNAME_MISMATCH", "name"],
  ["CERT_HAS_EXPIRED", "expired"],
  ["CERT_NOT_YET_VALID", "expired"],
  ["UNABLE_TO_GET_ISSUER_CERT", "untrusted"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "untrusted"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "untrusted"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "untrusted"],
  ["UNABLE_TO_DECRYPT_CERT_SIGNATURE", "untrusted"],
  ["UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY", "untrusted"],
  ["CERT_SIGNATURE_FAILURE", "untrusted"],
  ["CERT_CHAIN_TOO_LONG", "untrusted"],
  ["CERT_UNTRUSTED", "untrusted"],
  ["CERT_REJECTED", "untrusted"],
  ["CERT_REVOKED", "untrusted"],
  ["INVALID_CA", "untrusted"],
  ["INVALID_PURPOSE", "untrusted"],
  ["PATH_LENGTH_EXCEEDED", "untrusted"],
  ["ERROR_IN_CERT_NOT_BEFORE_FIELD", "untrusted"],
  ["ERROR_IN_CERT_NOT_AFTER_FIELD", "untrusted"],
]);

/**
 * What was wrong with the certificate.
 *
 * @param code The runtime's code for a failed handshake.
 * @returns Null when the code is about something else than the certificate.
 */
export function rejectionReason(code: string): TlsRejection["reason"] | null {
  return REASONS.get(code) ?? null;
}
