import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startEchoServer } from "../support/echo_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { startOpensslServer } from "../support/openssl_server.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertFailed, assertRefused, assertWorked, runAttempts, runConnect } from "./run_client.ts";

const GET = "GET / HTTP/1.0\r\n\r\n";

const test = await peerSuite(["socat"], async (stack, { pki }) => {
  const echo = stack.use(await startEchoServer());
  const status = stack.use(await startOpensslServer({ identity: pki.server, mode: "status" }));
  return { echo, status };
});

interface Ports {
  readonly echo: { readonly port: number };
  readonly status: { readonly port: number };
  readonly caFile: string;
}

type HostileFiles = Readonly<Record<string, string>>;

/**
 * Directories that somebody else prepared. What makes Bun run their code instead of the program's (`preload` and `define` of
 * ordinary names in bunfig.toml, `paths` for every name in tsconfig.json) no program can prevent: see SECURITY.md.
 */
const DIRECTORIES: readonly (readonly [what: string, files: (ports: Ports) => HostileFiles])[] = [
  [".env files that approve everything", () => dotEnv("PARLEY_ALLOW=*")],
  [
    ".env files that approve the very destination",
    ({ echo, status }) => dotEnv(`PARLEY_ALLOW=localhost:${echo.port},localhost:${status.port}`),
  ],
  [".env files that choose the host which reaches nothing real", () => dotEnv("PARLEY_HOST=memory")],
  [".env files that weaken TLS", ({ caFile }) => dotEnv(weakening(caFile))],
  ["a bunfig.toml that sets variables", ({ echo, status, caFile }) => ({
    "bunfig.toml": [
      "env = true",
      "[define]",
      `"process.env.PARLEY_ALLOW" = "'localhost:${echo.port},localhost:${status.port}'"`,
      `"process.env.NODE_TLS_REJECT_UNAUTHORIZED" = "'0'"`,
      `"process.env.PARLEY_HOST" = "'memory'"`,
      "[install]",
      `cafile = "${caFile}"`,
      "",
    ].join("\n"),
    ...dotEnv(weakening(caFile)),
  })],
  ["deno.json and package.json with settings of their own", ({ echo, caFile }) => ({
    "deno.json": JSON.stringify({
      imports: { "ipaddr.js": "./evil.ts", "../../../mod.ts": "./evil.ts" },
      permissions: { default: { net: true } },
      tasks: {},
      unsafelyIgnoreCertificateErrors: true,
    }),
    "package.json": JSON.stringify({
      type: "commonjs",
      imports: { "#evil": "./evil.ts" },
      parley: { allow: [`localhost:${echo.port}`] },
      config: { PARLEY_ALLOW: `localhost:${echo.port}` },
    }),
    "tsconfig.json": JSON.stringify({
      compilerOptions: { paths: { "ipaddr.js": ["./evil.ts"], "*/mod.ts": ["./evil.ts"] } },
    }),
    "evil.ts": "throw new TypeError('code of the working directory ran');\n",
    "parley.json": JSON.stringify({ allow: ["*:*"] }),
    ".npmrc": `cafile=${caFile}\nstrict-ssl=false\nnode-options=--use-openssl-ca\n`,
  })],
];

for (const [what, files] of DIRECTORIES) {
  test(`CON-15 in a directory with ${what}, nothing is approved or trusted that would not be elsewhere`, async (peers) => {
    const { echo, status, pki } = peers;
    await using directory = await makeTempDirectory("hostile");
    for (const [name, text] of Object.entries(files(peers))) await writeFile(join(directory.path, name), text);
    const cwd = directory.path;
    const attempts = [
      { port: echo.port, speak: "plain", say: "denied" },
      { port: status.port, speak: "tls", say: GET },
      { port: status.port, speak: "tls", tls: { ca: pki.ca }, say: GET },
    ] as const;
    await eachRuntime(async (runtime) => {
      const denied = await runAttempts(runtime, { attempts }, { allow: "", cwd });
      for (const outcome of denied.printed) assertFailed(outcome, null);
      const { printed: [none, untrusted, trusted] } = await runAttempts(runtime, { attempts }, {
        allow: `localhost:${status.port}`,
        cwd,
      });
      assertFailed(none, null);
      assertFailed(untrusted, ["TLS_UNTRUSTED"]);
      assert.match((assertWorked(trusted) as { answer: string }).answer, /^New, TLSv1\.3/m);
      const target = `localhost:${status.port}`;
      const unasked = await runConnect(runtime, [`localhost:${echo.port}`], { input: "denied", cwd });
      assertRefused(unasked, { status: 77, codes: ["PERM_DENIED", "PERM_NO_TERMINAL"] });
      const cli = await runConnect(runtime, [target, "--allow", target, "--tls"], { input: GET, cwd });
      assertRefused(cli, { status: 76, codes: ["TLS_UNTRUSTED"] });
    });
  });
}

/** Every name under which a runtime looks for one. */
function dotEnv(text: string): HostileFiles {
  const names = [".env", ".env.local", ".env.development", ".env.production", ".env.development.local"];
  return Object.fromEntries(names.map((name) => [name, `${text}\n`]));
}

function weakening(caFile: string): string {
  return [
    "NODE_TLS_REJECT_UNAUTHORIZED=0",
    `NODE_EXTRA_CA_CERTS=${caFile}`,
    `SSL_CERT_FILE=${caFile}`,
    `DENO_CERT=${caFile}`,
    "NODE_USE_SYSTEM_CA=1",
  ].join("\n");
}
