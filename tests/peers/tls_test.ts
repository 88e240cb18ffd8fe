import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { startOpensslServer } from "../support/openssl_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertFailed, assertRefused, assertWorked, runAttempts, runConnect, runScript } from "./run_client.ts";

/** The server's status page is the answer; it tells about the session. */
const GET = "GET / HTTP/1.0\r\n\r\n";

/** How a refusal shows that comes after the client's part of the handshake is over. */
const LATE = ["TLS_HANDSHAKE", "NET_RESET", "NET_FAILED"];

const test = await peerSuite([], async (stack, { pki }) => ({
  lines: stack.use(await startOpensslServer({ identity: pki.server, mode: "reverse" })),
  status: stack.use(
    await startOpensslServer({ identity: pki.server, mode: "status", args: ["-alpn", "demo/2,demo/1"] }),
  ),
  elsewhere: stack.use(await startOpensslServer({ identity: pki.server, mode: "status", address: "127.0.0.2" })),
  expired: stack.use(await startOpensslServer({ identity: pki.expired, mode: "status" })),
  stranger: stack.use(await startOpensslServer({ identity: pki.stranger, mode: "status" })),
  nameless: stack.use(await startOpensslServer({ identity: pki.commonNameOnly, mode: "status" })),
  mutual: stack.use(await startOpensslServer({ identity: pki.server, mode: "status", clientCa: pki.ca })),
}));

test("NET-06 a script talks over TLS on open with a server of its own authority", async ({ lines, caFile }) => {
  await eachRuntime(async (runtime) => {
    const allow = `localhost:${lines.port}`;
    const { printed, stderr } = await runScript(runtime, ["tls", String(lines.port), caFile], { allow });
    assert.deepEqual(assertWorked(printed), ["yelrap", "TLSv1.3", "localhost", "own-ca"]);
    assert.match(stderr, /checked by the program's own CA/);
    assert.doesNotMatch(stderr, /verified|NOT ENCRYPTED/);
  });
});

test("NET-06 parley connect --tls negotiates ALPN and tells the certificate", async ({ status, caFile, pki }) => {
  const { X509Certificate } = await import("node:crypto");
  const expected = new X509Certificate(pki.server.cert).fingerprint256.replaceAll(":", "").toLowerCase();
  await eachRuntime(async (runtime) => {
    const target = `localhost:${status.port}`;
    const args = [target, "--allow", target, "--tls", "--ca", caFile, "--alpn", "other/1,demo/1"];
    const result = await runConnect(runtime, args, { input: GET });
    assert.equal(result.status, 0, result.stderr);
    assert.match(result.stdout, /^New, TLSv1\.3,/m);
    const tls = result.events.find(({ event }) => event === "connected")?.["tls"] as Record<string, unknown>;
    assert.deepEqual([tls["alpnProtocol"], tls["sha256"], tls["checkedBy"]], ["demo/1", expected, "own-ca"]);
  });
});

test("NET-06 an address is checked against the addresses in the certificate", async ({ status, elsewhere, pki, caFile }) => {
  await eachRuntime(async (runtime) => {
    const allow = `127.0.0.1:${status.port},127.0.0.2:${elsewhere.port}`;
    const tls = { ca: pki.ca };
    const attempts = [
      { host: "127.0.0.1", port: status.port, speak: "tls", tls, say: GET },
      { host: "127.0.0.2", port: elsewhere.port, speak: "tls", tls, say: GET },
      { host: "127.0.0.2", port: elsewhere.port, speak: "tls", tls: { ...tls, serverName: "mail.test" }, say: GET },
    ] as const;
    const { printed: [right, wrong, named] } = await runAttempts(runtime, { attempts }, { allow });
    assertWorked(right);
    assertFailed(wrong, ["TLS_NAME"]);
    assertWorked(named);
    const target = `127.0.0.2:${elsewhere.port}`;
    const cli = await runConnect(runtime, [target, "--allow", target, "--tls", "--ca", caFile], { input: GET });
    assertRefused(cli, { status: 76, codes: ["TLS_NAME"] });
  });
});

test("NET-06 what is wrong with a certificate is refused on open and told apart", async (peers) => {
  const { status, expired, stranger, nameless, pki } = peers;
  const tls = { ca: pki.ca };
  const attempts = [
    { port: status.port, speak: "tls", say: GET },
    { port: stranger.port, speak: "tls", tls, say: GET },
    { port: status.port, speak: "tls", tls: { ...tls, serverName: "other.test" }, say: GET },
    { port: expired.port, speak: "tls", tls, say: GET },
    { port: nameless.port, speak: "tls", tls, say: GET },
  ] as const;
  const codes = ["TLS_UNTRUSTED", "TLS_UNTRUSTED", "TLS_NAME", "TLS_EXPIRED", "TLS_NAME"] as const;
  const allow = attempts.map(({ port }) => `localhost:${port}`).join();
  await eachRuntime(async (runtime) => {
    const { printed } = await runAttempts(runtime, { attempts }, { allow });
    codes.forEach((code, index) => assertFailed(printed[index], [code]));
  });
});

test("NET-06 parley connect --tls refuses an untrusted authority, another name and an expired certificate", async (peers) => {
  const { status, expired, caFile } = peers;
  await eachRuntime(async (runtime) => {
    const at = (port: number): string[] => [`localhost:${port}`, "--allow", `localhost:${port}`, "--tls"];
    const cases = [
      { args: at(status.port), code: "TLS_UNTRUSTED" },
      { args: [...at(status.port), "--ca", caFile, "--servername", "other.test"], code: "TLS_NAME" },
      { args: [...at(expired.port), "--ca", caFile], code: "TLS_EXPIRED" },
    ];
    for (const { args, code } of cases) {
      assertRefused(await runConnect(runtime, args, { input: GET }), { status: 76, codes: [code] });
    }
  });
  assert.doesNotMatch(expired.process.log(), /GET \//);
});

test("NET-06 a client certificate is shown to a server that demands one", async ({ mutual, client, caFile, pki }) => {
  const target = `localhost:${mutual.port}`;
  const attempts = [
    { port: mutual.port, speak: "tls", tls: { ca: pki.ca, ...pki.client }, say: GET },
    { port: mutual.port, speak: "tls", tls: { ca: pki.ca }, say: GET },
    { port: mutual.port, speak: "tls", tls: { ca: pki.ca, ...pki.stranger }, say: GET },
  ] as const;
  await eachRuntime(async (runtime) => {
    const { printed: [shown, without, wrong] } = await runAttempts(runtime, { attempts }, { allow: target });
    assert.match((assertWorked(shown) as { answer: string }).answer, /Client certificate[\s\S]*Subject: CN ?= ?client/);
    // With TLS 1.3 the server's verdict comes after the client's part of the handshake is over.
    for (const refused of [without, wrong]) assertFailed(refused, LATE);
    const args = [target, "--allow", target, "--tls", "--ca", caFile, "--cert", client.cert, "--key", client.key];
    const cli = await runConnect(runtime, args, { input: GET });
    assert.equal(cli.status, 0, cli.stderr);
    assert.match(cli.stdout, /Subject: CN ?= ?client/);
    const bare = await runConnect(runtime, [target, "--allow", target, "--tls", "--ca", caFile], { input: GET });
    const code = bare.events.find(({ event }) => event === "error")?.["code"];
    assert.ok(LATE.includes(String(code)) && [69, 76].includes(bare.status ?? 0), bare.stderr);
    assert.equal(bare.stdout, "");
  });
});
