/** `parley listen` with real clients: what arrives, what is refused, and how it ends. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { eachRuntime } from "../support/each_runtime.ts";
import { runClient } from "../support/client_process.ts";
import { writeIdentity } from "../support/server_identity.ts";
import { runPeerClient } from "../support/peer_client.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { peerSuite } from "./peer_suite.ts";
import { ALLOW, eventsOf, startListen } from "./run_listen.ts";

const test = await peerSuite(["socat"], async (stack, { pki }) => {
  const { path } = stack.use(await makeTempDirectory("listen"));
  const { cert, key } = await writeIdentity(path, pki.server);
  return { tls: ["--tls", "--cert", cert, "--key", key] };
});

const socat = (port: number, ...options: string[]): string[] => ["socat", ...options, "-", `TCP:127.0.0.1:${port}`];
const sClient = (port: number, ...options: string[]): string[] => [
  ...["openssl", "s_client", "-connect", `127.0.0.1:${port}`, "-servername", "mail.test"],
  ...options,
];

test("NET-22 parley listen joins standard input and output to the first that connects, and ends with it", async () => {
  await eachRuntime(async (runtime) => {
    const input = "from the server \x00\x1b\xff\n".repeat(20_000);
    await using listen = await startListen(runtime, [], { input });
    const said = "from the client \x00\x80\n".repeat(20_000);
    const peer = await runPeerClient(socat(listen.port, "-t", "10"), { input: said });
    const { status, stdout, stderr } = await listen.client.result();
    assert.equal(status, 0, stderr);
    assert.ok(stdout === said, `${stdout.length} of ${said.length} bytes arrived the same`);
    assert.ok(peer.stdout === input, `${peer.stdout.length} of ${input.length} bytes went out the same`);
    const [accepted] = eventsOf(stderr, "accepted");
    assert.deepEqual([accepted?.["remoteAddress"], accepted?.["tls"]], ["127.0.0.1", null]);
    const [closed] = eventsOf(stderr, "closed");
    assert.deepEqual([closed?.["sent"], closed?.["received"]], [input.length, said.length]);
    assert.match(stderr, /listening at 127\.0\.0\.1:\d+, NOT ENCRYPTED, pre-approved/);
  });
});

test("NET-22 a client that finishes first still gets all of standard input", async () => {
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, []);
    // Ends its sending direction at once, and waits.
    const peer = runPeerClient(socat(listen.port, "-t", "10"));
    await listen.client.expectError(/"event":"accepted"/);
    listen.client.send("late, ");
    listen.client.end("but whole");
    assert.equal((await peer).stdout, "late, but whole");
    assert.equal((await listen.client.result()).status, 0);
  });
});

test("NET-22 once somebody is served nobody else can connect, and with --keep one follows the other", async () => {
  await eachRuntime(async (runtime) => {
    await using once = await startListen(runtime, ["--echo"]);
    const first = runPeerClient(socat(once.port), { input: "hold", until: /hold/ });
    await once.client.expectError(/"event":"accepted"/);
    await first;
    assert.notEqual((await runPeerClient(socat(once.port))).status, 0);
    assert.equal((await once.client.result()).status, 0);

    await using keep = await startListen(runtime, ["--echo", "--keep"]);
    for (const input of ["one", "two", "three"]) {
      assert.equal((await runPeerClient(socat(keep.port, "-t", "10"), { input })).stdout, input);
    }
    keep.client.signal("SIGINT");
    const { status, stderr } = await keep.client.result();
    assert.equal(status, 130, stderr);
    assert.equal(eventsOf(stderr, "closed").length, 3);
  });
});

test("NET-22 with --keep what the first did not take of standard input goes to the next", async () => {
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, ["--keep"]);
    const served: string[] = [];
    for (const word of ["first\n", "second\n"]) {
      const peer = runPeerClient(socat(listen.port, "-t", "10"), { until: /\n/ });
      await listen.client.expectError(new RegExp(`(?:"event":"accepted"[^]*){${served.length + 1}}`));
      listen.client.send(word);
      served.push((await peer).stdout);
      await listen.client.expectError(new RegExp(`(?:"event":"closed"[^]*){${served.length}}`));
    }
    assert.deepEqual(served, ["first\n", "second\n"]);
    listen.client.signal("SIGTERM");
    assert.equal((await listen.client.result()).status, 143);
  });
});

test("NET-22 Ctrl-C ends a waiting server and one in a connection, with status 130", async () => {
  await eachRuntime(async (runtime) => {
    for (const connected of [false, true]) {
      await using listen = await startListen(runtime, []);
      // Half-open: the end of standard input, which comes with asking for the result, must not end the connection first.
      const socket = connected ? connect({ port: listen.port, host: "127.0.0.1", allowHalfOpen: true }) : null;
      socket?.on("error", () => {});
      if (connected) await listen.client.expectError(/"event":"accepted"/);
      listen.client.signal("SIGINT");
      const { status, stderr } = await listen.client.result();
      assert.equal(status, 130, stderr);
      assert.doesNotMatch(stderr, /"event":"error"/);
      socket?.destroy();
    }
  });
});

test("NET-22 an address in use, and a time in which nobody came, are failures of the network", async () => {
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, []);
    const where = `127.0.0.1:${listen.port}`;
    const args = ["listen", "--json", where, "--allow", `listen://${where}`];
    const second = await runClient({ runtime, program: "cli/main.ts", args });
    assert.equal(second.status, 69, second.stderr);
    assert.equal(eventsOf(second.stderr, "error")[0]?.["code"], "NET_IN_USE");
    const late = { runtime, program: "cli/main.ts", args: ["listen", "--json", "0", ...ALLOW, "--timeout", "0.2"] };
    const nobody = await runClient(late);
    assert.equal(nobody.status, 69, nobody.stderr);
    assert.equal(eventsOf(nobody.stderr, "error")[0]?.["code"], "NET_TIMEOUT");
  });
});

test("NET-22 with --from others are broken off, and the operator is told", async () => {
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, ["--echo", "--from", "127.0.0.2"]);
    const refused = await runPeerClient(socat(listen.port, "-t", "10"), { input: "x" });
    assert.equal(refused.stdout, "");
    await listen.client.expectError(/turned away 127\.0\.0\.1:\d+: its address is none of those that may connect/);
    const bound = ["socat", "-t", "10", "-", `TCP:127.0.0.1:${listen.port},bind=127.0.0.2`];
    assert.equal((await runPeerClient(bound, { input: "welcome" })).stdout, "welcome");
    assert.equal((await listen.client.result()).status, 0);
  });
});

test("NET-06 with --tls a client verifies the certificate, and ALPN is agreed on", async ({ tls, caFile }) => {
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, [...tls, "--echo", "--alpn", "demo/2,demo/1"]);
    const options = ["-CAfile", caFile, "-verify_return_error", "-verify_hostname", "mail.test", "-alpn", "demo/1"];
    const peer = await runPeerClient(sClient(listen.port, ...options), { input: "ping\n", until: /^ping$/m });
    assert.match(peer.stdout, /Verify return code: 0 \(ok\)/);
    assert.match(peer.stdout, /ALPN protocol: demo\/1/);
    const { stderr } = await listen.client.result();
    const told = eventsOf(stderr, "accepted")[0]?.["tls"] as Record<string, unknown>;
    assert.deepEqual(
      [told["protocol"], told["serverName"], told["alpnProtocol"], told["checkedBy"], told["sha256"]],
      ["TLSv1.3", "mail.test", "demo/1", "not-checked", null],
    );
    assert.match(stderr, /listening at 127\.0\.0\.1:\d+, TLS, pre-approved/);
  });
});

test("NET-06 --client-ca lets in who shows a certificate of that authority, and nobody else", async (peers) => {
  const { tls, caFile, pki } = peers;
  const { X509Certificate } = await import("node:crypto");
  const sha256 = new X509Certificate(pki.client.cert).fingerprint256.replaceAll(":", "").toLowerCase();
  await using directory = await makeTempDirectory("clients");
  const [friend, stranger] = [join(directory.path, "friend.pem"), join(directory.path, "stranger.pem")];
  await writeFile(friend, pki.client.cert + pki.client.key, { mode: 0o600 });
  await writeFile(stranger, pki.stranger.cert + pki.stranger.key, { mode: 0o600 });
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, [...tls, "--client-ca", caFile, "--echo"]);
    const target = `OPENSSL:127.0.0.1:${listen.port},cafile=${caFile},commonname=mail.test`;
    for (const shown of ["", `,cert=${stranger}`]) {
      const { stdout } = await runPeerClient(["socat", "-t", "10", "-", target + shown], { input: "secret\n" });
      assert.equal(stdout, "");
    }
    const argv = ["socat", "-t", "10", "-", `${target},cert=${friend}`];
    const peer = await runPeerClient(argv, { input: "ping\n", until: /^ping$/m });
    assert.equal(peer.stdout, "ping\n", peer.stderr);
    const { stderr } = await listen.client.result();
    const accepted = eventsOf(stderr, "accepted");
    assert.equal(accepted.length, 1, "nobody else was let in");
    const told = accepted[0]?.["tls"] as Record<string, unknown>;
    assert.deepEqual([told["checkedBy"], told["sha256"]], ["own-ca", sha256]);
  });
});

test("NET-22 a client that is silent in its handshake, or talks rubbish, holds up nobody", async ({ tls, caFile }) => {
  await eachRuntime(async (runtime) => {
    await using listen = await startListen(runtime, [...tls, "--echo"]);
    const silent = connect(listen.port, "127.0.0.1");
    silent.on("error", () => {});
    await new Promise((resolve) => silent.once("connect", resolve));
    await runPeerClient(socat(listen.port), { input: "GET / HTTP/1.0\r\n\r\n" });
    await listen.client.expectError(/no TLS with 127\.0\.0\.1:\d+: .*TLS_HANDSHAKE/);
    const peer = await runPeerClient(sClient(listen.port, "-CAfile", caFile), { input: "ping\n", until: /^ping$/m });
    assert.match(peer.stdout, /^ping$/m);
    silent.destroy();
    await listen.client.result();
  });
});

test("NET-22 a certificate or key that is none ends the command before it listens", async ({ tls, caFile }) => {
  const [flag, certFlag, cert, keyFlag, key] = tls as [string, string, string, string, string];
  await eachRuntime(async (runtime) => {
    const wrong = [flag, certFlag, key, keyFlag, key];
    // Two that are well-formed but do not belong together.
    const mixed = [flag, certFlag, caFile, keyFlag, key];
    for (const [args, code] of [[wrong, "ARG_INVALID"], [mixed, "TLS_OPTIONS"]] as const) {
      const plan = { runtime, program: "cli/main.ts", args: ["listen", "--json", "0", ...ALLOW, ...args] };
      const { status, stderr } = await runClient(plan);
      assert.equal(status, 64, stderr);
      assert.equal(eventsOf(stderr, "error")[0]?.["code"], code);
      assert.equal(eventsOf(stderr, "listening").length, 0);
    }
    assert.ok(cert.length > 0);
  });
});

test("CON-12 without terminal and rule nothing listens, and the operator is told how to approve", async () => {
  await eachRuntime(async (runtime) => {
    const { status, stderr } = await runClient({ runtime, program: "cli/main.ts", args: ["listen", "9"] });
    assert.equal(status, 77, stderr);
    assert.match(stderr, /to allow it, start with --allow listen:\/\/127\.0\.0\.1:9/);
  });
});
