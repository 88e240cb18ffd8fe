/** Which Debian packages the suites need, and whether they are there. Nothing is installed from here. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";

/** A package that a suite may need. */
export type DebianPackage =
  | "avahi-daemon"
  | "chrony"
  | "cups-ipp-utils"
  | "dbus-daemon"
  | "dnsmasq-base"
  | "dovecot-imapd"
  | "dovecot-pop3d"
  | "libcoap3-bin"
  | "libfaketime"
  | "microsocks"
  | "mosquitto"
  | "ngircd"
  | "openssh-server"
  | "openssl"
  | "p910nd"
  | "postgresql-15"
  | "python3-aiosmtpd"
  | "python3-pymodbus"
  | "python3-serial-asyncio"
  | "redis-server"
  | "rsyslog"
  | "snmpd"
  | "socat"
  | "tftpd-hpa"
  | "tinyproxy-bin"
  | "transmission-daemon"
  | "xrdp";

/** Packages by the file that shows they are installed. */
const WITNESSES: Readonly<Record<DebianPackage, string>> = Object.freeze({
  "avahi-daemon": "/usr/sbin/avahi-daemon",
  "chrony": "/usr/sbin/chronyd",
  "cups-ipp-utils": "/usr/sbin/ippeveprinter",
  "dbus-daemon": "/usr/bin/dbus-daemon",
  "dnsmasq-base": "/usr/sbin/dnsmasq",
  "dovecot-imapd": "/usr/lib/dovecot/imap-login",
  "dovecot-pop3d": "/usr/lib/dovecot/pop3-login",
  "libcoap3-bin": "/usr/bin/coap-server-notls",
  "libfaketime": "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
  "microsocks": "/usr/bin/microsocks",
  "mosquitto": "/usr/sbin/mosquitto",
  "ngircd": "/usr/sbin/ngircd",
  "openssh-server": "/usr/sbin/sshd",
  "openssl": "/usr/bin/openssl",
  "p910nd": "/usr/sbin/p910nd",
  "postgresql-15": "/usr/lib/postgresql/15/bin/postgres",
  "python3-aiosmtpd": "/usr/lib/python3/dist-packages/aiosmtpd/smtp.py",
  "python3-pymodbus": "/usr/lib/python3/dist-packages/pymodbus/server/async_io.py",
  "python3-serial-asyncio": "/usr/lib/python3/dist-packages/serial_asyncio/__init__.py",
  "redis-server": "/usr/bin/redis-server",
  "rsyslog": "/usr/sbin/rsyslogd",
  "snmpd": "/usr/sbin/snmpd",
  "socat": "/usr/bin/socat",
  "tftpd-hpa": "/usr/sbin/in.tftpd",
  "tinyproxy-bin": "/usr/bin/tinyproxy",
  "transmission-daemon": "/usr/bin/transmission-daemon",
  "xrdp": "/usr/sbin/xrdp",
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
