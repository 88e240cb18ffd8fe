/** An IRC server by `ngircd`, in plaintext and with TLS. It prints who comes, joins and goes. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { PeerServer } from "./echo_server.ts";
import { onFreePorts } from "./on_free_ports.ts";
import { ServerProcess } from "./server_process.ts";
import { writeIdentity } from "./server_identity.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** A running server. */
export interface IrcServer extends PeerServer {
  /** Port with TLS. */
  readonly tlsPort: number;
}

const run = promisify(execFile);

/** Starts a server on 127.0.0.1. */
export function startIrcServer(identity: TestIdentity): Promise<IrcServer> {
  return onFreePorts(2, async (port = 0, tlsPort = 0) => {
    const directory = await makeTempDirectory("ngircd");
    const { cert, key } = await writeIdentity(directory.path, identity);
    // Without parameters to begin with, the server looks for its own, which may take a minute.
    const parameters = join(directory.path, "dh.pem");
    await run("openssl", [
      "genpkey",
      "-genparam",
      "-algorithm",
      "DH",
      "-pkeyopt",
      "group:ffdhe2048",
      "-out",
      parameters,
    ]);
    const config = join(directory.path, "ngircd.conf");
    const lines = [
      "[Global]",
      "Name = irc.test",
      "Info = A server of a test",
      "AdminInfo1 = nobody",
      'MotdPhrase = "Welcome"',
      "Listen = 127.0.0.1",
      `Ports = ${port}`,
      "[Limits]",
      "MaxConnectionsIP = 0",
      "[Options]",
      "DNS = no",
      "Ident = no",
      "PAM = no",
      "[SSL]",
      `CertFile = ${cert}`,
      `KeyFile = ${key}`,
      `DHFile = ${parameters}`,
      `Ports = ${tlsPort}`,
    ];
    await writeFile(config, lines.join("\n") + "\n");
    const { server } = await ServerProcess.start({
      name: "ngircd",
      command: "/usr/sbin/ngircd",
      args: ["-n", "-f", config],
      ready: /Server "irc\.test" \(on ".*"\) ready/,
      directory,
    });
    return { port, tlsPort, process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  });
}
