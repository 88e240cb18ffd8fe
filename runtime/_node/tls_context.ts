/**
 * Trust and keys for `node:tls`. Roots are named explicitly, so that neither the environment (NODE_EXTRA_CA_CERTS,
 * DENO_CERT, SSL_CERT_FILE) nor Object.prototype adds one, and PEM text is parsed before it is used: two of the three runtimes
 * accept garbage as a CA without a word.
 */
import { constants, createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, rootCertificates, type SecureContext } from "node:tls";
import { ParleyError } from "../../core/errors.ts";
import type { TlsTerms } from "../../net/port.ts";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The roots to trust where the terms name none: a list, or undefined for the runtime's default. */
export type DefaultRoots = readonly string[] | undefined;

/** The runtime's compiled-in list, whatever its command line or NODE_OPTIONS made of the default. */
const CIPHERS: string | undefined = constants.defaultCoreCipherList;

const SECURE_OPTIONS = constants.SSL_OP_NO_TICKET | (constants.SSL_OP_NO_RENEGOTIATION ?? 0);

/** The context of the default roots, made once: it takes milliseconds. */
let plain: SecureContext | null = null;

/**
 * The roots compiled into the runtime. To be called at load, and on Deno only with `--allow-sys`, which hides them.
 *
 * @returns A list of the caller's own.
 */
export function bundledRoots(): DefaultRoots {
  return [...rootCertificates];
}

/**
 * The secure context for some terms.
 *
 * @param terms What to trust, and the client certificate.
 * @param roots What to trust where the terms name nothing; the same at every call.
 * @throws {ParleyError} `TLS_OPTIONS` when a certificate or key cannot be used; the message names the option.
 */
export function secureContextFor({ ca, cert, key }: TlsTerms, roots: DefaultRoots): SecureContext {
  if (ca === null && cert === null && key === null) return plain ??= makeContext({ ca: roots, cert, key });
  if ((cert === null) !== (key === null)) {
    throw refused(cert === null ? "key: a certificate is missing" : "cert: a key is missing");
  }
  if (cert !== null && key !== null) checkPair(cert, key);
  try {
    return makeContext({ ca: ca === null ? roots : checkedRoots(ca), cert, key });
  } catch (cause) {
    throw refused("ca, cert or key: the TLS library does not take it", cause);
  }
}

/** Own properties all (CORE-01). */
function makeContext(
  { ca, cert, key }: { readonly ca: DefaultRoots; readonly cert: string | null; readonly key: string | null },
): SecureContext {
  return createSecureContext(
    {
      ca: ca === undefined ? undefined : [...ca],
      cert: cert ?? undefined,
      key: key ?? undefined,
      pfx: undefined,
      passphrase: undefined,
      crl: undefined,
      ciphers: CIPHERS,
      ecdhCurve: undefined,
      sigalgs: undefined,
      dhparam: undefined,
      minVersion: "TLSv1.2",
      maxVersion: "TLSv1.3",
      secureProtocol: undefined,
      secureOptions: SECURE_OPTIONS,
      honorCipherOrder: undefined,
      sessionIdContext: undefined,
      sessionTimeout: undefined,
      ticketKeys: undefined,
      privateKeyIdentifier: undefined,
      privateKeyEngine: undefined,
      clientCertEngine: undefined,
      allowPartialTrustChain: false,
    } as Parameters<typeof createSecureContext>[0],
  );
}

/**
 * The roots that some terms name, one PEM certificate each, or the default ones.
 *
 * @throws {ParleyError} `TLS_OPTIONS` for a text that is no certificate.
 */
export function rootsFor({ ca }: TlsTerms, roots: DefaultRoots): DefaultRoots {
  return ca === null ? roots : checkedRoots(ca);
}

/** Every certificate in the texts, each parsed once; a text without any is refused. */
function checkedRoots(texts: readonly string[]): string[] {
  return texts.flatMap((text) => {
    const found = text.match(PEM_CERTIFICATE);
    if (found === null) throw refused("ca: no PEM certificate in it");
    for (const pem of found) parsedCertificate(pem, "ca");
    return found;
  });
}

function checkPair(cert: string, key: string): void {
  const first = cert.match(PEM_CERTIFICATE)?.[0];
  if (first === undefined) throw refused("cert: no PEM certificate in it");
  const certificate = parsedCertificate(first, "cert");
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey({ key, format: "pem" }));
  } catch (cause) {
    throw refused("key: not an unencrypted PEM private key", cause);
  }
  if (!matches) throw refused("key: it does not belong to the certificate");
}

function parsedCertificate(pem: string, option: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw refused(`${option}: not a certificate`, cause);
  }
}

function refused(state: string, cause?: unknown): ParleyError {
  if (cause instanceof ParleyError) return cause;
  return new ParleyError("TLS_OPTIONS", `Cannot use TLS option ${state}`, { cause });
}
