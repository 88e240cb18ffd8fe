/** A TLS server by `openssl s_server`, with session tickets, and early data where it is asked for. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PeerServer } from "./echo_server.ts";
import { ServerProcess } from "./server_process.ts";
import { writeIdentity } from "./server_identity.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** What the server does. */
export interface OpensslServerOptions {
  /** Its certificate. */
  readonly identity: TestIdentity;
  /**
   * `status` answers a `GET` with a page about the TLS session; `print` prints the session and what the client says, and
   * accepts early data; `reverse` answers each line with its reverse.
   */
  readonly mode: "status" | "print" | "reverse";
  /** PEM authority whose client certificates are demanded; none by default. */
  readonly clientCa?: string;
  /** Address. Default 127.0.0.1. */
  readonly address?: string;
  /** More arguments. */
  readonly args?: readonly string[];
}

const MODES: Readonly<Record<OpensslServerOptions["mode"], readonly string[]>> = Object.freeze({
  status: ["-www"],
  print: ["-early_data", "-max_early_data", "16384"],
  reverse: ["-rev"],
});

/** Starts a TLS server. */
export async function startOpensslServer(options: OpensslServerOptions): Promise<PeerServer> {
  const directory = await makeTempDirectory("openssl");
  const { cert, key } = await writeIdentity(directory.path, options.identity);
  const clientCa = join(directory.path, "client-ca.crt");
  if (options.clientCa !== undefined) await writeFile(clientCa, options.clientCa);
  const { server, ready } = await ServerProcess.start({
    name: "openssl",
    command: "/usr/bin/openssl",
    args: [
      ...["s_server", "-accept", `${options.address ?? "127.0.0.1"}:0`, "-cert", cert, "-key", key],
      ...MODES[options.mode],
      ...(options.clientCa === undefined ? [] : ["-Verify", "2", "-verify_return_error", "-CAfile", clientCa]),
      ...(options.args ?? []),
    ],
    ready: /ACCEPT \S+:(\d+)/,
    directory,
  });
  return { port: Number(ready[1]), process: server, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}
