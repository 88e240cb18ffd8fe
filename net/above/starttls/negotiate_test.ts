import assert from "node:assert/strict";
import { linkPair, type MemoryLink } from "../../../runtime/memory/memory_link.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { test } from "../../../tests/support/harness.ts";
import { testGrant } from "../../../tests/support/test_grant.ts";
import { TcpConnection } from "../../engine/tcp_connection.ts";
import { negotiateStartTls, type StartTlsProtocol } from "./negotiate.ts";
import { createEngineHost } from "../../engine/engine_host.ts";
import { NO_TIMEOUTS } from "../../engine/timed_link.ts";
import { ManualClock } from "../../../core/manual_clock.ts";

/** A server that gives its answers in turn, each after something was said to it, the first at once where there is a greeting. */
function serverThat(...answers: string[]): { connection: TcpConnection; said: string[] } {
  const ends = { client: { address: "127.0.0.1", port: 5000 }, server: { address: "127.0.0.1", port: 25 } };
  const { client, server } = linkPair(ends);
  const said: string[] = [];
  void answer(server, answers, said);
  const signal = new AbortController().signal;
  const init = {
    link: client,
    grant: testGrant(),
    host: createEngineHost(new MemoryNetwork(), new ManualClock()),
    timeouts: NO_TIMEOUTS,
    tls: null,
    signal,
    copyWrites: false,
    toFaceError: (e: unknown) => e,
  };
  return { connection: new TcpConnection(init), said };
}

async function answer(link: MemoryLink, answers: string[], said: string[]): Promise<void> {
  for (const text of answers) {
    if (text !== "") await link.write(new TextEncoder().encode(text));
    const chunk = await link.readChunk();
    if (chunk === null) return;
    said.push(new TextDecoder().decode(chunk));
  }
  await link.closeWrite();
}

const WORKING: Readonly<Record<StartTlsProtocol, readonly string[]>> = {
  smtp: ["220-mail\r\n220 ready\r\n", "250-mail\r\n250-SIZE 1\r\n250 STARTTLS\r\n", "220 go\r\n"],
  imap: ["* OK ready\r\n", "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\np1 OK done\r\n", "p2 OK begin\r\n"],
  pop3: ["+OK ready\r\n", "+OK\r\nSTLS\r\nUSER\r\n.\r\n", "+OK begin\r\n"],
  postgres: ["", "S"],
};

for (const [protocol, answers] of Object.entries(WORKING) as [StartTlsProtocol, string[]][]) {
  test(`NET-06 ${protocol}: the dialogue ends with unlocked streams where the server is ready for TLS`, async () => {
    const { connection, said } = serverThat(...answers);
    await negotiateStartTls(protocol, connection);
    assert.equal(connection.locked, false);
    assert.equal(said.length, answers.length - 1);
    await connection.close();
  });

  test(`NET-06 ${protocol}: plaintext behind the last answer refuses the upgrade`, async () => {
    const last = answers.at(-1) ?? "";
    const { connection } = serverThat(...answers.slice(0, -1), `${last}injected\r\n`);
    await assert.rejects(negotiateStartTls(protocol, connection), { code: "TLS_LEFTOVER" });
    await connection.close();
  });

  test(`NET-25 ${protocol}: a server that hangs up is an error`, async () => {
    const { connection } = serverThat(...answers.slice(0, -1));
    await assert.rejects(negotiateStartTls(protocol, connection), { code: "DATA_TRUNCATED" });
    await connection.close();
  });
}

for (
  const [title, protocol, answers] of [
    ["SMTP without STARTTLS among its capabilities", "smtp", ["220 ready\r\n", "250-mail\r\n250 SIZE 1\r\n"]],
    ["SMTP with STARTTLS in the text of another line", "smtp", [
      "220 ready\r\n",
      "250-XSTARTTLS\r\n250 no STARTTLS\r\n",
    ]],
    ["SMTP that says 454", "smtp", ["220 ready\r\n", "250 STARTTLS\r\n", "454 not now\r\n"]],
    ["SMTP with another greeting", "smtp", ["554 no\r\n"]],
    ["IMAP without the capability", "imap", ["* OK hi\r\n", "* CAPABILITY IMAP4rev1\r\np1 OK\r\n"]],
    ["IMAP that is logged in already (PREAUTH)", "imap", ["* PREAUTH hi\r\n"]],
    ["IMAP that says NO", "imap", ["* OK hi\r\n", "* CAPABILITY STARTTLS\r\np1 OK\r\n", "p2 NO\r\n"]],
    ["POP3 without STLS", "pop3", ["+OK\r\n", "+OK\r\nUSER\r\n.\r\n"]],
    ["POP3 without CAPA", "pop3", ["+OK\r\n", "-ERR what\r\n"]],
    ["PostgreSQL that answers N", "postgres", ["", "N"]],
    ["PostgreSQL that answers an error", "postgres", ["", "E"]],
  ] as const
) {
  test(`NET-25 never falls back: ${title} is refused`, async () => {
    const { connection } = serverThat(...answers);
    await assert.rejects(negotiateStartTls(protocol, connection), { code: "TLS_NOT_OFFERED" });
    await connection.close();
  });
}

test("NET-25 endless lines and endless answers end the dialogue", async () => {
  const endless = serverThat("2".repeat(5000));
  await assert.rejects(negotiateStartTls("smtp", endless.connection), { code: "DATA_TOO_LARGE" });
  const many = serverThat("220-x\r\n".repeat(500));
  await assert.rejects(negotiateStartTls("smtp", many.connection), { code: "DATA_TOO_LARGE" });
  await Promise.all([endless.connection.close(), many.connection.close()]);
});
