import assert from "node:assert/strict";
import { MAIL_PASSWORD, MAIL_USER, startDovecotServer, STORED_MESSAGE } from "../support/dovecot_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { peerSuite } from "./peer_suite.ts";
import {
  assertFailed,
  assertRefused,
  assertWorked,
  runAttempts,
  runConnect,
  runScript,
  startConnect,
} from "./run_client.ts";

const test = await peerSuite(["dovecot-imapd", "dovecot-pop3d"], async (stack, { pki }) => ({
  dovecot: stack.use(await startDovecotServer(pki.server)),
}));

test("NET-06 NET-21 a script logs in over IMAP STARTTLS and asks for the capabilities again", async ({ dovecot, caFile }) => {
  await eachRuntime(async (runtime) => {
    const { printed } = await runScript(
      runtime,
      ["imap", String(dovecot.imapPort), caFile, MAIL_USER, MAIL_PASSWORD],
      { allow: `localhost:${dovecot.imapPort}` },
    );
    const answers = (assertWorked(printed) as string[]).join("\n");
    // Over TLS logging in is allowed, and the offer of STARTTLS is gone.
    assert.match(answers, /^\* CAPABILITY (?!.*STARTTLS)(?!.*LOGINDISABLED).*AUTH=PLAIN/m);
    for (const line of [/^c OK /m, /^\* 1 EXISTS$/m, /^d OK /m, /^e OK /m]) assert.match(answers, line);
  });
  assert.match(dovecot.process.log(), /imap-login: Info: Login: user=<ada>.*TLS/);
});

test("NET-06 NET-21 a script fetches a message over POP3 STLS", async ({ dovecot, caFile }) => {
  await eachRuntime(async (runtime) => {
    const { printed } = await runScript(
      runtime,
      ["pop3", String(dovecot.pop3Port), caFile, MAIL_USER, MAIL_PASSWORD],
      { allow: `localhost:${dovecot.pop3Port}` },
    );
    const answers = assertWorked(printed) as string[];
    const from = answers.findIndex((line) => /^\+OK \d+ octets/.test(line)) + 1;
    assert.equal(answers.slice(from, -1).join("\r\n") + "\r\n", STORED_MESSAGE);
  });
});

test("NET-06 NET-21 parley connect --starttls imap logs in with --crlf", async ({ dovecot, caFile }) => {
  await eachRuntime(async (runtime) => {
    const target = `localhost:${dovecot.imapPort}`;
    const options = ["--allow", target, "--starttls", "imap", "--ca", caFile, "--crlf"];
    await using client = await startConnect(runtime, [target, ...options]);
    client.send(`a LOGIN ${MAIL_USER} ${MAIL_PASSWORD}\n`);
    await client.expect(/^a OK /m);
    client.send("b CAPABILITY\nc LOGOUT\n");
    // Dovecot drops what it has not answered when its client ends the sending direction.
    await client.expect(/^c OK /m);
    const { status, stdout, stderr } = await client.result();
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^\* CAPABILITY IMAP4rev1[\s\S]*^b OK [\s\S]*^c OK /m);
    assert.doesNotMatch(stdout, /STARTTLS|LOGINDISABLED/);
  });
});

test("NET-06 NET-21 parley connect --starttls pop3 fetches a message", async ({ dovecot, caFile }) => {
  await eachRuntime(async (runtime) => {
    const target = `localhost:${dovecot.pop3Port}`;
    const options = ["--allow", target, "--starttls", "pop3", "--ca", caFile];
    await using client = await startConnect(runtime, [target, ...options]);
    client.send(`USER ${MAIL_USER}\r\n`);
    await client.expect(/^\+OK/m);
    client.send(`PASS ${MAIL_PASSWORD}\r\n`);
    await client.expect(/^\+OK Logged in/m);
    client.send("RETR 1\r\nQUIT\r\n");
    await client.expect(/^\+OK Logging out/m);
    const { status, stdout, stderr } = await client.result();
    assert.equal(status, 0, stderr);
    assert.ok(stdout.includes(`octets\r\n${STORED_MESSAGE}.\r\n`), stdout);
  });
});

test("NET-06 IMAP and POP3: an untrusted authority and another name are refused on upgrade", async ({ dovecot, pki, caFile }) => {
  const wrong = { ca: pki.ca, serverName: "other.test" };
  const attempts = [
    { port: dovecot.imapPort, speak: "imap" },
    { port: dovecot.imapPort, speak: "imap", tls: wrong },
    { port: dovecot.pop3Port, speak: "pop3" },
    { port: dovecot.pop3Port, speak: "pop3", tls: wrong },
  ] as const;
  await eachRuntime(async (runtime) => {
    const allow = `localhost:${dovecot.imapPort},localhost:${dovecot.pop3Port}`;
    const { printed } = await runAttempts(runtime, { attempts }, { allow });
    printed.forEach((outcome, index) => assertFailed(outcome, [index % 2 === 0 ? "TLS_UNTRUSTED" : "TLS_NAME"]));
    for (const [protocol, port] of [["imap", dovecot.imapPort], ["pop3", dovecot.pop3Port]] as const) {
      const target = `localhost:${port}`;
      const args = [target, "--allow", target, "--starttls", protocol];
      assertRefused(await runConnect(runtime, args), { status: 76, codes: ["TLS_UNTRUSTED"] });
      const named = await runConnect(runtime, [...args, "--ca", caFile, "--servername", "other.test"]);
      assertRefused(named, { status: 76, codes: ["TLS_NAME"] });
    }
  });
});
