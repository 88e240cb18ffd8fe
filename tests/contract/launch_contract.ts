/** What must hold whatever a back end's process is launched with, seen from outside the process. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { RUNTIME, test } from "../support/harness.ts";
import { PKI_MISSING, testPki } from "../support/test_pki.ts";
import { discard } from "./link_tools.ts";
import { nativeGaps } from "./native_backend.ts";
import { listenTcp } from "./node_host.ts";
import type { ConnectOnce } from "./programs/connect_once.ts";
import type { PollutionOutcome, PollutionPlan } from "./programs/pollute.ts";
import { tlsTerms } from "./tls_contract.ts";
import { listenTls } from "./tls_server.ts";

/** The command line of a program under this runtime. */
function argumentsOf(program: string): string[] {
  const path = fileURLToPath(new URL(`./programs/${program}.ts`, import.meta.url));
  return RUNTIME === "deno" ? ["run", "-A", "--no-prompt", path] : [path];
}

const ARGUMENTS = argumentsOf("connect_once");

/** Registers the suite. It runs the program under the runtime that runs the test. */
export function launchContract(name: string): void {
  test(
    `${name}: CON-15 trusts nothing that the environment adds, and checks what it switches off`,
    hostileEnvironment,
    {
      skip: PKI_MISSING,
      timeoutMs: 60_000,
    },
  );
  test(
    `${name}: CORE-01 no name on Object.prototype makes it trust, misname, resume or go elsewhere`,
    pollutedPrototype,
    {
      skip: PKI_MISSING,
      timeoutMs: 120_000,
    },
  );
  const skip = straceMissing();
  for (const noDelay of [true, false]) {
    test(`${name}: NET-05 noDelay ${noDelay} reaches the socket`, () => tracedNoDelay(noDelay), { skip });
  }
  test(`${name}: NET-05 keepAlive reaches the socket, its delay as the gaps say`, tracedKeepAlive, { skip });
  test(`${name}: NET-05 no keepAlive leaves the socket without`, tracedNoKeepAlive, { skip });
}

/** Every variable that adds an authority or weakens a check on one of the runtimes. */
function hostileVariables(caFile: string): Record<string, string> {
  return {
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: caFile,
    // Node refuses to start with both; the first also reads SSL_CERT_FILE, which holds the authority.
    ...(RUNTIME === "node" ? { NODE_OPTIONS: "--use-openssl-ca --tls-min-v1.0" } : { NODE_USE_SYSTEM_CA: "1" }),
    SSL_CERT_FILE: caFile,
    SSL_CERT_DIR: join(caFile, ".."),
    DENO_CERT: caFile,
    DENO_TLS_CA_STORE: "system,mozilla",
    NODE_NO_WARNINGS: "1",
  };
}

async function hostileEnvironment(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "parley-env-"));
  const { ca, server: identity, stranger } = testPki();
  const good = await listenTls(discard, { identity });
  const bad = await listenTls(discard, { identity: stranger });
  try {
    const caFile = join(directory, "ca.pem");
    writeFileSync(caFile, `${ca}\n${stranger.cert}`);
    const environment = hostileVariables(caFile);
    const outcome = (port: number, terms: Parameters<typeof tlsTerms>[0]): Promise<unknown> =>
      run(plan({ port, tls: tlsTerms(terms) }), environment);
    assert.deepEqual(await outcome(good.port, { ca: null }), { trusted: false, reason: "untrusted" });
    assert.deepEqual(await outcome(bad.port, {}), { trusted: false, reason: "untrusted" });
    assert.deepEqual(await outcome(good.port, { serverName: "other.test" }), { trusted: false, reason: "name" });
    assert.deepEqual(await outcome(good.port, {}), { trusted: true, reason: null });
  } finally {
    await good.stop();
    await bad.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The one name over which Node and Bun stumble and fail: their sockets look for it on themselves, out of our reach. */
const STUMBLING_BLOCK = "blockList";

/** No name may lead to trust, and only one may lead to failure. */
async function pollutedPrototype(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "parley-pollution-"));
  const { ca, server: identity, stranger, client } = testPki();
  const good = await listenTls(discard, { identity, alpnProtocols: ["evil/1"] });
  const bad = await listenTls(discard, { identity: stranger });
  try {
    const file = join(directory, "plan.json");
    const authority = `${ca}\n${stranger.cert}`;
    const plan: PollutionPlan = { good: good.port, bad: bad.port, ca, authority, ...client };
    writeFileSync(file, JSON.stringify(plan));
    const options = { environment: {}, timeoutMs: 110_000 };
    const outcomes = await execute(process.execPath, [...argumentsOf("pollute"), file], options) as PollutionOutcome[];
    const expected = {
      stranger: "untrusted",
      unlisted: "untrusted",
      misnamed: "name",
      right: "trusted none",
      connected: "127.0.0.1 to 127.0.0.1 true",
    };
    assert.deepEqual(outcomes.at(-1), { name: "", ...expected });
    assert.ok(outcomes.length > 60);
    for (const { name, ...outcome } of outcomes) {
      for (const [what, came] of Object.entries(outcome)) {
        const harmless = came === "failed" && name === STUMBLING_BLOCK;
        assert.ok(harmless || came === expected[what as keyof typeof expected], `${name}, ${what}: ${came}`);
      }
    }
    assert.ok(good.seen.every((seen) => !seen.resumed && seen.client === null));
  } finally {
    await good.stop();
    await bad.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function tracedNoDelay(noDelay: boolean): Promise<void> {
  const calls = await traced({ noDelay });
  const last = calls.filter((call) => call.includes("TCP_NODELAY")).at(-1);
  if (noDelay) assert.match(last ?? "never set", /TCP_NODELAY, \[1\]/);
  else assert.doesNotMatch(last ?? "never set", /TCP_NODELAY, \[1\]/);
}

async function tracedKeepAlive(): Promise<void> {
  const calls = await traced({ keepAliveDelayMs: 41_000 });
  assert.ok(calls.some((call) => /SO_KEEPALIVE, \[1\]/.test(call)), calls.join("\n"));
  assert.equal(
    calls.some((call) => /TCP_KEEPIDLE, \[41\]/.test(call)),
    !nativeGaps.keepAliveDelayIgnored,
    calls.join("\n"),
  );
}

async function tracedNoKeepAlive(): Promise<void> {
  const calls = await traced({});
  assert.ok(!calls.some((call) => /SO_KEEPALIVE, \[1\]/.test(call)), calls.join("\n"));
}

/** The `setsockopt` calls of a process that connects once. */
async function traced(options: Partial<ConnectOnce>): Promise<string[]> {
  const directory = mkdtempSync(join(tmpdir(), "parley-trace-"));
  const server = await listenTcp(discard);
  try {
    const trace = join(directory, "trace");
    const tracer = ["-f", "-qq", "-e", "trace=setsockopt", "-o", trace, process.execPath, ...ARGUMENTS];
    assert.deepEqual(await execute("strace", [...tracer, plan({ port: server.port, ...options })]), {
      connected: true,
    });
    return readFileSync(trace, "utf8").split("\n").filter((line) => line.includes("setsockopt("));
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function plan(options: Partial<ConnectOnce> & { readonly port: number }): string {
  return JSON.stringify({ noDelay: true, keepAliveDelayMs: null, tls: null, ...options });
}

function run(argument: string, environment: Record<string, string>): Promise<unknown> {
  return execute(process.execPath, [...ARGUMENTS, argument], { environment });
}

/** Runs a command and parses what it prints. */
function execute(
  command: string,
  args: readonly string[],
  options: { readonly environment?: Record<string, string>; readonly timeoutMs?: number } = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { environment = {}, timeoutMs = 25_000 } = options;
    execFile(command, [...args], { env: { ...process.env, ...environment }, timeout: timeoutMs }, (error, stdout) => {
      if (error) reject(error);
      else resolve(JSON.parse(stdout));
    });
  });
}

function straceMissing(): string | null {
  try {
    execFileSync("strace", ["-qq", "-e", "trace=none", "true"], { stdio: "ignore" });
    return null;
  } catch {
    return "strace is not there, or may not trace";
  }
}
