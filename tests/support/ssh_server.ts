/** An SSH server by OpenSSH, with one user who logs in by a key. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, writeFile } from "node:fs/promises";
import { userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import type { PeerServer } from "./echo_server.ts";
import { onFreePorts } from "./on_free_ports.ts";
import { ServerProcess } from "./server_process.ts";
import { makeTempDirectory } from "./temp_directory.ts";

/** A running server. */
export interface SshServer extends PeerServer {
  /** Who may log in: the user who runs the tests. */
  readonly user: string;
  /** Path of the key to log in with. */
  readonly keyFile: string;
  /** Fingerprint of the host key: `SHA256:` and Base64. */
  readonly fingerprint: string;
}

const SSHD = "/usr/sbin/sshd";
/** Run by root, the server wants this directory, which the service makes that is never started here. */
const OWN_DIRECTORY = "/run/sshd";
const run = promisify(execFile);

/** Starts a server on 127.0.0.1. */
export function startSshServer(): Promise<SshServer> {
  return onFreePorts(1, start);
}

async function start(port = 0): Promise<SshServer> {
  const directory = await makeTempDirectory("ssh");
  const at = (name: string): string => join(directory.path, name);
  for (const name of ["host_key", "user_key"]) {
    await run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(name)]);
  }
  await copyFile(at("user_key.pub"), at("authorized_keys"));
  const { stdout } = await run("ssh-keygen", ["-l", "-f", at("host_key.pub")]);
  await writeFile(at("sshd_config"), settings(port, { hostKey: at("host_key"), users: at("authorized_keys") }));
  const { server } = await ServerProcess.start({
    name: "sshd",
    ...commandLine(at("sshd_config")),
    ready: /Server listening on 127\.0\.0\.1 port/,
    directory,
  });
  return {
    port,
    process: server,
    user: userInfo().username,
    keyFile: at("user_key"),
    fingerprint: stdout.split(" ")[1] ?? "",
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Where the directory is missing, the server gets a /run of its own, so that nothing is left on the machine. */
function commandLine(config: string): { readonly command: string; readonly args: readonly string[] } {
  const args = ["-D", "-e", "-f", config];
  if (process.getuid?.() !== 0 || existsSync(OWN_DIRECTORY)) return { command: SSHD, args };
  const script = `mount -t tmpfs none /run && mkdir -m 755 ${OWN_DIRECTORY} && exec "$0" "$@"`;
  return { command: "/usr/bin/unshare", args: ["--mount", "/bin/sh", "-c", script, SSHD, ...args] };
}

function settings(port: number, files: { readonly hostKey: string; readonly users: string }): string {
  return [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${files.hostKey}`,
    `AuthorizedKeysFile ${files.users}`,
    "StrictModes no",
    "UsePAM no",
    "PasswordAuthentication no",
    "KbdInteractiveAuthentication no",
    "PermitRootLogin prohibit-password",
    "PidFile none",
    "LogLevel VERBOSE",
    "",
  ].join("\n");
}
