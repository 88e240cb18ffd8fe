/**
 * The CORS guard against real TLS and HTTP servers at port 443, in a network namespace of their own (NET-12): what the
 * program is told, what the operator is told, and which connections there were.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ClientResult, runClient } from "../support/client_process.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { NamespacePair, netnsMissing } from "../support/netns.ts";
import { RecordProcess } from "../support/record_process.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { writeIdentity } from "../support/server_identity.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import type { Attempt } from "./programs/attempts.ts";
import type { Outcome } from "./programs/outcome.ts";
import { assertFailed, assertWorked } from "./run_client.ts";

const run = promisify(execFile);
const HOSTS = fileURLToPath(new URL("./cors_guard_hosts.py", import.meta.url));
/** Address by kind of host; nothing listens at the last. */
const ADDRESSES = {
  "cors": "198.51.45.81",
  "no-cors": "198.51.45.82",
  "garbage": "198.51.45.83",
  "long": "198.51.45.84",
  "silent": "198.51.45.85",
  "plain": "198.51.45.86",
  "closed": "198.51.45.87",
} as const;
type Kind = keyof typeof ADDRESSES;
const GET = "GET / HTTP/1.1\r\nHost: mail.test\r\nConnection: close\r\n\r\n";

interface Scene {
  readonly namespaces: NamespacePair;
  readonly hosts: RecordProcess;
}

const test = await peerSuite([], async (stack, { pki }): Promise<Scene> => {
  const records = Object.fromEntries(Object.entries(ADDRESSES).map(([kind, address]) => [`${kind}.test`, [address]]));
  const namespaces = stack.use(await NamespacePair.create(records));
  for (const address of Object.values(ADDRESSES)) {
    const [ip = "", ...args] = namespaces.inRouter(["/usr/sbin/ip", "address", "add", `${address}/32`, "dev", "lo"]);
    await run(ip, args);
  }
  const { path } = stack.use(await makeTempDirectory("cors-guard"));
  const { cert, key } = await writeIdentity(path, pki.server, "server");
  const kinds = Object.entries(ADDRESSES).filter(([kind]) => kind !== "closed").map((
    [kind, address],
  ) => [address, kind]);
  const argv = ["/usr/bin/python3", HOSTS, cert, key, JSON.stringify(Object.fromEntries(kinds))];
  const hosts = stack.use(new RecordProcess(namespaces.inRouter(argv)));
  await hosts.record({ event: "ready" });
  return { namespaces, hosts };
}, { skip: await netnsMissing() });

interface Attempts {
  readonly outcomes: readonly Outcome[];
  readonly operator: string;
}

/** Connects to hosts as a program does, on one runtime. */
async function attempt(
  { namespaces }: Scene,
  runtime: TestRuntime,
  attempts: readonly (Partial<Attempt> & { readonly to: Kind })[],
): Promise<Attempts> {
  const plan = {
    pollution: null,
    attempts: attempts.map(({ to, ...rest }) => ({ host: `${to}.test`, port: 443, speak: "tls", say: GET, ...rest })),
  };
  const { status, stdout, stderr } = await runClient({
    runtime,
    program: "tests/peers/programs/attempts.ts",
    args: [JSON.stringify(plan)],
    env: { PARLEY_ALLOW: attempts.map(({ to, host }) => `${host ?? `${to}.test`}:443`).join() },
    within: (argv) => namespaces.inClient(argv),
    timeoutMs: 60_000,
  });
  assert.equal(status, 0, stderr);
  return { outcomes: JSON.parse(stdout), operator: stderr };
}

/** How often a host was connected to. */
function connections({ hosts }: Scene, kind: Kind): number {
  return hosts.records.filter(({ record }) => record["event"] === "connected" && record["address"] === ADDRESSES[kind])
    .length;
}

test("NET-12 RS-15 a host that lets others read it by fetch() is refused, and asked once for all attempts", async (scene) => {
  const tls = { ca: scene.pki.ca, serverName: "mail.test" };
  const before = connections(scene, "cors");
  await eachRuntime(async (runtime) => {
    const { outcomes, operator } = await attempt(scene, runtime, [
      { to: "cors", tls },
      { to: "cors", tls },
      { to: "cors", host: ADDRESSES.cors, tls },
    ]);
    for (const outcome of outcomes) assertFailed(outcome, null);
    assert.match(operator, /no connection to .*cors\.test:443: .*can be reached with fetch\(\)/);
  });
  // By the name, and by the address; the program's own connection was never made.
  assert.equal(connections(scene, "cors") - before, 3 * 2);
  const { text } = (await scene.hosts.record({ event: "heard", address: ADDRESSES.cors })).record;
  assert.match(
    String(text),
    /^OPTIONS \/ HTTP\/1\.1\r\nHost: mail\.test\nOrigin: null\nAccess-Control-Request-Method: GET\n/,
  );
});

test("NET-12 a web server without CORS is let through, by the same address, and asked once an hour", async (scene) => {
  const tls = { ca: scene.pki.ca, serverName: "mail.test" };
  const before = connections(scene, "no-cors");
  await eachRuntime(async (runtime) => {
    const { outcomes, operator } = await attempt(scene, runtime, [{ to: "no-cors", tls }, { to: "no-cors", tls }]);
    for (const outcome of outcomes) assert.match((assertWorked(outcome) as { answer: string }).answer, /the page$/);
    assert.doesNotMatch(operator, /fetch/);
  });
  assert.equal(connections(scene, "no-cors") - before, 3 * 3);
});

test("NET-12 what gives no HTTP answer is refused in the same words, and the operator told why", async (scene) => {
  const tls = { ca: scene.pki.ca, serverName: "mail.test" };
  const told: readonly (readonly [Kind, RegExp])[] = [
    ["garbage", /does not speak HTTP/],
    ["long", /longer than 16384 bytes/],
    ["silent", /no answer in time/],
    ["plain", /did not say over HTTPS/],
  ];
  await eachRuntime(async (runtime) => {
    const { outcomes, operator } = await attempt(scene, runtime, told.map(([to]) => ({ to, tls })));
    outcomes.forEach((outcome, index) => {
      assertFailed(outcome, null);
      const message = outcome.ok ? "" : outcome.message;
      assert.equal(message, `Not allowed to connect to ${told[index]?.[0]}.test:443`);
    });
    for (const [kind, reason] of told) {
      const line = operator.split("\n").find((each) => each.includes(`${kind}.test:443`)) ?? "";
      assert.match(line, reason, operator);
      assert.match(line, /"fetchCheck": "skip"/);
    }
  });
});

test("NET-12 a certificate that the approval does not trust is no answer, whatever the program does about it", async (scene) => {
  await eachRuntime(async (runtime) => {
    const { outcomes, operator } = await attempt(scene, runtime, [
      { to: "no-cors", tls: { serverName: "mail.test" } },
      { to: "no-cors", tls: { ca: scene.pki.ca } },
      { to: "no-cors", speak: "plain" },
    ]);
    for (const outcome of outcomes) assertFailed(outcome, null);
    assert.equal(operator.match(/Cannot trust the certificate/g)?.length, 3, operator);
  });
});

test("NET-17 a host that nothing listens at is a NetworkError with its code, guard or not", async (scene) => {
  await eachRuntime(async (runtime) => {
    const { outcomes: [outcome] } = await attempt(scene, runtime, [{ to: "closed" }]);
    assertFailed(outcome, ["NET_REFUSED"]);
  });
});

test("NET-12 parley connect is the operator's own command: not asked about, and says so", async (scene) => {
  const before = connections(scene, "cors");
  await eachRuntime(async (runtime) => {
    const target = "cors.test:443";
    const { status, stdout, stderr }: ClientResult = await runClient({
      runtime,
      program: "cli/main.ts",
      args: ["connect", target, "--allow", target, "--tls", "--ca", scene.caFile, "--servername", "mail.test"],
      input: GET,
      within: (argv) => scene.namespaces.inClient(argv),
    });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /the page$/);
    assert.match(stderr, /port 443: whether fetch\(\) reaches the host was not asked/);
  });
  assert.equal(connections(scene, "cors") - before, 3);
});
