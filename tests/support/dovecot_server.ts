/** IMAP and POP3 with STARTTLS by `dovecot`, with one mailbox. */
import { chown, mkdir, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { groupName, userIds } from "./debian_package.ts";
import { freePort } from "./free_port.ts";
import { ServerProcess } from "./server_process.ts";
import { writeIdentity } from "./server_identity.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** A server for mailboxes. */
export interface DovecotServer extends AsyncDisposable {
  /** Port for IMAP. */
  readonly imapPort: number;
  /** Port for POP3. */
  readonly pop3Port: number;
  /** The process. */
  readonly process: ServerProcess;
}

/** The mailbox's owner. */
export const MAIL_USER = "ada";
/** And the password, which the server takes over TLS only. */
export const MAIL_PASSWORD = "correct-horse";
/** The one message in it. */
export const STORED_MESSAGE =
  "From: bob@example.org\r\nTo: ada@example.org\r\nSubject: stored\r\n\r\nFetched over TLS.\r\n";

/** Another process may take a port between finding and using it. */
const ATTEMPTS = 3;

/** Starts IMAP and POP3 on 127.0.0.1. */
export async function startDovecotServer(identity: TestIdentity): Promise<DovecotServer> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start(identity);
    } catch (error) {
      if (attempt === ATTEMPTS || !String(error).includes("Address already in use")) throw error;
    }
  }
}

async function start(identity: TestIdentity): Promise<DovecotServer> {
  const directory = await makeTempDirectory("dovecot");
  const { cert, key } = await writeIdentity(directory.path, identity);
  const ports = { imapPort: await freePort(), pop3Port: await freePort() };
  const home = await makeMailbox(directory.path);
  const config = join(directory.path, "dovecot.conf");
  await writeFile(config, configuration({ directory: directory.path, cert, key, home, ...ports }));
  const { server } = await ServerProcess.start({
    name: "dovecot",
    command: "/usr/sbin/dovecot",
    args: ["-F", "-c", config],
    ready: /starting up for imap, pop3/,
    directory,
  });
  return { ...ports, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

interface Home extends Owner {
  readonly path: string;
}

/** Dovecot serves no mail as root. */
async function makeMailbox(directory: string): Promise<Home> {
  const owner: Owner = runsAsRoot()
    ? userIds("nobody") ?? { uid: 65534, gid: 65534 }
    : { uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 };
  const path = join(directory, "home");
  for (const folder of ["", "Maildir", "Maildir/cur", "Maildir/new", "Maildir/tmp"]) {
    await mkdir(join(path, folder));
    await chown(join(path, folder), owner.uid, owner.gid);
  }
  const message = join(path, "Maildir/new/1700000000.M1P1.mail");
  await writeFile(message, STORED_MESSAGE);
  await chown(message, owner.uid, owner.gid);
  return { path, ...owner };
}

function runsAsRoot(): boolean {
  return process.getuid?.() === 0;
}

interface Settings {
  readonly directory: string;
  readonly cert: string;
  readonly key: string;
  readonly home: Home;
  readonly imapPort: number;
  readonly pop3Port: number;
}

function configuration({ directory, cert, key, home, imapPort, pop3Port }: Settings): string {
  const me = runsAsRoot() ? [] : [
    `default_internal_user = ${userInfo().username}`,
    `default_login_user = ${userInfo().username}`,
    `default_internal_group = ${groupName(home.gid)}`,
  ];
  const withoutChroot = runsAsRoot() ? [] : ["anvil", "imap-login", "pop3-login"].map((name) =>
    `service ${name} {
  chroot =
}`
  );
  return [
    `base_dir = ${directory}/run`,
    `state_dir = ${directory}/state`,
    "log_path = /dev/stderr",
    "protocols = imap pop3",
    "listen = 127.0.0.1",
    ...me,
    "ssl = required",
    `ssl_cert = <${cert}`,
    `ssl_key = <${key}`,
    "disable_plaintext_auth = yes",
    "auth_mechanisms = plain login",
    `first_valid_uid = ${Math.min(home.uid, 500)}`,
    `passdb {\n  driver = static\n  args = user=${MAIL_USER} password=${MAIL_PASSWORD}\n}`,
    `userdb {\n  driver = static\n  args = uid=${home.uid} gid=${home.gid} home=${home.path}\n}`,
    "mail_location = maildir:~/Maildir",
    "pop3_lock_session = no",
    listeners("imap", imapPort),
    listeners("pop3", pop3Port),
    ...withoutChroot,
    "service stats {\n  client_limit = 100\n}",
    "",
  ].join("\n");
}

/** The plaintext port with STARTTLS only; the implicit TLS port is off. */
function listeners(protocol: "imap" | "pop3", port: number): string {
  return `service ${protocol}-login {
  inet_listener ${protocol} {
    address = 127.0.0.1
    port = ${port}
  }
  inet_listener ${protocol}s {
    port = 0
  }
}`;
}
