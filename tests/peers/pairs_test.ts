/** Parley's servers and Parley's clients with each other, each on every runtime: nine pairs. */
import assert from "node:assert/strict";
import { RUNTIMES } from "../support/each_runtime.ts";
import { ClientProcess, runClient } from "../support/client_process.ts";
import { writeIdentity } from "../support/server_identity.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import type { Outcome } from "./programs/outcome.ts";
import { assertFailed, assertWorked } from "./run_client.ts";

const MEBIBYTE = 1024 * 1024;

interface PairRecord {
  readonly halfClose: Outcome;
  readonly tls: Outcome;
  readonly reset: Outcome;
}

const test = await peerSuite([], async (stack, { pki }) => {
  const { path } = stack.use(await makeTempDirectory("pairs"));
  return { identity: await writeIdentity(path, pki.server, "server") };
});

for (const serving of RUNTIMES) {
  test(`NET-22 NET-03 NET-04 NET-06 a server on ${serving} and clients on each runtime: 1 MiB, half-close, TLS, reset`, async (peers) => {
    const { cert, key } = peers.identity;
    await using server = await ClientProcess.start({
      runtime: serving,
      program: "tests/peers/programs/pair_server.ts",
      args: [cert, key],
      env: { PARLEY_ALLOW: "listen://127.0.0.1:0" },
    });
    const [, plain = "", secure = ""] = await server.expect(/"plain":(\d+),"secure":(\d+)/);
    for (const asking of RUNTIMES) {
      const { stdout, stderr } = await runClient({
        runtime: asking,
        program: "tests/peers/programs/pair_client.ts",
        args: [plain, secure, peers.caFile],
        env: { PARLEY_ALLOW: `localhost:${plain},tls://localhost:${secure},localhost:${secure}` },
        input: "",
      });
      const record = JSON.parse(stdout || "{}") as PairRecord;
      const about = `${asking} asks ${serving}: ${stdout} ${stderr}`;
      assert.deepEqual(assertWorked(record.halfClose), { received: MEBIBYTE, equal: true, protocol: null }, about);
      assert.deepEqual(assertWorked(record.tls), { received: MEBIBYTE, equal: true, protocol: "TLSv1.3" }, about);
      assertFailed(record.reset, ["NET_RESET"]);
    }
  });
}
