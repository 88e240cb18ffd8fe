/**
 * The TLS client handshake over any byte link, by `node:tls`, the same on all three runtimes.
 *
 * The TLS stack verifies chain and name during the handshake, and always the signature that proves possession of the key;
 * `tls_verdict.ts` looks at the certificate a second time. No session is kept or offered, and renegotiation is off (NET-23).
 */
import tls, { type TLSSocket } from "node:tls";
import { abortError, onAbort } from "../../core/abort.ts";
import { isParleyError, ParleyError } from "../../core/errors.ts";
import type { ByteLink, TlsRejection, TlsResult, TlsTerms } from "../../net/port.ts";
import { nativeCode } from "./errors.ts";
import { connectOptions } from "./tls_connect_options.ts";
import type { DefaultRoots } from "./tls_context.ts";
import { TlsCarrier } from "./tls_link.ts";
import { rejectionReason } from "./tls_reason.ts";
import { PeerVerdict } from "./tls_verdict.ts";

// Taken at load, so that code loaded later cannot replace them (CORE-01).
const tlsConnect = tls.connect;

/** How to run a handshake. */
export interface TlsHandshakeOptions {
  /** Ends the attempt and closes the link below. */
  readonly signal: AbortSignal;
  /** Turns the runtime's errors into Parley's. */
  readonly translate: (error: unknown, doing: string) => ParleyError;
  /** What to trust where the terms name nothing. */
  readonly roots: DefaultRoots;
}

/**
 * Makes a handshake as the client.
 *
 * @param link The link below. It is closed when the handshake fails, and with the returned link.
 * @throws {ParleyError} `TLS_HANDSHAKE`, `TLS_OPTIONS`, `RUNTIME_UNSUPPORTED`, or what the link below failed with.
 */
export async function tlsHandshake(link: ByteLink, terms: TlsTerms, options: TlsHandshakeOptions): Promise<TlsResult> {
  let handshake: Handshake | null = null;
  try {
    if (options.signal.aborted) throw abortError(options.signal.reason);
    handshake = new Handshake(link, terms, options.roots);
    await handshake.finished(options.signal);
    return handshake.session(options);
  } catch (error) {
    handshake?.socket.destroy();
    link.close();
    const rejection = handshake?.rejection(error) ?? null;
    if (rejection !== null) return rejection;
    throw isParleyError(error) ? error : handshakeFailed(terms, error);
  }
}

/** One handshake under way, and what was seen in it. */
class Handshake {
  readonly socket: TLSSocket;
  readonly #carrier: TlsCarrier;
  readonly #terms: TlsTerms;
  readonly #verdict: PeerVerdict;

  constructor(link: ByteLink, terms: TlsTerms, roots: DefaultRoots) {
    this.#terms = terms;
    this.#verdict = new PeerVerdict(terms, roots);
    this.#carrier = new TlsCarrier(link);
    this.socket = tlsConnect(connectOptions(this.#carrier.duplex, {
      terms,
      roots,
      checkPeer: (certificate) => this.#verdict.objection(certificate),
    }));
    this.#carrier.adopt(this.socket);
  }

  /** Resolves when the handshake is over and the TLS stack is content. */
  async finished(signal: AbortSignal): Promise<void> {
    const { socket } = this;
    await new Promise<void>((resolve, reject) => {
      const forget = onAbort(signal, () => reject(abortError(signal.reason)));
      socket.once("secureConnect", () => {
        forget();
        resolve();
      });
      const failed = (error?: unknown): void => {
        forget();
        reject(error);
      };
      socket.once("error", failed);
      socket.once("close", () => failed());
    });
  }

  /** The established session; throws when something is not as it must be. */
  session({ translate }: TlsHandshakeOptions): TlsResult {
    const { socket } = this;
    const { chain, problem } = this.#verdict.over(socket);
    socket.disableRenegotiation?.();
    const link = this.#carrier.linkOver(socket, translate);
    return {
      trusted: true,
      link,
      chain,
      alpnProtocol: socket.alpnProtocol || null,
      protocol: socket.getProtocol() ?? "",
      resumed: socket.isSessionReused(),
      problem,
    };
  }

  /** What a failure says about the certificate, or null when it was about something else. */
  rejection(error: unknown): TlsRejection | null {
    const chainError = nativeCode(error) || (typeof error === "string" ? error : "");
    const reason = rejectionReason(chainError);
    if (reason === null) return null;
    return { trusted: false, reason, chainError, chain: this.#verdict.seenChain(), cause: error };
  }
}

function handshakeFailed({ serverName }: TlsTerms, cause: unknown): ParleyError {
  const code = nativeCode(cause);
  const state = code === "" ? "the other side ended the connection" : `the handshake failed (${code})`;
  return new ParleyError("TLS_HANDSHAKE", `Cannot make a TLS connection to ${serverName}: ${state}`, { cause });
}
