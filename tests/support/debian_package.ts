/** Which Debian packages the suites need, and whether they are there. Nothing is installed from here. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A package that a suite may need. */
export type DebianPackage =
  | "dovecot-imapd"
  | "dovecot-pop3d"
  | "openssl"
  | "postgresql-15"
  | "python3-aiosmtpd"
  | "socat";

/** Packages by the file that shows they are installed. */
const WITNESSES: Readonly<Record<DebianPackage, string>> = Object.freeze({
  "dovecot-imapd": "/usr/lib/dovecot/imap-login",
  "dovecot-pop3d": "/usr/lib/dovecot/pop3-login",
  "openssl": "/usr/bin/openssl",
  "postgresql-15": "/usr/lib/postgresql/15/bin/postgres",
  "python3-aiosmtpd": "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py",
  "socat": "/usr/bin/socat",
});

/** Debian's Python: its modules are not seen by another one on PATH. */
export const PYTHON = "/usr/bin/python3";

/**
 * Why tests that need packages cannot run here.
 *
 * @param names The packages.
 * @returns A reason to skip, or null when all of them are installed.
 */
export function missingPackage(...names: readonly DebianPackage[]): string | null {
  const missing = names.find((name) => !existsSync(WITNESSES[name]));
  return missing === undefined ? null : `the Debian package ${missing} is missing`;
}

/**
 * Numeric ids of a user of this system.
 *
 * @param name Such as `postgres`.
 * @returns Null when there is no such user.
 */
export function userIds(name: string): { readonly uid: number; readonly gid: number } | null {
  try {
    const [, , uid, gid] = execFileSync("getent", ["passwd", name], { encoding: "utf8" }).split(":");
    return { uid: Number(uid), gid: Number(gid) };
  } catch {
    return null;
  }
}

/**
 * Name of a group of this system.
 *
 * @param gid Its numeric id.
 * @returns The id as text when it has no name.
 */
export function groupName(gid: number): string {
  try {
    return execFileSync("getent", ["group", String(gid)], { encoding: "utf8" }).split(":")[0] ?? String(gid);
  } catch {
    return String(gid);
  }
}
