import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientResult } from "../support/client_process.ts";
import { type DovecotServer, MAIL_PASSWORD, MAIL_USER, startDovecotServer } from "../support/dovecot_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { startStartTlsProxy } from "../support/starttls_proxy.ts";
import type { TestIdentity } from "../support/test_pki.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

/** Dots at the beginning of lines, bytes of no character set, and no line end at the end. */
const NEWEST = "From: bob@example.org\r\nSubject: newest\r\n\r\n.hidden\r\n.\r\n..\r\n\x80\xe9\xff\r\n{3}\r\nend";

/** A server with one more mail than it is started with. */
async function startMailbox(identity: TestIdentity): Promise<DovecotServer> {
  const server = await startDovecotServer(identity);
  await writeFile(join(server.process.directory, "home/Maildir/new/1700000001.M1P1.mail"), NEWEST, "latin1");
  return server;
}

const packages = ["python3-aiosmtpd", "dovecot-imapd", "dovecot-pop3d"] as const;
const test = await peerSuite(packages, async (stack, { pki }) => ({
  smtp: stack.use(await startSmtpServer(pki.server)),
  stranger: stack.use(await startSmtpServer(pki.stranger)),
  dovecot: stack.use(await startMailbox(pki.server)),
}));

const EXAMPLES: Readonly<Record<"smtp" | "imap" | "pop3", string>> = Object.freeze({
  smtp: "send_mail",
  imap: "read_mail_imap",
  pop3: "read_mail_pop3",
});

type MailProtocol = keyof typeof EXAMPLES;

interface Run {
  readonly protocol: MailProtocol;
  readonly port: number;
  readonly caFile: string;
  readonly password?: string;
  readonly approved?: boolean;
}

function run(
  runtime: TestRuntime,
  { protocol, port, caFile, password = MAIL_PASSWORD, approved = true }: Run,
): Promise<ClientResult> {
  const who = protocol === "smtp" ? ["ada@example.org", `${runtime}@example.org`] : [MAIL_USER];
  const login: Record<string, string> = protocol === "smtp" ? {} : { MAIL_PASSWORD: password };
  const example = [EXAMPLES[protocol], "localhost", String(port), ...who] as const;
  return runExample(runtime, example, {
    allow: approved ? `localhost:${port}` : "",
    env: { MAIL_CA: caFile, ...login },
  });
}

function assertFailed({ status, stdout, stderr }: ClientResult, why: RegExp): void {
  assert.deepEqual([status, stdout], [1, ""], stderr);
  assert.match(stderr, why);
}

const SENDING = { name: "mail, SMTP by nodemailer", shows: "sends a mail over STARTTLS" };
testUseCase(test, SENDING, async (runtime, { smtp, caFile }) => {
  const { status, stdout, stderr } = await run(runtime, { protocol: "smtp", port: smtp.port, caFile });
  assert.deepEqual([status, stdout], [0, `${runtime}@example.org: 250 kept\n`], stderr);
  const kept = (await smtp.mail()).find(({ to }) => to.includes(`${runtime}@example.org`));
  assert.deepEqual([kept?.from, kept?.tls], ["ada@example.org", "TLSv1.3"]);
  assert.match(
    kept?.content ?? "",
    /^Subject: Greetings\r\n[\s\S]*\r\n\r\nSent over a socket that was asked for\.\r\n/m,
  );
});

testUseCase(test, { name: "mail, IMAP", shows: "reads a mail over STARTTLS" }, async (runtime, { dovecot, caFile }) => {
  const from = dovecot.process.log().length;
  const { status, stdout, stderr } = await run(runtime, { protocol: "imap", port: dovecot.imapPort, caFile });
  assert.deepEqual([status, stdout], [0, NEWEST], stderr);
  assert.match(stderr, /^2 mails over TLSv1\.3$/m);
  await dovecot.process.waitForLog(/imap-login: Info: Login: user=<ada>.*TLS/, { from });
});

testUseCase(test, { name: "mail, POP3", shows: "reads a mail over STLS" }, async (runtime, { dovecot, caFile }) => {
  const from = dovecot.process.log().length;
  const { status, stdout, stderr } = await run(runtime, { protocol: "pop3", port: dovecot.pop3Port, caFile });
  assert.deepEqual([status, stdout], [0, `${NEWEST}\r\n`], stderr);
  assert.match(stderr, /^2 mails over TLSv1\.3$/m);
  await dovecot.process.waitForLog(/pop3-login: Info: Login: user=<ada>.*TLS/, { from });
});

test("NET-21 mail: a wrong password is told as what it is", async ({ dovecot, caFile }) => {
  // Once: the server takes seconds to say so, and longer each time.
  const imap = await run("deno", { protocol: "imap", port: dovecot.imapPort, caFile, password: "wrong" });
  assertFailed(imap, /The server refuses AUTHENTICATE: b NO \[AUTHENTICATIONFAILED\]/);
});

test("NET-06 NET-25 mail: where the offer of TLS is taken away, no example says who or what", async ({ smtp, dovecot, caFile }) => {
  const before = (await smtp.mail()).length;
  const ports = { smtp: smtp.port, imap: dovecot.imapPort, pop3: dovecot.pop3Port } as const;
  for (const [protocol, targetPort] of Object.entries(ports) as [MailProtocol, number][]) {
    await using proxy = await startStartTlsProxy({ protocol, attack: "strip", targetPort });
    await eachRuntime(async (runtime) => {
      const result = await run(runtime, { protocol, port: proxy.port, caFile });
      assertFailed(result, /STARTTLS|STLS/);
    });
    assert.doesNotMatch(proxy.fromClients(), /ada|AUTHENTICATE|PASS|MAIL FROM/i);
  }
  assert.equal((await smtp.mail()).length, before);
});

// On Bun and Node, TLS over a stream that is no net.Socket closes it first, which is then what nodemailer tells.
test("NET-06 NET-21 nodemailer's own TLS over Parley refuses an untrusted certificate", async ({ stranger, caFile }) => {
  await eachRuntime(async (runtime) => {
    const result = await run(runtime, { protocol: "smtp", port: stranger.port, caFile });
    assertFailed(result, /self-signed certificate|Connection closed unexpectedly/);
  });
  assert.deepEqual(await stranger.mail(), []);
});

test("NET-01 NET-21 mail: without approval no server is reached, by nodemailer neither", async ({ smtp, dovecot, caFile }) => {
  const before = (await smtp.mail()).length;
  const log = dovecot.process.log();
  await eachRuntime(async (runtime) => {
    for (
      const [protocol, port] of [["smtp", smtp.port], ["imap", dovecot.imapPort], ["pop3", dovecot.pop3Port]] as const
    ) {
      const result = await run(runtime, { protocol, port, caFile, approved: false });
      assertFailed(
        result,
        /^parley: refused file:\/\/\S+ a connection to localhost:\d+: there is no terminal to ask at/m,
      );
    }
  });
  assert.equal((await smtp.mail()).length, before);
  assert.equal(dovecot.process.log(), log);
});
