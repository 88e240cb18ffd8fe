import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startDovecotServer } from "../support/dovecot_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { forgedChain, spkiOf, stolenIdentity } from "../support/hostile_pki.ts";
import { startMqttBroker } from "../support/mqtt_broker.ts";
import { startOpensslServer } from "../support/openssl_server.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
import { type ClientResult, runClient } from "../support/client_process.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";
import { assertFailed, assertRefused, assertWorked, runAttempts, runConnect } from "./run_client.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

/** The server's status page is the answer; it tells about the session. */
const GET = "GET /secret HTTP/1.0\r\n\r\n";
const OTHER = "0".repeat(64);
/** Whoever has not the key of its certificate: what that is called differs. */
const NO_KEY = ["TLS_HANDSHAKE", "TLS_UNTRUSTED", "TLS_PIN"];

const test = await peerSuite(["dovecot-imapd", "mosquitto"], async (stack, { pki }) => ({
  device: stack.use(await startOpensslServer({ identity: pki.stranger, mode: "status" })),
  renewed: stack.use(await startOpensslServer({ identity: pki.expired, mode: "status" })),
  trusted: stack.use(await startOpensslServer({ identity: pki.server, mode: "status" })),
  thief: stack.use(await startOpensslServer({ identity: stolenIdentity(pki.stranger), mode: "status" })),
  older: stack.use(
    await startOpensslServer({ identity: stolenIdentity(pki.stranger), mode: "status", args: ["-tls1_2"] }),
  ),
  mailbox: stack.use(await startDovecotServer(pki.stranger)),
  broker: stack.use(await startMqttBroker(pki.stranger)),
}));

async function pins(runtime: TestRuntime, args: readonly string[], state: string): Promise<ClientResult> {
  const env = { XDG_STATE_HOME: state };
  return await runClient({ runtime, program: "cli/main.ts", args: ["pins", ...args], env, input: "" });
}

test("CON-05 parley connect --pin takes a device by its key, and no other by it", async ({ device, renewed, pki }) => {
  const key = spkiOf(pki.stranger);
  await eachRuntime(async (runtime) => {
    const at = (port: number, pin: string): string[] => [
      ...["--allow", `localhost:${port}`, "--tls", "--pin", pin, `localhost:${port}`],
    ];
    const known = await runConnect(runtime, at(device.port, key), { input: GET });
    assert.equal(known.status, 0, known.stderr);
    assert.match(known.stdout, /^New, TLSv1\.3,/m);
    const tls = known.events.find(({ event }) => event === "connected")?.["tls"] as Record<string, unknown>;
    assert.deepEqual([tls["checkedBy"], tls["spkiSha256"]], ["pinned-key", key]);
    for (const [port, pin] of [[device.port, OTHER], [renewed.port, key]] as const) {
      assertRefused(await runConnect(runtime, at(port, pin), { input: GET }), { status: 76, codes: ["TLS_PIN"] });
    }
    const unasked = await runConnect(runtime, at(device.port, "ask"), { input: GET });
    assertRefused(unasked, { status: 76, codes: ["TLS_UNTRUSTED"] });
    assert.ok(unasked.stderr.includes(key), unasked.stderr);
  });
  assert.doesNotMatch(renewed.process.log(), /GET \/secret/);
});

test("CON-05 #spki= of a destination adds to the certificate, on open and after STARTTLS", async (peers) => {
  const { trusted, device, mailbox, caFile, pki } = peers;
  const key = spkiOf(pki.server);
  await eachRuntime(async (runtime) => {
    const at = (port: number, spki: string): string => `localhost:${port}#spki=${spki}`;
    const run = (target: string, more: readonly string[]): ReturnType<typeof runConnect> =>
      runConnect(runtime, ["--allow", target, target, ...more], { input: GET });
    const right = await run(at(trusted.port, key), ["--tls", "--ca", caFile]);
    assert.equal(right.status, 0, right.stderr);
    const pinned = { status: 76, codes: ["TLS_PIN"] };
    assertRefused(await run(at(trusted.port, OTHER), ["--tls", "--ca", caFile]), pinned);
    const untrusted = await run(at(device.port, spkiOf(pki.stranger)), ["--tls"]);
    assertRefused(untrusted, { status: 76, codes: ["TLS_UNTRUSTED"] });
    const upgrade = await run(at(mailbox.imapPort, OTHER), ["--starttls", "imap", "--ca", caFile]);
    assertRefused(upgrade, { status: 76, codes: ["TLS_PIN", "TLS_UNTRUSTED"] });
    assertRefused(await run(at(trusted.port, key), []), { status: 64, codes: ["ARG_INVALID"] });
  });
});

test("CON-05 parley connect --starttls --pin takes a mail server by its key", async ({ mailbox, pki }) => {
  const key = spkiOf(pki.stranger);
  const target = `localhost:${mailbox.imapPort}`;
  await eachRuntime(async (runtime) => {
    const at = (pin: string): string[] => ["--allow", target, "--starttls", "imap", "--pin", pin, "--crlf", target];
    const known = await runConnect(runtime, at(key), { input: "a LOGOUT\n" });
    assert.equal(known.status, 0, known.stderr);
    assert.match(known.stdout, /\* BYE/);
    assertRefused(await runConnect(runtime, at(OTHER), { input: "a LOGIN ada secret\n" }), {
      status: 76,
      codes: ["TLS_PIN"],
    });
  });
});

test("CON-05 whoever shows the pinned certificate without its key hears nothing", async ({ thief, older, pki }) => {
  const key = spkiOf(pki.stranger);
  await eachRuntime(async (runtime) => {
    for (const { port } of [thief, older]) {
      const target = `localhost:${port}`;
      for (const pin of [key, "ask"]) {
        const args = ["--allow", target, "--tls", "--pin", pin, target];
        assertRefused(await runConnect(runtime, args, { input: GET }), { status: 76, codes: NO_KEY });
      }
    }
  });
  for (const { process } of [thief, older]) assert.doesNotMatch(process.log(), /GET \/secret/);
});

test("NET-06 a chain that only names the authority hears nothing", async ({ pki, caFile }) => {
  const { cert, key } = forgedChain(pki.ca);
  await using directory = await makeTempDirectory("forged");
  const chain = join(directory.path, "chain.pem");
  await writeFile(chain, cert);
  await using server = await startOpensslServer({
    identity: { cert, key },
    mode: "status",
    args: ["-cert_chain", chain],
  });
  const target = `localhost:${server.port}`;
  await eachRuntime(async (runtime) => {
    const args = ["--allow", target, "--tls", "--ca", caFile, target];
    assertRefused(await runConnect(runtime, args, { input: GET }), { status: 76, codes: ["TLS_UNTRUSTED"] });
    const attempts = [{ port: server.port, speak: "tls" as const, tls: { ca: pki.ca }, say: GET }];
    const { printed } = await runAttempts(runtime, { attempts }, { allow: target });
    assertFailed(printed[0], ["TLS_UNTRUSTED"]);
  });
  assert.doesNotMatch(server.process.log(), /GET \/secret/);
});

test("CON-05 a rule that names the key stands in for the operator, for a program that would ask", async (peers) => {
  const { device, trusted, pki } = peers;
  const key = spkiOf(pki.stranger);
  await eachRuntime(async (runtime) => {
    const ask = { onUntrusted: "ask" } as const;
    const attempts = [
      { port: device.port, speak: "tls", tls: ask, say: GET },
      { port: device.port, speak: "tls", say: GET },
      { port: trusted.port, speak: "tls", tls: { ...ask, ca: pki.ca }, say: GET },
    ] as const;
    const allow = `localhost:${device.port}#spki=${key},localhost:${trusted.port}#spki=${key}`;
    const { printed: [known, unwilling, wrong] } = await runAttempts(runtime, { attempts }, { allow });
    assert.equal((assertWorked(known) as { readonly checkedBy: string }).checkedBy, "pinned-key");
    assertFailed(unwilling, ["TLS_UNTRUSTED"]);
    assertFailed(wrong, ["TLS_PIN"]);
  });
});

test("CON-05 parley pins keeps a key that holds for programs, and a changed one is refused to them", async (peers) => {
  const { device, thief, pki } = peers;
  const key = spkiOf(pki.stranger);
  const target = `localhost:${device.port}`;
  await eachRuntime(async (runtime) => {
    await using state = await makeTempDirectory("pins");
    const env = { XDG_STATE_HOME: state.path };
    const attempts = [{ port: device.port, speak: "tls" as const, say: GET }];
    const before = await runAttempts(runtime, { attempts }, { allow: target, env });
    assertFailed(before.printed[0], ["TLS_UNTRUSTED"]);
    assert.equal((await pins(runtime, ["replace", target], state.path)).status, 77);
    assert.equal((await pins(runtime, ["replace", target, "--fingerprint", OTHER], state.path)).status, 76);
    const pinned = await pins(runtime, ["replace", target, "--fingerprint", key], state.path);
    assert.equal(pinned.status, 0, pinned.stderr);
    const after = await runAttempts(runtime, { attempts }, { allow: target, env });
    assert.equal((assertWorked(after.printed[0]) as { readonly checkedBy: string }).checkedBy, "pinned-key");
    // Another key at the same place.
    const moved = await pins(runtime, ["replace", `localhost:${thief.port}`, "--fingerprint", key], state.path);
    assert.equal(moved.status, 76, moved.stderr);
    const listed = await pins(runtime, ["list", "--json"], state.path);
    const { pins: all } = JSON.parse(listed.stdout) as { readonly pins: readonly { readonly port: number }[] };
    assert.deepEqual(all.map(({ port }) => port), [device.port]);
    assert.equal((await pins(runtime, ["remove", target], state.path)).status, 0);
    const gone = await runAttempts(runtime, { attempts }, { allow: target, env });
    assertFailed(gone.printed[0], ["TLS_UNTRUSTED"]);
  });
});

test("CON-05 a server that changes its key is refused to programs, with the way out told to the operator", async (peers) => {
  const { device, trusted, pki } = peers;
  const { stranger, server, ca } = pki;
  await eachRuntime(async (runtime) => {
    await using state = await makeTempDirectory("pins");
    const env = { XDG_STATE_HOME: state.path };
    const args = ["replace", `localhost:${device.port}`, "--fingerprint", spkiOf(stranger)];
    assert.equal((await pins(runtime, args, state.path)).status, 0);
    await movePin(state.path, device.port, trusted.port);
    // The right name, and an authority that the program trusts: another key all the same.
    const attempts = [{ port: trusted.port, speak: "tls" as const, tls: { ca }, say: GET }];
    const { printed, stderr } = await runAttempts(runtime, { attempts }, { allow: `localhost:${trusted.port}`, env });
    assertFailed(printed[0], ["TLS_PIN"]);
    assert.match(stderr, new RegExp(`parley pins replace localhost:${trusted.port}`));
    for (const identity of [stranger, server]) {
      assert.ok(stderr.includes(spkiOf(identity).match(/.{4}/g)!.join(" ")), stderr);
    }
  });
});

/** As if the server at one port had moved to another. */
async function movePin(state: string, from: number, to: number): Promise<void> {
  const directory = join(state, "parley", "pins");
  const [name = ""] = await readdir(directory);
  const text = (await readFile(join(directory, name), "utf8")).replace(`"port": ${from}`, `"port": ${to}`);
  const key = createHash("sha256").update(`pin localhost:${to}`).digest("hex");
  await writeFile(join(directory, `${key}.json`), text, { mode: 0o600 });
}

const PINNED = {
  name: "IoT by MQTT",
  shows: "speaks to a device with a certificate of its own making, by its pinned key",
};
testUseCase(test, PINNED, async (runtime, { broker, pki }) => {
  await using state = await makeTempDirectory("pins");
  const target = `localhost:${broker.tlsPort}`;
  const [url, topic] = [`mqtts://${target}`, `pinned/${runtime}`];
  const options = { allow: target, env: { XDG_STATE_HOME: state.path } };
  const unknown = await runExample(runtime, ["mqtt", url, topic, "on"], options);
  assert.notEqual(unknown.status, 0);
  assert.match(unknown.stderr, /TLS_UNTRUSTED/);
  const pinned = await pins(runtime, ["replace", target, "--fingerprint", spkiOf(pki.stranger)], state.path);
  assert.equal(pinned.status, 0, pinned.stderr);
  const { status, stdout, stderr } = await runExample(runtime, ["mqtt", url, topic, "on"], options);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, `${topic}: on\n`);
  assert.match(stderr, /NOT verified, known by its key/);
});
