/** A mail server with STARTTLS by Debian's `aiosmtpd`. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PYTHON } from "./debian_package.ts";
import type { PeerServer } from "./echo_server.ts";
import { ServerProcess } from "./server_process.ts";
import { writeIdentity } from "./server_identity.ts";
import { makeTempDirectory } from "./temp_directory.ts";
import type { TestIdentity } from "./test_pki.ts";

/** A message that the server took. */
export interface KeptMail {
  /** Sender of the envelope. */
  readonly from: string;
  /** Recipients of the envelope. */
  readonly to: readonly string[];
  /** What the client called itself. */
  readonly helo: string;
  /** TLS version the message came over, or null. */
  readonly tls: string | null;
  /** The message as it came, without the end mark; bytes as Latin-1. */
  readonly content: string;
}

/** A mail server. */
export interface SmtpServer extends PeerServer {
  /** Every message so far. */
  mail(): Promise<KeptMail[]>;
}

const PROGRAM = fileURLToPath(new URL("./smtp_server.py", import.meta.url));

/** Starts a mail server on 127.0.0.1. */
export async function startSmtpServer(identity: TestIdentity): Promise<SmtpServer> {
  const directory = await makeTempDirectory("smtp");
  const { cert, key } = await writeIdentity(directory.path, identity);
  const { server, ready } = await ServerProcess.start({
    name: "aiosmtpd",
    command: PYTHON,
    args: ["-B", PROGRAM, cert, key, directory.path],
    ready: /^PORT (\d+)$/m,
    directory,
  });
  return {
    port: Number(ready[1]),
    process: server,
    mail: () => readMail(directory.path),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function readMail(directory: string): Promise<KeptMail[]> {
  const envelopes = (await readdir(directory)).filter((name) => name.endsWith(".json"));
  return await Promise.all(envelopes.map(async (name) => {
    const facts = JSON.parse(await readFile(join(directory, name), "utf8")) as Omit<KeptMail, "content">;
    return { ...facts, content: await readFile(join(directory, name.replace(".json", ".eml")), "latin1") };
  }));
}
