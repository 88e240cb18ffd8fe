/** A small public-key infrastructure for tests, made with the `openssl` binary in a temporary directory at first use. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate with its private key, both PEM. */
export interface TestIdentity {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** The identities that the suites need. All but `stranger` are signed by the authority of `ca`. */
export interface TestPki {
  /** PEM certificate of the authority. */
  readonly ca: string;
  /** A server: mail.test, localhost, 127.0.0.1. */
  readonly server: TestIdentity;
  /** The same names, validity in the past. */
  readonly expired: TestIdentity;
  /** The name mail.test in the common name only, and a subjectAltName that holds an e-mail address. */
  readonly commonNameOnly: TestIdentity;
  /** A client: the name "client" and clientAuth. */
  readonly client: TestIdentity;
  /** A server for the same names, signed by itself. */
  readonly stranger: TestIdentity;
}

const NAMES = "DNS:mail.test,DNS:localhost,IP:127.0.0.1";

/** Why the tests that need certificates cannot run here, or null. */
export const PKI_MISSING: string | null = (() => {
  try {
    execFileSync("openssl", ["version"], { stdio: "ignore" });
    return null;
  } catch {
    return "no openssl on the path";
  }
})();

let made: TestPki | null = null;

/** The infrastructure; made once per process (about half a second). */
export function testPki(): TestPki {
  return made ??= make();
}

function make(): TestPki {
  const directory = mkdtempSync(join(tmpdir(), "parley-pki-"));
  try {
    const at = (name: string): string => join(directory, name);
    const read = (name: string): string => readFileSync(at(name), "utf8");
    const openssl = (...args: string[]): void => void execFileSync("openssl", args, { stdio: "ignore" });
    const newKey = (name: string): void =>
      openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", at(`${name}.key`));
    const issue = (
      name: string,
      subject: string,
      extensions: string,
      dates: readonly string[] = ["-days", "30"],
    ): TestIdentity => {
      newKey(name);
      openssl("req", "-new", "-key", at(`${name}.key`), "-subj", subject, "-out", at(`${name}.csr`));
      writeFileSync(at(`${name}.ext`), extensions);
      const signing = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-set_serial", String(0x1000 + name.length)];
      openssl(
        "x509",
        "-req",
        "-in",
        at(`${name}.csr`),
        ...signing,
        ...dates,
        "-extfile",
        at(`${name}.ext`),
        "-out",
        at(`${name}.crt`),
      );
      return { cert: read(`${name}.crt`), key: read(`${name}.key`) };
    };
    newKey("ca");
    openssl(
      "req",
      "-x509",
      "-new",
      "-key",
      at("ca.key"),
      "-subj",
      "/CN=Parley Test CA",
      "-days",
      "30",
      "-out",
      at("ca.crt"),
    );
    newKey("self");
    openssl(
      "req",
      "-x509",
      "-new",
      "-key",
      at("self.key"),
      "-subj",
      "/CN=mail.test",
      "-addext",
      `subjectAltName=${NAMES}`,
      "-days",
      "30",
      "-out",
      at("self.crt"),
    );
    return {
      ca: read("ca.crt"),
      server: issue("server", "/CN=mail.test", `subjectAltName=${NAMES}\n`),
      expired: issue("expired1", "/CN=mail.test", `subjectAltName=${NAMES}\n`, ["-days", "-1"]),
      commonNameOnly: issue("common-name", "/CN=mail.test", "subjectAltName=email:postmaster@mail.test\n"),
      client: issue("client-side1", "/CN=client", "extendedKeyUsage=clientAuth\n"),
      stranger: { cert: read("self.crt"), key: read("self.key") },
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
