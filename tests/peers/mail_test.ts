import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientProcess } from "../support/client_process.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { makeTempDirectory } from "../support/temp_directory.ts";
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

/** Lines that begin with dots, bytes of no character set, a lone dot, trailing blanks, a long line and an empty end. */
function makeMessage(subject: string): string {
  return [
    `Subject: ${subject}`,
    "",
    ".hidden",
    ".",
    "..",
    "bytes \x80\xfe\xff and \x01\x7f",
    "blanks  \t",
    "x".repeat(900),
    "",
    "",
  ].join("\r\n");
}

const test = await peerSuite(["python3-aiosmtpd"], async (stack, { pki }) => {
  const { path } = stack.use(await makeTempDirectory("mail"));
  return {
    path,
    smtp: stack.use(await startSmtpServer(pki.server)),
    stranger: stack.use(await startSmtpServer(pki.stranger)),
  };
});

test("NET-06 NET-21 a script's mail over SMTP STARTTLS arrives byte for byte", async ({ smtp, path, caFile }) => {
  await eachRuntime(async (runtime) => {
    const message = makeMessage(`script on ${runtime}`);
    const file = join(path, `${runtime}.eml`);
    await writeFile(file, message, "latin1");
    const allow = `localhost:${smtp.port}`;
    const { printed, stderr } = await runScript(runtime, ["smtp", String(smtp.port), caFile, file], { allow });
    assert.deepEqual((assertWorked(printed) as string[]).slice(-2), ["250 kept", "221 Bye"]);
    const kept = (await smtp.mail()).find(({ content }) => content.includes(`script on ${runtime}`));
    assert.deepEqual(kept, {
      from: "ada@example.org",
      to: ["bob@example.org"],
      helo: "client.example",
      tls: "TLSv1.3",
      content: message,
    }, stderr);
  });
});

test("NET-06 NET-21 mail through parley connect --starttls smtp arrives byte for byte", async ({ smtp, caFile }) => {
  await eachRuntime(async (runtime) => {
    const target = `localhost:${smtp.port}`;
    const options = ["--allow", target, "--starttls", "smtp", "--ca", caFile];
    await using client = await startConnect(runtime, [target, ...options]);
    const message = makeMessage(`command on ${runtime}`);
    await sendMail(client, message);
    const { status, stdout, stderr } = await client.result();
    assert.equal(status, 0, stderr);
    // What the server said before the upgrade is not the program's business.
    assert.doesNotMatch(stdout, /^220/m);
    assert.match(stderr, /TLSv1\.3/);
    const kept = (await smtp.mail()).find(({ content }) => content.includes(`command on ${runtime}`));
    assert.deepEqual([kept?.content, kept?.tls], [message, "TLSv1.3"]);
  });
});

test("NET-06 an untrusted authority and another name are refused on upgrade, and no mail is sent", async (peers) => {
  const { smtp, stranger, pki, caFile } = peers;
  const before = (await smtp.mail()).length;
  const tls = { ca: pki.ca };
  const attempts = [
    { port: smtp.port, speak: "smtp", say: "QUIT\r\n" },
    { port: stranger.port, speak: "smtp", tls, say: "QUIT\r\n" },
    { port: smtp.port, speak: "smtp", tls: { ...tls, serverName: "other.test" }, say: "QUIT\r\n" },
    { port: smtp.port, speak: "smtp", tls, say: "QUIT\r\n" },
  ] as const;
  await eachRuntime(async (runtime) => {
    const allow = `localhost:${smtp.port},localhost:${stranger.port}`;
    const { printed } = await runAttempts(runtime, { attempts }, { allow });
    assertFailed(printed[0], ["TLS_UNTRUSTED"]);
    assertFailed(printed[1], ["TLS_UNTRUSTED"]);
    assertFailed(printed[2], ["TLS_NAME"]);
    assertWorked(printed[3]);
    const cases = [
      { port: smtp.port, args: [], codes: ["TLS_UNTRUSTED"] },
      { port: stranger.port, args: ["--ca", caFile], codes: ["TLS_UNTRUSTED"] },
      { port: smtp.port, args: ["--ca", caFile, "--servername", "other.test"], codes: ["TLS_NAME"] },
    ];
    for (const { port, args, codes } of cases) {
      const target = `localhost:${port}`;
      const input = "EHLO x\r\nMAIL FROM:<ada@example.org>\r\n";
      const result = await runConnect(runtime, [target, "--allow", target, "--starttls", "smtp", ...args], { input });
      assertRefused(result, { status: 76, codes });
    }
  });
  assert.equal((await smtp.mail()).length + (await stranger.mail()).length, before);
});

/** Speaks SMTP through the command, waiting for each answer as the protocol wants it. */
async function sendMail(client: ClientProcess, message: string): Promise<void> {
  const steps: readonly (readonly [text: string, answer: RegExp])[] = [
    ["EHLO client.example\r\n", /^250 HELP\r\n/m],
    ["MAIL FROM:<ada@example.org>\r\n", /^250 OK\r\n$/m],
    ["RCPT TO:<bob@example.org>\r\n", /(^250 OK\r\n){2}$/m],
    ["DATA\r\n", /^354 /m],
    [`${message.replace(/^\./gm, "..")}.\r\n`, /^250 kept\r\n/m],
    ["QUIT\r\n", /^221 /m],
  ];
  for (const [text, answer] of steps) {
    client.send(text);
    await client.expect(answer);
  }
}
