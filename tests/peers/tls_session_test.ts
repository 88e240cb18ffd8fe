import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { eachRuntime } from "../support/each_runtime.ts";
import { startOpensslServer } from "../support/openssl_server.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertWorked, runAttempts } from "./run_client.ts";

const GET = "GET / HTTP/1.0\r\n\r\n";
const run = promisify(execFile);

const test = await peerSuite([], async (stack, { pki }) => ({
  tickets: stack.use(await startOpensslServer({ identity: pki.server, mode: "status", args: ["-num_tickets", "4"] })),
  older: stack.use(await startOpensslServer({ identity: pki.server, mode: "status", args: ["-tls1_2"] })),
}));

test("NET-23 connections in a row to a server with tickets are new sessions, on TLS 1.3 and 1.2", async (peers) => {
  const { tickets, older, pki } = peers;
  const attempts = [tickets, tickets, tickets, older, older, older].map(({ port }) => ({
    port,
    speak: "tls" as const,
    tls: { ca: pki.ca },
    say: GET,
  }));
  const allow = `localhost:${tickets.port},localhost:${older.port}`;
  await eachRuntime(async (runtime) => {
    const { printed } = await runAttempts(runtime, { attempts }, { allow });
    const sessions = printed.map((outcome) => {
      const { answer } = assertWorked(outcome) as { readonly answer: string };
      return /^(New|Reused), (TLSv[\d.]+)/m.exec(answer)?.slice(1).join(" ");
    });
    const expected = ["New TLSv1.3", "New TLSv1.3", "New TLSv1.3", "New TLSv1.2", "New TLSv1.2", "New TLSv1.2"];
    assert.deepEqual(sessions, expected);
  });
});

test("NET-23 no early data is sent to a server that offers to take it", async ({ pki }) => {
  const options = { identity: pki.server, mode: "print" } as const;
  await eachRuntime(async (runtime) => {
    await using server = await startOpensslServer(options);
    const attempts = [1, 2].map(() => ({ port: server.port, speak: "tls" as const, tls: { ca: pki.ca } }));
    const { printed } = await runAttempts(runtime, { attempts }, { allow: `localhost:${server.port}` });
    printed.forEach(assertWorked);
    const log = server.process.log();
    assert.equal(log.split("No early data received").length - 1, 2, log);
    assert.doesNotMatch(log, /^Early data received|^Reused session-id/m);
  });
});

test("NET-23 a client that does resume is seen as one by the same server", async ({ pki, caFile }) => {
  await using server = await startOpensslServer({ identity: pki.server, mode: "print" });
  await using directory = await makeTempDirectory("session");
  const session = join(directory.path, "session.pem");
  // A ticket comes after the handshake: the client waits for the first one, and the second shows it.
  const keep = ["-connect", `127.0.0.1:${server.port}`, "-CAfile", caFile, "-sess_out", session];
  const keeping = run("openssl", ["s_client", ...keep], { timeout: 10_000 });
  await server.process.waitForLog(/^CIPHER is /m);
  keeping.child.stdin?.end("Q\n");
  await keeping;
  const from = server.process.log().length;
  const resuming = run("openssl", ["s_client", "-connect", `127.0.0.1:${server.port}`, "-sess_in", session], {
    timeout: 10_000,
  });
  await server.process.waitForLog(/^Reused session-id/m, { from });
  resuming.child.stdin?.end("Q\n");
  await resuming;
});
