/** Certificates as somebody on the way would make them, with the `openssl` binary, for what must not be believed. */
import { Buffer } from "node:buffer";
import { createPrivateKey, generateKeyPairSync, X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestIdentity } from "./test_pki.ts";

/** Makes files with openssl in a directory that is gone afterwards. */
interface Workshop {
  /** Makes an EC key. */
  key(name: string): void;
  /** Runs openssl there. */
  openssl(...args: string[]): void;
  /** Reads a file. */
  read(name: string): string;
  /** Writes one. */
  write(name: string, text: string): void;
}

/**
 * A server that shows somebody else's certificate: the key file gives the right public key, so that a server takes it, and
 * signs with a private key of its own.
 *
 * @param identity Whose certificate; with an EC key on P-256.
 */
export function stolenIdentity({ cert, key }: TestIdentity): TestIdentity {
  const theirs = createPrivateKey(key).export({ format: "jwk" });
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
  const [x, y, d] = [theirs.x, theirs.y, own.d].map((text) => Buffer.from(text as string, "base64url"));
  const hex = (text: string): Buffer => Buffer.from(text, "hex");
  // ECPrivateKey of RFC 5915: version, private key, curve, public key.
  const body = Buffer.concat([
    hex("0201010420"),
    d as Buffer,
    hex("a00a06082a8648ce3d030107a14403420004"),
    x as Buffer,
    y as Buffer,
  ]);
  return { cert, key: pem("EC PRIVATE KEY", Buffer.concat([Buffer.from([0x30, body.byteLength]), body])) };
}

/**
 * A chain for mail.test that nobody trusted has signed: its intermediate names the authority as its issuer, and is of X.509
 * version 1, which some verifiers cannot read.
 *
 * @param authority PEM certificate of an authority; its key is not needed.
 */
export function forgedChain(authority: string): TestIdentity {
  return made((at) => {
    const subject = `/${new X509Certificate(authority).subject.split("\n").join("/")}`;
    for (const name of ["fake", "middle", "leaf"]) at.key(name);
    at.openssl("req", "-x509", "-new", "-key", "fake.key", "-subj", subject, "-days", "30", "-out", "fake.crt");
    at.openssl("req", "-new", "-key", "middle.key", "-subj", "/CN=Middle", "-out", "middle.csr");
    at.openssl(...signing("middle", "fake", "7"));
    at.openssl("req", "-new", "-key", "leaf.key", "-subj", "/CN=mail.test", "-out", "leaf.csr");
    at.write("names", "subjectAltName=DNS:mail.test,DNS:localhost,IP:127.0.0.1\n");
    at.openssl(...signing("leaf", "middle", "8"), "-extfile", "names");
    return { cert: at.read("leaf.crt") + at.read("middle.crt"), key: at.read("leaf.key") };
  });
}

/** A certificate for mail.test that signed itself, of X.509 version 1 as some devices have it. */
export function version1Identity(): TestIdentity {
  return made((at) => {
    at.key("own");
    at.openssl("req", "-new", "-key", "own.key", "-subj", "/CN=mail.test", "-out", "own.csr");
    at.openssl("x509", "-req", "-in", "own.csr", "-signkey", "own.key", "-days", "30", "-out", "own.crt");
    return { cert: at.read("own.crt"), key: at.read("own.key") };
  });
}

/** SHA-256 of a certificate's SubjectPublicKeyInfo in lower-case hex, as openssl computes it. */
export function spkiOf({ cert }: Pick<TestIdentity, "cert">): string {
  return made((at) => {
    at.write("one.crt", cert);
    at.openssl("x509", "-in", "one.crt", "-pubkey", "-noout", "-out", "one.pub");
    at.openssl("pkey", "-pubin", "-in", "one.pub", "-outform", "DER", "-out", "one.der");
    at.openssl("dgst", "-sha256", "-out", "digest", "one.der");
    return at.read("digest").trim().split(" ").at(-1) as string;
  });
}

function signing(name: string, issuer: string, serial: string): string[] {
  const by = ["-CA", `${issuer}.crt`, "-CAkey", `${issuer}.key`, "-set_serial", serial];
  return ["x509", "-req", "-in", `${name}.csr`, ...by, "-days", "30", "-out", `${name}.crt`];
}

function made<T>(work: (at: Workshop) => T): T {
  const cwd = mkdtempSync(join(tmpdir(), "parley-hostile-"));
  const openssl = (...args: string[]): void => void execFileSync("openssl", args, { cwd, stdio: "ignore" });
  try {
    return work({
      openssl,
      key: (name) => openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", `${name}.key`),
      read: (name) => readFileSync(join(cwd, name), "utf8"),
      write: (name, text) => writeFileSync(join(cwd, name), text),
    });
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function pem(kind: string, der: Uint8Array): string {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${kind}-----\n${lines.join("\n")}\n-----END ${kind}-----\n`;
}
