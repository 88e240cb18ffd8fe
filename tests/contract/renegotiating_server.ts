/** A TLS 1.2 server that asks for renegotiation at a test's word: `openssl s_server`, which no runtime's own server can do. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestIdentity } from "../support/test_pki.ts";
import type { ContractServer } from "./contract_host.ts";
import { LOOPBACK } from "./node_host.ts";

/** The server, and what a test does with it. */
export interface RenegotiatingServer extends ContractServer {
  /** Asks the client for a second handshake. */
  renegotiate(): void;
  /** Waits until the server has printed something. */
  until(text: string | RegExp): Promise<void>;
  /** How many handshakes a client has begun. */
  handshakes(): number;
}

/** Starts the server on a free port. */
export async function renegotiatingServer({ cert, key }: TestIdentity): Promise<RenegotiatingServer> {
  const directory = mkdtempSync(join(tmpdir(), "parley-reneg-"));
  const file = (name: string, text: string): string => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  const files = ["-cert", file("cert.pem", cert), "-key", file("key.pem", key)];
  const child = spawn("openssl", ["s_server", "-accept", "127.0.0.1:0", "-tls1_2", "-state", ...files]);
  let printed = "";
  const waiting = new Set<() => void>();
  const hear = (chunk: Uint8Array): void => {
    printed += new TextDecoder().decode(chunk);
    for (const look of waiting) look();
  };
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  child.stdin.on("error", () => {});
  const until = (text: string | RegExp): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (typeof text === "string" ? !printed.includes(text) : !text.test(printed)) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  await until(/ACCEPT 127\.0\.0\.1:\d+/);
  return {
    address: LOOPBACK,
    port: Number(/ACCEPT 127\.0\.0\.1:(\d+)/.exec(printed)![1]),
    renegotiate: () => void child.stdin.write("R\n"),
    until,
    handshakes: () => printed.split("read client hello").length - 1,
    stop: () =>
      new Promise((resolve) => {
        child.once("close", () => {
          rmSync(directory, { recursive: true, force: true });
          resolve();
        });

        child.kill("SIGKILL");
      }),
  };
}
