/** The Direct Sockets and WinterTC faces against real servers. */
import assert from "node:assert/strict";
import { ClientProcess } from "../support/client_process.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { startEchoServer } from "../support/echo_server.ts";
import { freePort } from "../support/free_port.ts";
import { startOpensslServer } from "../support/openssl_server.ts";
import { peerSuite } from "./peer_suite.ts";
import type { Outcome } from "./programs/outcome.ts";
import { assertFailed, assertWorked } from "./run_client.ts";

const test = await peerSuite(["socat"], async (stack, { pki }) => ({
  echo: stack.use(await startEchoServer()),
  secure: stack.use(
    await startOpensslServer({ identity: pki.server, mode: "reverse", args: ["-alpn", "demo/2,demo/1"] }),
  ),
}));

test("DS-25 DS-33 DS-43 WT-10 WT-17 both drafts' sockets talk with real servers, and a server that knows no protocol of ours refuses", async (peers) => {
  const { echo, secure, caFile } = peers;
  await eachRuntime(async (runtime) => {
    const port = await freePort();
    const tcp = [`localhost:${echo.port}`, `tls://localhost:${secure.port}`, `localhost:${secure.port}`];
    const udp = [`listen+udp://127.0.0.1:${port}`, `udp://127.0.0.1:${port}`];
    await using client = await ClientProcess.start({
      runtime,
      program: "tests/peers/programs/faces.ts",
      args: [String(echo.port), String(secure.port), caFile, String(port)],
      env: { PARLEY_ALLOW: [...tcp, ...udp].join() },
      input: "",
    });
    const { stdout, stderr } = await client.result();
    const told = JSON.parse(stdout || "{}") as Record<string, Outcome>;
    assert.equal(assertWorked(told["directTcp"]), "by the draft", stderr);
    assert.deepEqual(assertWorked(told["directUdp"]), ["pong", ["data"]], stderr);
    assert.equal(assertWorked(told["winterTc"]), "from the winter", stderr);
    assert.equal(assertWorked(told["alpn"]), "demo/1", stderr);
    assertFailed(told["noAlpn"], ["TLS_HANDSHAKE", "NET_RESET"]);
  });
});
