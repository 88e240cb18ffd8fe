/** A TLS client that is none of ours: `openssl s_client`, which keeps sessions and shows what the server sends. */
import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestIdentity } from "../support/test_pki.ts";

/** How the client behaves. */
export interface OpensslClientOptions {
  /** Port of the server, on 127.0.0.1. */
  readonly port: number;
  /** A directory for its files. */
  readonly directory: string;
  /** Its certificate; none by default. */
  readonly identity?: TestIdentity;
  /** More arguments. */
  readonly args?: readonly string[];
  /** What to type, once something has been printed; nothing by default. */
  readonly answer?: { readonly to: string; readonly text: string };
}

const LIMIT_MS = 20_000;

/**
 * Connects as mail.test and goes on until the connection ends.
 *
 * @returns All that was printed.
 */
export async function opensslClient(options: OpensslClientOptions): Promise<string> {
  const { port, directory, identity, args = [], answer } = options;
  const files = { cert: join(directory, "client.crt"), key: join(directory, "client.key") };
  if (identity !== undefined) {
    await writeFile(files.cert, identity.cert);
    await writeFile(files.key, identity.key);
  }
  const shown = identity === undefined ? [] : ["-cert", files.cert, "-key", files.key];
  const connect = ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "mail.test"];
  const child = spawn("openssl", [...connect, ...shown, ...args], { timeout: LIMIT_MS });
  let printed = "";
  const hear = (chunk: Uint8Array): void => {
    const before = printed;
    printed += new TextDecoder().decode(chunk);
    const due = answer !== undefined && !before.includes(answer.to) && printed.includes(answer.to);
    if (due) child.stdin.write(answer.text);
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.stdin.on("error", () => {});
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve(printed));
  });
}
