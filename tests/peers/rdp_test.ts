import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientResult } from "../support/client_process.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { startRdpServer } from "../support/rdp_server.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["xrdp"], async (stack, { pki }) => {
  const { path } = stack.use(await makeTempDirectory("rdp"));
  const ownCert = join(path, "own.crt");
  await writeFile(ownCert, pki.stranger.cert);
  const identity = pki.stranger;
  return {
    ownCert,
    negotiating: stack.use(await startRdpServer({ identity, security: "negotiate" })),
    tlsOnly: stack.use(await startRdpServer({ identity, security: "tls" })),
    withoutTls: stack.use(await startRdpServer({ identity, security: "rdp" })),
  };
});

function run(runtime: TestRuntime, port: number, certificate: string): Promise<ClientResult> {
  return runExample(runtime, ["rdp_security", "localhost", String(port), certificate], { allow: `localhost:${port}` });
}

const CERTIFICATE = "  TLSv1.3, certificate for DNS:mail.test, DNS:localhost, IP Address:127.0.0.1\n";

const UPGRADE = { name: "RDP", shows: "negotiates TLS and upgrades to the server's self-signed certificate" };
testUseCase(test, UPGRADE, async (runtime, { negotiating: { port, process }, ownCert }) => {
  const from = process.log().length;
  const { status, stdout, stderr } = await run(runtime, port, ownCert);
  const offers = `TLS: yes\n${CERTIFICATE}CredSSP over TLS: no\nRDP's own encryption: yes\n`;
  assert.deepEqual([status, stdout], [0, offers], stderr);
  // The server says so once the handshake is done.
  await process.waitForLog(/requested \[SSL\|RDP\], selected \[SSL\][\s\S]*Using TLS security/, { from });
  await process.waitForLog(/requested \[RDP\], selected \[RDP\]/, { from });
});

const REFUSALS = { name: "RDP", shows: "what a server refuses is shown with its reason" };
testUseCase(test, REFUSALS, async (runtime, { tlsOnly, withoutTls, ownCert }) => {
  const strict = await run(runtime, tlsOnly.port, ownCert);
  const tls = `TLS: yes\n${CERTIFICATE}CredSSP over TLS: no, wants TLS\nRDP's own encryption: no, wants TLS\n`;
  assert.deepEqual([strict.status, strict.stdout], [0, tls], strict.stderr);
  const old = await run(runtime, withoutTls.port, ownCert);
  const own = "TLS: no\nCredSSP over TLS: no\nRDP's own encryption: yes\n";
  assert.deepEqual([old.status, old.stdout], [0, own], old.stderr);
});

test("NET-06 NET-21 RDP: another certificate than the one named ends the example", async ({ negotiating, caFile }) => {
  const from = negotiating.process.log().length;
  await eachRuntime(async (runtime) => {
    const { status, stdout, stderr } = await run(runtime, negotiating.port, caFile);
    assert.deepEqual([status, stdout], [1, "TLS: yes\n"], stderr);
    assert.match(stderr, /Cannot trust the certificate of localhost: \w*SELF_SIGNED/);
  });
  assert.doesNotMatch(negotiating.process.log().slice(from), /Using TLS security/);
});

test("NET-01 NET-21 RDP: without approval the server is not reached", async ({ negotiating: { port, process } }) => {
  const before = process.log();
  await eachRuntime(async (runtime) => {
    const { status, stdout, stderr } = await runExample(runtime, ["rdp_security", "localhost", String(port)], {
      allow: "",
    });
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(
      stderr,
      /^parley: refused file:\/\/\S+ a connection to localhost:\d+: there is no terminal to ask at/m,
    );
  });
  assert.equal(process.log(), before);
});
