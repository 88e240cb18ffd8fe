/** PostgreSQL with TLS, by Debian's `postgresql-15`. */
import { execFile } from "node:child_process";
import { appendFile, chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import { userIds } from "./debian_package.ts";
import type { PeerServer } from "./echo_server.ts";
import { freePort } from "./free_port.ts";
import { ServerProcess } from "./server_process.ts";
import { type IdentityFiles, writeIdentity } from "./server_identity.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** A role that may connect over TLS without a password. */
export const TRUSTED_ROLE = "tester";
/** A role that is asked for a password. */
export const PASSWORD_ROLE = "asked";

const BIN = "/usr/lib/postgresql/15/bin";
const ATTEMPTS = 3;
const run = promisify(execFile);

/** Starts a database server on 127.0.0.1 that takes connections over TLS only. */
export async function startPostgresServer(identity: TestIdentity): Promise<PeerServer> {
  for (let attempt = 1;; attempt++) {
    try {
      return await start(identity);
    } catch (error) {
      if (attempt === ATTEMPTS || !String(error).includes("Address already in use")) throw error;
    }
  }
}

async function start(identity: TestIdentity): Promise<PeerServer> {
  const directory = await makeTempDirectory("postgres");
  const owner = ownerOfData();
  const data = join(directory.path, "data");
  const files = await writeIdentity(directory.path, identity);
  await mkdir(data, { mode: 0o700 });
  for (const path of [data, files.cert, files.key]) await chown(path, owner.uid, owner.gid);
  const layout = ["-D", data, "-A", "trust", "-U", TRUSTED_ROLE, "--no-sync", "-E", "UTF8", "--locale=C"];
  const initdb = commandAs(owner, [`${BIN}/initdb`, ...layout]);
  await run(initdb.command, initdb.args, { cwd: data });
  await writeFile(join(data, "pg_hba.conf"), rules());
  const port = await freePort();
  await appendFile(join(data, "postgresql.conf"), settings({ port, directory: data, files }));
  const { server } = await ServerProcess.start({
    name: "postgres",
    ...commandAs(owner, [`${BIN}/postgres`, "-D", data]),
    cwd: data,
    ready: /database system is ready to accept connections/,
    directory,
  });
  return { port, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
  /** How to become this user. */
  readonly prefix: readonly string[];
}

/** PostgreSQL refuses to run as root. */
function ownerOfData(): Owner {
  const uid = process.getuid?.() ?? -1;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? -1, prefix: [] };
  const ids = userIds("postgres");
  if (ids === null) throw new TypeError("Cannot start PostgreSQL: there is no user postgres to run it as");
  return { ...ids, prefix: ["setpriv", `--reuid=${ids.uid}`, `--regid=${ids.gid}`, "--clear-groups", "--"] };
}

function commandAs(
  { prefix }: Owner,
  line: readonly [string, ...string[]],
): { readonly command: string; readonly args: readonly string[] } {
  const [command = line[0], ...args] = [...prefix, ...line];
  return { command, args };
}

function rules(): string {
  return [
    `hostssl all ${PASSWORD_ROLE} 127.0.0.1/32 scram-sha-256`,
    `hostssl all ${TRUSTED_ROLE} 127.0.0.1/32 trust`,
    "",
  ].join("\n");
}

function settings(
  { port, directory, files }: { readonly port: number; readonly directory: string; readonly files: IdentityFiles },
): string {
  return [
    "",
    "listen_addresses = '127.0.0.1'",
    `port = ${port}`,
    `unix_socket_directories = '${directory}'`,
    "ssl = on",
    `ssl_cert_file = '${files.cert}'`,
    `ssl_key_file = '${files.key}'`,
    "fsync = off",
    "shared_buffers = 16MB",
    "max_connections = 20",
    "dynamic_shared_memory_type = mmap",
    "",
  ].join("\n");
}
