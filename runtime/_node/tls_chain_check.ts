/**
 * A second look at a chain of certificates, for the TLS stack that compares names where it should check signatures
 * (`tls_certificate_form.ts` tells when). It adds to that stack's verdict and replaces none of it.
 */
import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import process from "node:process";
import type { DetailedPeerCertificate } from "node:tls";
import type { DefaultRoots } from "./tls_context.ts";
import { type CertificateForm, readCertificateForm } from "./tls_certificate_form.ts";
import { sameBytes } from "./tls_der.ts";

/** Whether this runtime's TLS stack lets certificates pass that it cannot read. Asked once, at load. */
export const STACK_GUESSES: boolean = "deno" in process.versions;

/** More certificates than this are refused; real chains have two or three. */
const MAX_PRESENTED = 16;
/** The stacks follow no more signatures than this either. */
const MAX_CHECKS = 100;

const ARMOUR = /-----(BEGIN|END) CERTIFICATE-----/g;

interface Authority {
  /** Null for one that is not of the usual form, which may be the issuer of any. */
  readonly form: CertificateForm | null;
  /** Read when it is needed. */
  readonly certificate: X509Certificate;
}

interface Presented {
  readonly certificate: X509Certificate;
  readonly form: CertificateForm;
}

/** The default roots, read once. */
const known = new WeakMap<readonly string[], readonly Authority[]>();

/**
 * Whether a chain is one that the TLS stack cannot have been mistaken about: every certificate can be read, and signatures
 * lead from the first to a root.
 *
 * @param leaf What `getPeerCertificate(true)` gave.
 * @param roots PEM texts of one certificate each; undefined where the runtime does not show them, and then the signatures are
 * the stack's to check alone.
 */
export function chainIsSound(leaf: DetailedPeerCertificate, roots: DefaultRoots): boolean {
  const presented = presentedCertificates(leaf);
  if (presented === null) return false;
  return roots === undefined || isSigned(presented, known.get(roots) ?? readRoots(roots));
}

/** Whether the TLS stack has checked that the other side has the key of its certificate. */
export function possessionIsProven(leaf: { readonly raw?: Uint8Array } | null | undefined): boolean {
  if (leaf?.raw === undefined) return false;
  return !STACK_GUESSES || readCertificateForm(leaf.raw) !== null;
}

/** Every certificate that the other side sent; null when one of them is of no known form. */
function presentedCertificates(leaf: DetailedPeerCertificate): readonly Presented[] | null {
  const presented: Presented[] = [];
  let at: DetailedPeerCertificate | undefined = leaf;
  while (at?.raw !== undefined) {
    const form = readCertificateForm(at.raw);
    if (form === null || presented.length === MAX_PRESENTED) return null;
    presented.push({ certificate: new X509Certificate(at.raw), form });
    // A root is its own issuer. Nothing else ends the list early: what is hidden behind a repetition is to be seen, too.
    at = at.issuerCertificate === at ? undefined : at.issuerCertificate;
  }
  return presented;
}

function readRoots(roots: readonly string[]): readonly Authority[] {
  const authorities = roots.map((pem): Authority => {
    let certificate: X509Certificate | null = null;
    return {
      form: readCertificateForm(Buffer.from(pem.replace(ARMOUR, ""), "base64")),
      get certificate(): X509Certificate {
        return certificate ??= new X509Certificate(pem);
      },
    };
  });
  known.set(roots, authorities);
  return authorities;
}

function isSigned(presented: readonly Presented[], roots: readonly Authority[]): boolean {
  const [leaf, ...others] = presented;
  if (leaf === undefined) return false;
  let checks = MAX_CHECKS;
  const signs = (issuer: Authority, child: Presented): boolean => {
    if (issuer.form !== null && !sameBytes(issuer.form.subject, child.form.issuer)) return false;
    return checks-- > 0 && child.certificate.verify(issuer.certificate.publicKey);
  };
  const leads = (child: Presented, left: readonly Presented[]): boolean => {
    if (roots.some((root) => signs(root, child))) return true;
    return left.some((issuer) =>
      issuer.form.isAuthority && signs(issuer, child) && leads(issuer, left.filter((other) => other !== issuer))
    );
  };
  return leads(leaf, others);
}
