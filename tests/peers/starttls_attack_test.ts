import assert from "node:assert/strict";
import { startDovecotServer } from "../support/dovecot_server.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { PASSWORD_ROLE, startPostgresServer } from "../support/postgres_server.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { startSmtpServer } from "../support/smtp_server.ts";
import { type Attack, type ProxiedProtocol, startStartTlsProxy } from "../support/starttls_proxy.ts";
import { type PeerContext, peerSuite } from "./peer_suite.ts";
import { assertFailed, assertRefused, assertWorked, runAttempts, runConnect } from "./run_client.ts";

/** What must never leave the client without TLS. */
const SECRET =
  `x LOGIN ada secret-password\r\nUSER ada\r\nMAIL FROM:<secret-password>\r\n${PASSWORD_ROLE}\x00secret-password`;
/** What a client would take for the server's first words over TLS. */
const INJECTED = "250 INJECTED\r\n* INJECTED\r\n+OK INJECTED\r\nR\x00\x00\x00\x08INJECTED";

/**
 * A script that reads not a byte more than the reply. On Deno the rest is still in the system, where nobody can see it, so that
 * it breaks the handshake, which is no worse: what TLS takes from the wire it authenticates.
 */
const WITH_REPLY: Readonly<Record<TestRuntime, readonly string[]>> = Object.freeze({
  deno: ["TLS_HANDSHAKE"],
  bun: ["TLS_LEFTOVER"],
  node: ["TLS_LEFTOVER"],
});

const packages = ["dovecot-imapd", "dovecot-pop3d", "postgresql-15", "python3-aiosmtpd"] as const;
const test = await peerSuite(packages, async (stack, { pki }) => {
  const smtp = stack.use(await startSmtpServer(pki.server));
  const dovecot = stack.use(await startDovecotServer(pki.server));
  const postgres = stack.use(await startPostgresServer(pki.server));
  const ports = { smtp: smtp.port, imap: dovecot.imapPort, pop3: dovecot.pop3Port, postgres: postgres.port };
  return { smtp, dovecot, postgres, ports };
});

const PROTOCOLS: readonly ProxiedProtocol[] = ["smtp", "imap", "pop3", "postgres"];

interface Attempted {
  readonly protocol: ProxiedProtocol;
  readonly attack: Attack;
  /** Codes of which `parley connect` must have one. */
  readonly command: readonly string[];
  /** The same for a script, where they differ by runtime. */
  readonly script: Readonly<Record<TestRuntime, readonly string[]>>;
}

/** Runs command and script on every runtime against the attacker: both must fail, say nothing and hear nothing. */
async function assertRepelled(
  { ports, caFile, pki }: PeerContext & { readonly ports: Readonly<Record<ProxiedProtocol, number>> },
  { protocol, attack, command, script }: Attempted,
): Promise<void> {
  await using proxy = await startStartTlsProxy({ protocol, attack, targetPort: ports[protocol], injected: INJECTED });
  const target = `localhost:${proxy.port}`;
  await eachRuntime(async (runtime) => {
    const args = [target, "--allow", target, "--starttls", protocol, "--ca", caFile];
    const result = await runConnect(runtime, args, { input: SECRET });
    assertRefused(result, { status: 76, codes: command });
    const attempts = [{ port: proxy.port, speak: protocol, tls: { ca: pki.ca }, say: SECRET }] as const;
    const { printed, stderr } = await runAttempts(runtime, { attempts }, { allow: target });
    assertFailed(printed[0], script[runtime]);
    assert.doesNotMatch(JSON.stringify(printed) + stderr + result.stderr, /INJECTED/);
  });
  assert.doesNotMatch(proxy.fromClients(), /secret-password/);
  assert.equal(proxy.injections(), attack === "strip" ? 0 : 6);
}

function everywhere(...codes: readonly string[]): Readonly<Record<TestRuntime, readonly string[]>> {
  return { deno: codes, bun: codes, node: codes };
}

for (const protocol of PROTOCOLS) {
  test(`NET-25 ${protocol}: a stripped offer ends parley connect, and a script that goes on regardless gets no TLS`, (peers) =>
    assertRepelled(peers, {
      protocol,
      attack: "strip",
      command: ["TLS_NOT_OFFERED"],
      script: everywhere("TLS_HANDSHAKE"),
    }));

  test(`NET-06 NET-25 ${protocol}: plaintext in the segment of the last reply stops the upgrade`, (peers) =>
    assertRepelled(peers, {
      protocol,
      attack: "inject-with-reply",
      command: ["TLS_LEFTOVER"],
      script: WITH_REPLY,
    }));

  test(`NET-06 NET-25 ${protocol}: plaintext in a segment after the last reply stops the upgrade`, (peers) =>
    assertRepelled(peers, {
      protocol,
      attack: "inject-after-reply",
      command: ["TLS_LEFTOVER", "TLS_HANDSHAKE"],
      script: everywhere("TLS_LEFTOVER", "TLS_HANDSHAKE"),
    }));

  test(`NET-06 NET-25 ${protocol}: plaintext between ClientHello and its answer breaks the handshake`, (peers) =>
    assertRepelled(peers, {
      protocol,
      attack: "inject-before-handshake",
      command: ["TLS_HANDSHAKE"],
      script: everywhere("TLS_HANDSHAKE"),
    }));
}

test("NET-25 the attacker's proxy is what makes the difference: idle, it lets every upgrade through", async (peers) => {
  for (const protocol of PROTOCOLS) {
    const options = { protocol, attack: "inject-before-handshake", targetPort: peers.ports[protocol] } as const;
    await using proxy = await startStartTlsProxy({ ...options, injected: "" });
    const attempts = [{ port: proxy.port, speak: protocol, tls: { ca: peers.pki.ca } }] as const;
    const { printed: [outcome] } = await runAttempts("deno", { attempts }, { allow: `localhost:${proxy.port}` });
    assertWorked(outcome);
  }
});
