/** Which key a far end must have, and what becomes of another (CON-05). The engine asks the operator's keeper, and keeps nothing. */
import { abortError } from "../../core/abort.ts";
import { ParleyError } from "../../core/errors.ts";
import type { Grant } from "../../permissions/grant.ts";
import type { PeerKeyFacts } from "../../permissions/pins/peer_key_facts.ts";
import type { KeyDemandSource, KeyMismatch, PeerKeys } from "../../permissions/pins/peer_keys_port.ts";
import { ruleKeyOf } from "../../permissions/pins/rule_key.ts";
import type { CertificateProblem, PeerCertificate, TlsTerms, TlsTrust } from "../port.ts";

const { hasOwn } = Object;

/** What the far end of one handshake has to prove, and on whose demand. */
export interface KeyDemand {
  /** For the back end. */
  readonly trust: TlsTrust;
  /** Who asks for the key, or null where any will do. */
  readonly source: KeyDemandSource | null;
}

/**
 * The key that an approval asks for, by its destination or by the rule that gave it; null when it asks for none. Bytes that
 * are not protected by that key are then the dialogue before TLS at most.
 */
export function approvedKey(grant: Grant): string | null {
  return grant.destination.spki ?? ruleKeyOf(grant)?.spkiSha256 ?? null;
}

/**
 * Puts together what is asked for: by the program, the destination, the rule, and the pin on file.
 *
 * @param grant The approval.
 * @param terms The program's terms.
 * @param keys The operator's keys; null where there are none, and then nobody can be asked either.
 * @throws {ParleyError} `TLS_PIN` when two of them ask for different keys, or the pin cannot be read.
 */
export function demandOf(grant: Grant, terms: TlsTerms, keys: PeerKeys | null): KeyDemand {
  const wished = hasOwn(terms, "trust") ? terms.trust : undefined;
  const pin = keys?.pinned(grant.destination) ?? null;
  const demands: [KeyDemandSource, string | null][] = [
    ["program", wished?.spkiSha256 ?? null],
    ["destination", grant.destination.spki],
    ["rule", ruleKeyOf(grant)?.spkiSha256 ?? null],
  ];
  const named = demands.filter(([, spki]) => spki !== null);
  if (pin !== null) named.push(["pin", pin.spkiSha256]);
  const [source, spki] = named.at(-1) ?? [null, null];
  if (source !== null && named.some(([, other]) => other === null || other !== spki)) {
    keys?.mismatch(grant, { source, expected: spki, seen: null });
    throw wrongKey(terms.serverName);
  }
  // Whoever brings an authority of their own wants its word, too.
  const keyAlone = pin?.replacesChecks === true && terms.ca === null;
  const asks = wished?.certificate === "reported" && keys !== null;
  const certificate = keyAlone ? "ignored" : asks ? "reported" : "required";
  return { trust: { certificate, spkiSha256: spki }, source };
}

/**
 * Tells the operator of a key that is not the one that was asked for.
 *
 * @param keys The operator's keys.
 * @param grant The approval.
 * @param seen Who asked for which key, and the certificates that were shown instead.
 * @returns The error, which does not tell the program what it was.
 */
export function refuseKey(
  keys: PeerKeys | null,
  grant: Grant,
  seen: { readonly demand: KeyDemand; readonly chain: readonly PeerCertificate[]; readonly serverName: string },
): ParleyError {
  const { demand: { source, trust }, chain: [leaf], serverName } = seen;
  if (source !== null) {
    const mismatch: KeyMismatch = {
      source,
      expected: trust.spkiSha256,
      seen: leaf === undefined ? null : keyFacts(placeOf(grant), leaf, null),
    };
    keys?.mismatch(grant, mismatch);
  }
  return wrongKey(serverName);
}

/**
 * Has the operator decide about a certificate that is not trusted.
 *
 * @param keys The operator's keys.
 * @param grant The approval.
 * @param shown The certificate, what is wrong with it, and what withdraws the question.
 * @returns Whether the key is taken in place of the certificate.
 * @throws {ParleyError} for an aborted signal.
 */
export async function approveKey(
  keys: PeerKeys | null,
  grant: Grant,
  shown: {
    readonly chain: readonly PeerCertificate[];
    readonly problem: CertificateProblem;
    readonly signal: AbortSignal;
  },
): Promise<boolean> {
  const { chain: [leaf], problem, signal } = shown;
  if (keys === null || leaf === undefined) return false;
  const approved = await keys.approve(grant, keyFacts(placeOf(grant), leaf, problem), signal);
  if (signal.aborted) throw abortError(signal.reason);
  return approved === true;
}

/**
 * What is told of a far end's key.
 *
 * @param place Where it was shown.
 * @param leaf The certificate.
 * @param problem What is wrong with that, or null.
 */
export function keyFacts(
  place: { readonly host: string; readonly port: number },
  leaf: PeerCertificate,
  problem: CertificateProblem | null,
): PeerKeyFacts {
  return Object.freeze({
    host: place.host,
    port: place.port,
    reason: problem?.reason ?? null,
    chainError: problem?.chainError ?? null,
    subject: leaf.subject,
    issuer: leaf.issuer,
    subjectAltName: leaf.subjectAltName,
    validFromMs: leaf.validFromMs,
    validToMs: leaf.validToMs,
    certSha256: leaf.sha256,
    spkiSha256: leaf.spkiSha256,
  });
}

function placeOf({ destination: { host, port } }: Grant): { readonly host: string; readonly port: number } {
  return { host: host.text, port };
}

function wrongKey(serverName: string): ParleyError {
  return new ParleyError("TLS_PIN", `Cannot trust the key of ${serverName}: it is not the one that is expected`);
}
