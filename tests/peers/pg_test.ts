import assert from "node:assert/strict";
import { PASSWORD_ROLE, startPostgresServer, TRUSTED_ROLE } from "../support/postgres_server.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const WHO =
  "SELECT ssl, version, usename FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE pid = pg_backend_pid()";
const PASSWORD = "correct-horse";
/** How the runtimes are told which builds of packages to take. */
const WORKER: Readonly<Record<TestRuntime, Readonly<Record<string, string>>>> = {
  deno: { DENO_CONDITIONS: "workerd" },
  bun: { BUN_OPTIONS: "--conditions=workerd" },
  node: { NODE_OPTIONS: "--conditions=workerd" },
};

const test = await peerSuite(["postgresql-15"], async (stack, { pki }) => ({
  postgres: stack.use(await startPostgresServer(pki.server)),
}));

const QUERIES = { name: "PostgreSQL", shows: "upgrades after SSLRequest and queries over TLS" };
testUseCase(test, QUERIES, async (runtime, { postgres, caFile }) => {
  const url = `postgres://${TRUSTED_ROLE}@localhost:${postgres.port}/postgres`;
  const options = { allow: `localhost:${postgres.port}`, env: { PGSSLROOTCERT: caFile } };
  const { status, stdout, stderr } = await runExample(runtime, ["postgres", url, WHO], options);
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { ssl: true, version: "TLSv1.3", usename: TRUSTED_ROLE });
  const many = "SELECT i, repeat('x', 1000) AS text FROM generate_series(1, 1000) i";
  const large = await runExample(runtime, ["postgres", url, many], options);
  const rows = large.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assert.deepEqual([rows.length, rows[999]], [1000, { i: 1000, text: "x".repeat(1000) }], large.stderr);
});

const LOGS_IN = { name: "PostgreSQL", shows: "logs in with a password, and not with a wrong one" };
testUseCase(test, LOGS_IN, async (runtime, { postgres, caFile }) => {
  const options = { allow: `localhost:${postgres.port}`, env: { PGSSLROOTCERT: caFile } };
  const at = `localhost:${postgres.port}/postgres`;
  const commands = `DROP ROLE IF EXISTS ${PASSWORD_ROLE}; CREATE ROLE ${PASSWORD_ROLE} LOGIN PASSWORD '${PASSWORD}';`;
  const make = `DO $$ BEGIN ${commands} END $$`;
  const made = await runExample(runtime, ["postgres", `postgres://${TRUSTED_ROLE}@${at}`, make], options);
  assert.equal(made.status, 0, made.stderr);
  const good = await runExample(runtime, ["postgres", `postgres://${PASSWORD_ROLE}:${PASSWORD}@${at}`, WHO], options);
  assert.equal(JSON.parse(good.stdout).usename, PASSWORD_ROLE, good.stderr);
  const bad = await runExample(runtime, ["postgres", `postgres://${PASSWORD_ROLE}:wrong@${at}`, WHO], options);
  assert.notEqual(bad.status, 0);
  assert.match(bad.stderr, /password authentication failed/);
});

const UNTRUSTED = { name: "PostgreSQL", shows: "tells a server that cannot be trusted no name" };
testUseCase(test, UNTRUSTED, async (runtime, { postgres }) => {
  const url = `postgres://${runtime}_nobody@localhost:${postgres.port}/postgres`;
  const allow = `localhost:${postgres.port}`;
  const { status, stdout, stderr } = await runExample(runtime, ["postgres", url, WHO], { allow });
  assert.notEqual(status, 0);
  assert.match(stderr, /Cannot trust the certificate/);
  assert.equal(stdout, "");
  assert.ok(!postgres.process.log().includes(`${runtime}_nobody`));
});

const WORKERS = { name: "PostgreSQL by pg-cloudflare", shows: "works unchanged over the WinterTC connect()" };
testUseCase(test, WORKERS, async (runtime, { postgres, caFile }) => {
  const url = `postgres://${TRUSTED_ROLE}@localhost:${postgres.port}/postgres`;
  const options = { allow: `localhost:${postgres.port}`, env: { PGSSLROOTCERT: caFile, ...WORKER[runtime] } };
  const { status, stdout, stderr } = await runExample(runtime, ["postgres_workers", url, WHO], options);
  assert.equal(status, 0, stderr);
  assert.deepEqual(JSON.parse(stdout), { ssl: true, version: "TLSv1.3", usename: TRUSTED_ROLE });
  const untrusted = { allow: options.allow, env: WORKER[runtime] };
  const refused = await runExample(runtime, ["postgres_workers", url, WHO], untrusted);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /Cannot trust the certificate/);
});
