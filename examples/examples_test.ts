/** Runs the examples as their user would, on the host that reaches nothing real. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RUNTIME, test } from "../tests/support/harness.ts";

const run = promisify(execFile);

async function example(name: string, ...args: string[]): Promise<string> {
  const path = fileURLToPath(new URL(name, import.meta.url));
  const flags = RUNTIME === "deno" ? ["run", "--allow-env", "--allow-read"] : [];
  const { stdout } = await run(process.execPath, [...flags, path, ...args], {
    env: { ...process.env, PARLEY_HOST: "memory" },
  });
  return stdout;
}

test("NET-21 examples/whois.ts asks a server and prints its answer", async () => {
  assert.match(await example("whois.ts", "example.org", "whois.example"), /domain: +EXAMPLE\.ORG/);
});

test("NET-06 examples/start_tls.ts upgrades and shows the certificate", async () => {
  assert.match(await example("start_tls.ts"), /TLSv1\.3, certificate for DNS:mail\.example/);
});
