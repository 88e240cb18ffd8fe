/**
 * Runs a command over SSH with the ssh2 package, on a server whose host key has the fingerprint that is expected:
 * `PARLEY_ALLOW=ssh.example.org:22 bun examples/ssh.ts ada@ssh.example.org ~/.ssh/id_ed25519 SHA256:47DEQ… "uname -a"`
 *
 * `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub` on the server prints the fingerprint.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import process from "node:process";
import { openTCPSocket } from "@parley/parley";
import { toNodeDuplex } from "@parley/parley/node";
import ssh2 from "ssh2";

const [target = "", keyFile = "", expected = "", command = "uname -a"] = process.argv.slice(2);
const { username, hostname, port } = new URL(`ssh://${target}`);
const socket = await openTCPSocket({ remoteAddress: hostname, remotePort: Number(port || 22), noDelay: true });

const client = new ssh2.Client();
client.connect({
  sock: toNodeDuplex(socket), // ssh2 opens no connection of its own then
  username,
  privateKey: await readFile(keyFile),
  // Without this, ssh2 logs in wherever it was led to.
  hostVerifier: (key: Uint8Array) => {
    const seen = `SHA256:${createHash("sha256").update(key).digest("base64").replace(/=+$/, "")}`;
    if (seen !== expected) console.error(`The host key is ${seen}, not ${expected}`);
    return seen === expected;
  },
});
await once(client, "ready"); // or throws: another host key, or the server does not take ours

client.exec(command, (error, channel) => {
  if (error) throw error;
  channel.pipe(process.stdout);
  channel.stderr.pipe(process.stderr);
  channel.on("exit", (status: number | null) => process.exitCode = status ?? 1);
  channel.on("close", () => client.end());
});
