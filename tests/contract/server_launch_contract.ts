/** What must hold of servers whatever their process is launched with, seen from outside the process. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseIpAddress } from "../../core/ip_address.ts";
import type { ByteLink, NetBackend, TlsTerms } from "../../net/port.ts";
import type { ListenOptions } from "../../net/server_port.ts";
import { RUNTIME, test } from "../support/harness.ts";
import { ServerProcess } from "../support/server_process.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { testGrant } from "../support/test_grant.ts";
import { PKI_MISSING, testPki } from "../support/test_pki.ts";
import { stalled, utf8 } from "./link_tools.ts";
import { nativeBackend, nativeGaps } from "./native_backend.ts";
import { connectOptions } from "./net_contract.ts";
import type { AcceptStatus } from "./programs/accept.ts";
import type { PollutionClient, ServerPollution, ServerPollutionPlan } from "./programs/pollute_server.ts";
import { tlsTerms } from "./tls_contract.ts";

const net: NetBackend = await nativeBackend();

/** Registers the suite. It runs programs under the runtime that runs the test. */
export function serverLaunchContract(name: string): void {
  const skip = straceMissing();
  for (const noDelay of [true, false]) {
    test(`${name} server: NET-05 noDelay ${noDelay} reaches an accepted socket`, () => tracedNoDelay(noDelay), {
      skip,
    });
  }
  test(`${name} server: NET-05 keepAlive reaches an accepted socket, its delay as the gaps say`, tracedKeepAlive, {
    skip,
  });
  test(`${name} server: NET-05 no keepAlive leaves an accepted socket without`, tracedNoKeepAlive, { skip });
  test(`${name} server: goes on, and takes no processor time, when there is no descriptor left`, starved, {
    timeoutMs: 60_000,
  });
  test(
    `${name} server: CORE-01 no name on Object.prototype lets a client in, or listens elsewhere`,
    pollutedPrototype,
    {
      skip: PKI_MISSING,
      timeoutMs: 120_000,
    },
  );
}

/** The command line of a program under this runtime. */
function commandOf(program: string): [string, ...string[]] {
  const path = fileURLToPath(new URL(`./programs/${program}.ts`, import.meta.url));
  return RUNTIME === "deno" ? [process.execPath, "run", "-A", "--no-prompt", path] : [process.execPath, path];
}

/** Starts a program that prints its port. */
async function launch(
  command: readonly string[],
  directory?: string,
): Promise<{ server: ServerProcess; port: number }> {
  const [first, ...args] = command as [string, ...string[]];
  const { server, ready } = await ServerProcess.start({
    name: "accept",
    command: first,
    args,
    ready: /^PORT (\d+)$/m,
    env: { HOME: process.env["HOME"] ?? "/", ...denoDirectory() },
    cwd: directory ?? process.cwd(),
  });
  return { server, port: Number(ready[1]) };
}

/** Deno keeps what it compiled there. */
function denoDirectory(): Record<string, string> {
  const directory = process.env["DENO_DIR"];
  return directory === undefined ? {} : { DENO_DIR: directory };
}

function plan(options: Partial<ListenOptions>): string {
  return JSON.stringify({ backlog: 8, ipv6Only: false, noDelay: true, keepAliveDelayMs: null, ...options });
}

function dial(port: number): Promise<ByteLink> {
  return net.connect(testGrant(), { address: parseIpAddress("127.0.0.1")!, port }, connectOptions());
}

/** The `setsockopt` calls of a process that accepts a connection. */
async function traced(options: Partial<ListenOptions>): Promise<string[]> {
  await using directory = await makeTempDirectory("trace");
  const trace = join(directory.path, "trace");
  // With -D the process to be stopped is the program, not the tracer, which would leave it behind.
  const tracer = ["strace", "-D", "-f", "-qq", "-e", "trace=setsockopt", "-o", trace];
  const { server, port } = await launch([...tracer, ...commandOf("accept"), plan(options)]);
  await using _ = server;
  const link = await dial(port);
  await link.write(utf8("x"));
  assert.equal(await link.read(new Uint8Array(1)), 1);
  link.close();
  return readFileSync(trace, "utf8").split("\n").filter((line) => line.includes("setsockopt("));
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
  const delayed = calls.some((call) => /TCP_KEEPIDLE, \[41\]/.test(call));
  assert.equal(delayed, !nativeGaps.keepAliveDelayIgnored, calls.join("\n"));
}

async function tracedNoKeepAlive(): Promise<void> {
  const calls = await traced({});
  assert.ok(!calls.some((call) => /SO_KEEPALIVE, \[1\]/.test(call)), calls.join("\n"));
}

/** How a program stands by now. */
async function statusOf(server: ServerProcess): Promise<AcceptStatus> {
  const found = await server.waitForLog(/STATUS (.*)\n/, { from: server.log().length });
  return JSON.parse(found[1]!) as AcceptStatus;
}

async function starved(): Promise<void> {
  const limited = ["sh", "-c", 'ulimit -n 80; exec "$@"', "sh", ...commandOf("accept")];
  const { server, port } = await launch([...limited, plan({ backlog: 128 })]);
  await using _ = server;
  // Deno opens descriptors of its own in its first half second, and panics where it cannot.
  await server.waitForLog(/(STATUS.*\n){10}/);
  const links: ByteLink[] = [];
  for (let i = 0; i < 120; i++) {
    const link = await dial(port).catch(() => null);
    if (link !== null) links.push(link);
  }
  let accepted = -1;
  for (let status = await statusOf(server); status.accepted !== accepted; status = await statusOf(server)) {
    accepted = status.accepted;
  }
  assert.ok(accepted > 10 && accepted < 80, `${accepted} connections under a limit of 80 descriptors`);
  const before = await statusOf(server);
  await stalled(() => 0);
  const after = await statusOf(server);
  const used = after.cpuMs - before.cpuMs;
  assert.ok(used < 150, `${used} ms of processor time in about 400`);
  // Node is told nothing: it breaks such connections off itself.
  assert.deepEqual(after.codes, RUNTIME === "node" ? [] : ["NET_FAILED"]);
  for (const link of links) link.close();
  const link = await dial(port);
  await link.write(utf8("alive"));
  assert.equal(new TextDecoder().decode((await link.readChunk())!), "alive");
  link.close();
}

/** What the clients of the pollution program show, and in which order they come. */
function clients(): readonly (readonly [PollutionClient, Partial<TlsTerms>])[] {
  const { stranger, client } = testPki();
  const evil = { alpnProtocols: ["evil/1"] };
  return [["stranger", { ...stranger, ...evil }], ["anonymous", evil], ["right", { ...client, ...evil }], [
    "plain",
    evil,
  ]];
}

async function pollutedPrototype(): Promise<void> {
  await using directory = await makeTempDirectory("pollution");
  const { server: identity, ca, stranger } = testPki();
  const file = join(directory.path, "plan.json");
  const path = join(directory.path, "test.sock");
  const told: ServerPollutionPlan = { server: identity, ca, stranger, path };
  writeFileSync(file, JSON.stringify(told));
  const { server, port } = await launch([...commandOf("pollute_server"), file]);
  await using _ = server;
  while (!server.log().includes("DONE")) {
    for (const [, terms] of clients()) await visit(port, terms).catch(() => {});
  }
  const found = await server.waitForLog(/DONE (.*)\n/);
  judge(JSON.parse(found[1]!) as ServerPollution[]);
}

/** Connects, makes a handshake, and waits for the end. */
async function visit(port: number, terms: Partial<TlsTerms>): Promise<void> {
  const link = await dial(port);
  try {
    const result = await net.tls(testGrant(), link, tlsTerms(terms), { signal: new AbortController().signal });
    if (result.trusted) await result.link.readChunk();
  } finally {
    link.close();
  }
}

/** Names over which a runtime stumbles and fails: it looks for them on objects of its own, out of our reach. */
const STUMBLING_BLOCKS: Readonly<Record<typeof RUNTIME, readonly string[]>> = {
  deno: ["signal"],
  bun: ["_handle", "signal"],
  node: ["signal"],
};

function judge(outcomes: readonly ServerPollution[]): void {
  const expected = {
    stranger: "failed",
    anonymous: "failed",
    right: "mail.test  TLSv1.3 CN=client",
    plain: "mail.test  TLSv1.3 nobody",
    listened: "127.0.0.1 true",
    path: "true true 600",
  };
  assert.deepEqual(outcomes.at(-1), { name: "", ...expected });
  assert.ok(outcomes.length > 60);
  const failed = new Set<string>();
  for (const { name, ...outcome } of outcomes) {
    for (const [what, came] of Object.entries(outcome)) {
      const right = expected[what as keyof typeof expected];
      if (came === "failed" && right !== "failed") failed.add(name);
      else assert.equal(came, right, `${name}, ${what}`);
    }
  }
  assert.deepEqual([...failed], STUMBLING_BLOCKS[RUNTIME]);
}

function straceMissing(): string | null {
  try {
    execFileSync("strace", ["-qq", "-e", "trace=none", "true"], { stdio: "ignore" });
    return null;
  } catch {
    return "strace is not there, or may not trace";
  }
}
