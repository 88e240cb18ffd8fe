import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { PASSWORD_ROLE, startPostgresServer, TRUSTED_ROLE } from "../support/postgres_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertFailed, assertRefused, assertWorked, runAttempts, runConnect, runScript } from "./run_client.ts";

/** The startup message for the role that is asked for a password; its answer ends the conversation at the client's end. */
const STARTUP = startup(PASSWORD_ROLE);
/** The authentication code of "use SASL". */
const USE_SASL = "\x00\x00\x00\x0a";

const test = await peerSuite(["postgresql-15"], async (stack, { pki }) => ({
  postgres: stack.use(await startPostgresServer(pki.server)),
}));

test("NET-06 a script upgrades after SSLRequest and is asked for its password", async ({ postgres, caFile }) => {
  await eachRuntime(async (runtime) => {
    const args = ["postgres", String(postgres.port), caFile, PASSWORD_ROLE] as const;
    const { printed } = await runScript(runtime, args, { allow: `localhost:${postgres.port}` });
    const { offer, kind, authentication } = assertWorked(printed) as Record<string, string>;
    assert.deepEqual([offer, kind], ["S", "R"]);
    const mechanisms = String(authentication).split("\x00").filter((name) => name.startsWith("SCRAM"));
    assert.ok(authentication?.startsWith(USE_SASL) && mechanisms.includes("SCRAM-SHA-256"), authentication);
  });
});

test("NET-06 PostgreSQL itself says that the script's connection is encrypted", async ({ postgres, caFile }) => {
  await eachRuntime(async (runtime) => {
    const args = ["postgres", String(postgres.port), caFile, TRUSTED_ROLE] as const;
    const { printed } = await runScript(runtime, args, { allow: `localhost:${postgres.port}` });
    const { row } = assertWorked(printed) as Record<string, string>;
    assert.equal(row, "\x00\x02\x00\x00\x00\x01t\x00\x00\x00\x07TLSv1.3");
  });
});

test("NET-06 parley connect --starttls postgres reaches the authentication", async ({ postgres, caFile }) => {
  await eachRuntime(async (runtime) => {
    const target = `localhost:${postgres.port}`;
    const args = [target, "--allow", target, "--starttls", "postgres", "--ca", caFile];
    const { status, stdout, stderr } = await runConnect(runtime, args, { input: STARTUP });
    assert.equal(status, 0, stderr);
    assert.deepEqual([stdout.slice(0, 1), stdout.slice(5, 9)], ["R", USE_SASL]);
    assert.match(stdout, /SCRAM-SHA-256/);
  });
});

test("NET-06 PostgreSQL: an untrusted authority and another name are refused on upgrade", async ({ postgres, pki, caFile }) => {
  const attempts = [
    { port: postgres.port, speak: "postgres" },
    { port: postgres.port, speak: "postgres", tls: { ca: pki.ca, serverName: "other.test" } },
  ] as const;
  const target = `localhost:${postgres.port}`;
  await eachRuntime(async (runtime) => {
    const { printed } = await runAttempts(runtime, { attempts }, { allow: target });
    assertFailed(printed[0], ["TLS_UNTRUSTED"]);
    assertFailed(printed[1], ["TLS_NAME"]);
    const args = [target, "--allow", target, "--starttls", "postgres"];
    assertRefused(await runConnect(runtime, args, { input: STARTUP }), { status: 76, codes: ["TLS_UNTRUSTED"] });
    const named = [...args, "--ca", caFile, "--servername", "other.test"];
    assertRefused(await runConnect(runtime, named, { input: STARTUP }), { status: 76, codes: ["TLS_NAME"] });
  });
});

function startup(role: string): string {
  const rest = `\x00\x03\x00\x00user\x00${role}\x00database\x00postgres\x00\x00`;
  return `\x00\x00\x00${String.fromCharCode(rest.length + 4)}${rest}`;
}
