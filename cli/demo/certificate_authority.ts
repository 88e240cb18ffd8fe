/**
 * A certificate authority for one run of the demo, made by `@peculiar/x509` (tried on all three runtimes; it wants
 * `reflect-metadata` loaded first). Nothing of it is written to disk.
 */
import type { ServerIdentity } from "../../runtime/command.ts";

/** The authority and what it signed. */
export interface DemoAuthority {
  /** The authority's certificate, PEM. */
  readonly ca: string;
  /** The server's certificate and key. */
  readonly server: ServerIdentity;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const VALID_MS = 60 * 60 * 1000;

/**
 * Makes an authority and a certificate for one name, both valid for an hour.
 *
 * @param name The server's DNS name.
 */
export async function createDemoAuthority(name: string): Promise<DemoAuthority> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  const generate = () => crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
  const [caKeys, serverKeys] = await Promise.all([generate(), generate()]);
  const validity = { notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + VALID_MS) };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: "01",
    name: "CN=Parley demo CA",
    ...validity,
    signingAlgorithm: ALGORITHM,
    keys: caKeys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: `CN=${name}`,
    issuer: ca.subject,
    ...validity,
    signingAlgorithm: ALGORITHM,
    publicKey: serverKeys.publicKey,
    signingKey: caKeys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }]),
      await x509.AuthorityKeyIdentifierExtension.create(ca),
    ],
  });
  const key = new Uint8Array(await crypto.subtle.exportKey("pkcs8", serverKeys.privateKey));
  return {
    ca: ca.toString("pem"),
    server: { cert: certificate.toString("pem"), key: x509.PemConverter.encode(key, "PRIVATE KEY") },
  };
}
