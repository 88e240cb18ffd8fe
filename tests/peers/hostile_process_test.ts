import assert from "node:assert/strict";
import { startEchoServer } from "../support/echo_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { startOpensslServer } from "../support/openssl_server.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { type PeerContext, peerSuite } from "./peer_suite.ts";
import type { Attempt } from "./programs/attempts.ts";
import type { Outcome } from "./programs/outcome.ts";
import { assertRefused, runAttempts, runConnect } from "./run_client.ts";

/** The server answers with the reverse, and ends the connection when it is told to. */
const LINES = "parley\nCLOSE\n";

const test = await peerSuite(["python3-aiosmtpd", "socat"], async (stack, { pki }) => ({
  echo: stack.use(await startEchoServer()),
  lines: stack.use(await startOpensslServer({ identity: pki.server, mode: "reverse" })),
  smtp: stack.use(await startSmtpServer(pki.server)),
}));

type Peers = PeerContext & Readonly<Record<"echo" | "lines" | "smtp", { readonly port: number }>>;

/** Nine connections: some must work, some must not, and one was never approved. */
function makeAttempts({ echo, lines, smtp, pki }: Peers): Attempt[] {
  const tls = { ca: pki.ca };
  return [
    { port: echo.port, speak: "plain", say: "back" },
    { port: lines.port, speak: "tls", tls, say: LINES },
    { port: lines.port, speak: "tls", say: LINES },
    { port: lines.port, speak: "tls", tls: { ...tls, serverName: "other.test" }, say: LINES },
    { port: smtp.port, speak: "smtp", tls },
    { port: smtp.port, speak: "smtp" },
    { port: smtp.port, speak: "smtp", tls: { ...tls, serverName: "other.test" } },
    { host: "127.0.0.1", port: lines.port, speak: "tls", tls: { ...tls, serverName: "localhost" } },
    { host: "127.0.0.1", port: echo.port, speak: "plain", say: "denied" },
  ];
}

const EXPECTED = [
  "worked null",
  "worked localhost own-ca",
  "NetworkError TLS_UNTRUSTED",
  "NetworkError TLS_NAME",
  "worked localhost own-ca",
  "NetworkError TLS_UNTRUSTED",
  "NetworkError TLS_NAME",
  "worked localhost own-ca",
  "NotAllowedError null",
];

function allowed({ echo, lines, smtp }: Peers): string {
  return `localhost:${echo.port},localhost:${lines.port},localhost:${smtp.port},127.0.0.1:${lines.port}`;
}

/** What counts in an outcome, in one line. */
function summary(outcome: Outcome): string {
  if (!outcome.ok) return `${outcome.name} ${outcome.code}`;
  const { serverName, checkedBy } = outcome.value as Readonly<Record<string, string | null>>;
  return serverName === null ? "worked null" : `worked ${serverName} ${checkedBy}`;
}

async function assertUnmoved(
  runtime: TestRuntime,
  peers: Peers,
  hostile: { readonly polluted?: boolean; readonly env?: Readonly<Record<string, string>> },
): Promise<void> {
  const attempts = makeAttempts(peers);
  const allow = allowed(peers);
  const pollution = hostile.polluted === true
    ? { ca: peers.pki.ca, destination: `127.0.0.1:${peers.echo.port}` }
    : null;
  const run = await runAttempts(runtime, { attempts, pollution }, { allow, env: hostile.env ?? {} });
  assert.deepEqual(run.printed.map(summary), EXPECTED, `${JSON.stringify(run.printed, null, 1)}\n${run.stderr}`);
  const clean = await runAttempts(runtime, { attempts }, { allow });
  assert.deepEqual(run.printed, clean.printed);
  assert.equal(parleyLines(run.stderr), parleyLines(clean.stderr));
}

/** What Parley told the operator; runtimes have warnings of their own about such variables. */
function parleyLines(stderr: string): string {
  return stderr.split("\n").filter((line) => line.startsWith("parley:")).join("\n");
}

test("CORE-01 with names polluted on Object.prototype no verification, decision or log line changes", async (peers) => {
  await eachRuntime((runtime) => assertUnmoved(runtime, peers, { polluted: true }));
});

test("CON-15 variables that weaken TLS or add authorities change nothing for a script", async (peers) => {
  await eachRuntime((runtime) => assertUnmoved(runtime, peers, { env: weakening(peers) }));
});

test("CORE-01 CON-15 polluted and with weakening variables at once, everything stays as it was", async (peers) => {
  await eachRuntime((runtime) => assertUnmoved(runtime, peers, { polluted: true, env: weakening(peers) }));
});

test("CON-15 variables that weaken TLS or add authorities change nothing for parley connect", async (peers) => {
  const { lines, smtp } = peers;
  await eachRuntime(async (runtime) => {
    for (
      const { port, how } of [{ port: lines.port, how: ["--tls"] }, { port: smtp.port, how: ["--starttls", "smtp"] }]
    ) {
      const args = [`localhost:${port}`, "--allow", `localhost:${port}`, ...how];
      const result = await runConnect(runtime, args, { input: LINES, env: weakening(peers) });
      assertRefused(result, { status: 76, codes: ["TLS_UNTRUSTED"] });
    }
  });
});

function weakening({ caFile }: Peers): Record<string, string> {
  return {
    NODE_TLS_REJECT_UNAUTHORIZED: "0",
    NODE_EXTRA_CA_CERTS: caFile,
    NODE_USE_SYSTEM_CA: "1",
    SSL_CERT_FILE: caFile,
    DENO_CERT: caFile,
    DENO_TLS_CA_STORE: "system",
    BUN_CONFIG_CAFILE: caFile,
    HTTPS_PROXY: "http://127.0.0.9:9",
    ALL_PROXY: "socks5://127.0.0.9:9",
  };
}
