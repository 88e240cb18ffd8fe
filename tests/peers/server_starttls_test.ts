/** STARTTLS with Parley as the server: real clients get through, and plaintext that came ahead does not (CVE-2011-0411). */
import assert from "node:assert/strict";
import { ClientProcess } from "../support/client_process.ts";
import { eachRuntime } from "../support/each_runtime.ts";
import { runPeerClient } from "../support/peer_client.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";

const test = await peerSuite(["socat"], () => Promise.resolve({}));

interface Gate extends AsyncDisposable {
  readonly port: number;
  readonly script: ClientProcess;
}

async function startGate(runtime: TestRuntime, plan: { cert: string; key: string; goAhead: boolean }): Promise<Gate> {
  const program = "tests/peers/programs/mail_gate.ts";
  const env = { PARLEY_ALLOW: "listen://127.0.0.1:0" };
  const script = await ClientProcess.start({ runtime, program, args: [JSON.stringify(plan)], env });
  const port = Number((await script.expect(/^port (\d+)$/m))[1]);
  return { port, script, [Symbol.asyncDispose]: () => script[Symbol.asyncDispose]() };
}

for (const goAhead of [true, false]) {
  const who = goAhead ? "Parley sends the go-ahead" : "the program sends the go-ahead itself";
  test(`NET-06 a mail client upgrades a connection to a script's server, where ${who}`, async ({ pki, caFile }) => {
    await eachRuntime(async (runtime) => {
      await using gate = await startGate(runtime, { ...pki.server, goAhead });
      for (let round = 1; round <= 3; round++) {
        const verified = ["-CAfile", caFile, "-verify_return_error", "-verify_hostname", "mail.test"];
        const argv = [
          "openssl",
          "s_client",
          "-starttls",
          "smtp",
          "-connect",
          `127.0.0.1:${gate.port}`,
          "-crlf",
          "-nocommands",
        ];
        const { stdout, stderr } = await runPeerClient([...argv, "-servername", "mail.test", ...verified], {
          input: "QUIT\n",
          until: /^221 bye/m,
        });
        assert.match(stdout, /^221 bye/m, stderr);
        assert.match(stdout, /Verify return code: 0 \(ok\)/);
        await gate.script.expect(new RegExp(`(?:secure TLSv1\\.3 mail\\.test\nheard "QUIT"[^]*){${round}}`));
      }
      const { stdout } = await gate.script[Symbol.asyncDispose]().then(() => gate.script.result());
      assert.doesNotMatch(stdout, /failed/);
    });
  });

  test(`NET-06 a command smuggled in behind STARTTLS is heard by nobody, where ${who}`, async ({ pki }) => {
    await eachRuntime(async (runtime) => {
      await using gate = await startGate(runtime, { ...pki.server, goAhead });
      const input = "EHLO evil.example\r\nSTARTTLS\r\nRSET\r\nMAIL FROM:<evil@example.org>\r\n";
      await runPeerClient(["socat", "-t", "10", "-", `TCP:127.0.0.1:${gate.port}`], { input });
      const [, code] = await gate.script.expect(/^failed NetworkError (\S+)$/m);
      assert.ok(["TLS_LEFTOVER", "TLS_HANDSHAKE"].includes(code ?? ""), code);
      const { stdout } = await gate.script[Symbol.asyncDispose]().then(() => gate.script.result());
      assert.doesNotMatch(stdout, /secure|RSET|MAIL/);
    });
  });
}
