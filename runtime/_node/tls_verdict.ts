/**
 * What is made of the far end's certificate: the TLS stack's word on the chain, the name and the key from the certificate's
 * DER, and on the stack that guesses (`tls_certificate_form.ts`) a look at everything that was sent.
 */
import tls, {
  type DetailedPeerCertificate,
  type PeerCertificate as NodePeerCertificate,
  type TLSSocket,
} from "node:tls";
import { ParleyError } from "../../core/errors.ts";
import type { CertificateProblem, PeerCertificate, TlsTerms, TlsTrust } from "../../net/port.ts";
import { nativeCode } from "./errors.ts";
import { certificateChain, certificateNames } from "./peer_certificate.ts";
import { chainIsSound, possessionIsProven, STACK_GUESSES } from "./tls_chain_check.ts";
import { identityName, trustOf } from "./tls_connect_options.ts";
import { type DefaultRoots, rootsFor } from "./tls_context.ts";
import { rejectionReason, UNVERIFIED, WRONG_KEY, WRONG_NAME } from "./tls_reason.ts";

// Taken at load, so that code loaded later cannot replace it (CORE-01).
const checkServerIdentity = tls.checkServerIdentity;

/** Something about the certificate is not as the terms have it. */
class ObjectionError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What one handshake's certificate comes to. */
export class PeerVerdict {
  readonly #name: string;
  readonly #terms: TlsTerms;
  readonly #trust: TlsTrust;
  readonly #defaultRoots: DefaultRoots;
  #roots: DefaultRoots | null = null;
  #certificate: NodePeerCertificate | null = null;

  /**
   * @param terms What the far end has to prove.
   * @param roots What to trust where the terms name nothing.
   */
  constructor(terms: TlsTerms, roots: DefaultRoots) {
    this.#name = identityName(terms.serverName);
    this.#terms = terms;
    this.#trust = trustOf(terms);
    this.#defaultRoots = roots;
  }

  /**
   * What speaks against a certificate whose chain is good. Called by the TLS stack in the handshake, and by us afterwards.
   * Never throws, because some of the stacks would let that go uncaught: a certificate that cannot be read is for no name.
   */
  objection(certificate: NodePeerCertificate): Error | undefined {
    this.#certificate = certificate;
    try {
      return this.#wrongName(certificate) ?? this.#unsound(certificate as DetailedPeerCertificate) ??
        this.#wrongKey(certificateChain(certificate as DetailedPeerCertificate));
    } catch (cause) {
      return new ObjectionError(WRONG_NAME, "The certificate cannot be read", { cause });
    }
  }

  /**
   * The verdict once the handshake is over.
   *
   * @throws what `rejectionReason` knows, when the far end has not proved what the terms ask for.
   * @throws {ParleyError} `RUNTIME_UNSUPPORTED` when this runtime does not tell whether it has the certificate's key.
   */
  over(
    socket: TLSSocket,
  ): { readonly chain: readonly PeerCertificate[]; readonly problem: CertificateProblem | null } {
    const certificate = socket.getPeerCertificate(true);
    this.#certificate = certificate;
    const problem = this.#trust.certificate === "ignored" ? null : this.#problem(socket, certificate);
    if (problem !== null && this.#trust.certificate === "required") throw problem;
    if (problem !== null || this.#trust.certificate === "ignored") this.#requirePossession(certificate);
    const chain = certificateChain(certificate);
    if (chain.length === 0) throw this.#untold("the other side showed no certificate");
    const wrongKey = this.#wrongKey(chain);
    if (wrongKey !== undefined) throw wrongKey;
    return { chain, problem: problem === null ? null : told(problem) };
  }

  /** The certificates that were seen, as far as they can be read: the reason of a refusal stands without them. */
  seenChain(): readonly PeerCertificate[] {
    try {
      return certificateChain(this.#certificate as DetailedPeerCertificate | null);
    } catch {
      return [];
    }
  }

  #problem(socket: TLSSocket, certificate: DetailedPeerCertificate): unknown {
    if (!socket.authorized) {
      return socket.authorizationError ?? this.#untold("the runtime did not verify the certificate");
    }
    return this.objection(certificate) ?? null;
  }

  #wrongName(certificate: NodePeerCertificate): Error | undefined {
    const error = checkServerIdentity(this.#name, certificate);
    if (error !== undefined) return error;
    if (certificateNames(certificate, this.#name)) return undefined;
    return new ObjectionError(WRONG_NAME, `The certificate's subjectAltName does not hold ${this.#name}`);
  }

  #unsound(certificate: DetailedPeerCertificate): Error | undefined {
    if (!STACK_GUESSES) return undefined;
    if (this.#roots === null) this.#roots = rootsFor(this.#terms, this.#defaultRoots);
    if (chainIsSound(certificate, this.#roots)) return undefined;
    return new ObjectionError(UNVERIFIED, "The chain holds a certificate that this runtime does not verify");
  }

  #wrongKey([leaf]: readonly PeerCertificate[]): Error | undefined {
    const { spkiSha256 } = this.#trust;
    if (spkiSha256 === null || leaf?.spkiSha256 === spkiSha256) return undefined;
    return new ObjectionError(WRONG_KEY, "The certificate is of another key");
  }

  /** Whoever shows a certificate that is not verified must at least have its key, or anybody could show it. */
  #requirePossession(certificate: DetailedPeerCertificate): void {
    if (possessionIsProven(certificate)) return;
    throw new ParleyError(
      "RUNTIME_UNSUPPORTED",
      `Cannot trust the certificate of ${this.#terms.serverName} by its key: it is not of X.509 version 3 in strict form, ` +
        "and for others this runtime does not check that the server has the key",
    );
  }

  #untold(state: string): ParleyError {
    return new ParleyError("TLS_HANDSHAKE", `Cannot make a TLS connection to ${this.#terms.serverName}: ${state}`);
  }
}

function told(problem: unknown): CertificateProblem {
  const chainError = nativeCode(problem) || (typeof problem === "string" ? problem : "CERT_UNTRUSTED");
  const reason = rejectionReason(chainError);
  return Object.freeze({ reason: reason === null || reason === "key" ? "untrusted" : reason, chainError });
}
