/** A server that shows a certificate whose key it has not: `openssl s_server`, which takes a key file at its word. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stolenIdentity } from "../support/hostile_pki.ts";
import type { TestIdentity } from "../support/test_pki.ts";
import type { ContractServer } from "./contract_host.ts";
import { LOOPBACK } from "./node_host.ts";

/** The server, and what it saw. */
export interface ImpostorServer extends ContractServer {
  /** Waits until it has shown that many clients the certificate. */
  shown(clients: number): Promise<void>;
  /** How many of them have believed it, and finished the handshake. */
  believed(): number;
}

/**
 * Starts the server on a free port.
 *
 * @param identity Whose certificate it shows.
 * @param version The only version it speaks.
 */
export async function impostorServer(
  identity: TestIdentity,
  version: "TLSv1.2" | "TLSv1.3",
): Promise<ImpostorServer> {
  const { cert, key } = stolenIdentity(identity);
  const directory = mkdtempSync(join(tmpdir(), "parley-impostor-"));
  const files = [join(directory, "cert.pem"), join(directory, "key.pem")] as const;
  writeFileSync(files[0], cert);
  writeFileSync(files[1], key, { mode: 0o600 });
  const only = version === "TLSv1.2" ? "-tls1_2" : "-tls1_3";
  const child = spawn("openssl", [
    ...["s_server", "-accept", "127.0.0.1:0", only, "-state"],
    ...["-cert", files[0], "-key", files[1]],
  ]);
  let printed = "";
  const listening = Promise.withResolvers<number>();
  const hear = (chunk: Uint8Array): void => {
    printed += new TextDecoder().decode(chunk);
    const port = /ACCEPT 127\.0\.0\.1:(\d+)/.exec(printed)?.[1];
    if (port !== undefined) listening.resolve(Number(port));
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.stdin.on("error", () => {});
  child.once("close", () => listening.reject(new TypeError(`Cannot start the impostor: ${printed}`)));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      child.once("close", () => {
        rmSync(directory, { recursive: true, force: true });
        resolve();
      });
      child.kill("SIGKILL");
    });
  return {
    address: LOOPBACK,
    port: await listening.promise,
    shown: (clients) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (printed.split("TLS write certificate\n").length - 1 < clients) return;
          child.stderr.off("data", look);
          child.stdout.off("data", look);
          resolve();
        };
        child.stderr.on("data", look);
        child.stdout.on("data", look);
        look();
      }),
    believed: () => printed.split("TLS read finished").length - 1,
    stop,
  };
}
