import assert from "node:assert/strict";
import { startSshServer } from "../support/ssh_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["openssh-server"], async (stack) => ({ ssh: stack.use(await startSshServer()) }));

const RUNS = { name: "SSH", shows: "runs a command on a server with the expected host key" };
testUseCase(test, RUNS, async (runtime, { ssh }) => {
  const from = ssh.process.log().length;
  const command = `echo "$SSH_CONNECTION"; echo oops >&2; head -c 100000 /dev/zero | tr '\\0' x; exit 3`;
  const args = [`${ssh.user}@localhost:${ssh.port}`, ssh.keyFile, ssh.fingerprint, command] as const;
  const { status, stdout, stderr } = await runExample(runtime, ["ssh", ...args], { allow: `localhost:${ssh.port}` });
  assert.equal(status, 3, stderr);
  const [connection = "", noise] = stdout.split("\n");
  assert.equal(noise, "x".repeat(100_000));
  assert.match(stderr, /^oops$/m);
  const [, clientPort] = /^127\.0\.0\.1 (\d+) 127\.0\.0\.1 \d+$/.exec(connection) ?? [];
  const seen = `for ${ssh.user} from 127\\.0\\.0\\.1 port ${clientPort} ssh2: ED25519`;
  await ssh.process.waitForLog(new RegExp(`Accepted publickey ${seen}`), { from });
});

const REFUSES = { name: "SSH", shows: "does not log in where the host key is another one" };
testUseCase(test, REFUSES, async (runtime, { ssh }) => {
  const other = `SHA256:${"A".repeat(43)}`;
  const args = [`${runtime}-nobody@localhost:${ssh.port}`, ssh.keyFile, other, "true"] as const;
  const { status, stdout, stderr } = await runExample(runtime, ["ssh", ...args], { allow: `localhost:${ssh.port}` });
  assert.notEqual(status, 0);
  assert.ok(stderr.includes(`The host key is ${ssh.fingerprint}, not ${other}`), stderr);
  assert.equal(stdout, "");
  assert.ok(!ssh.process.log().includes(`${runtime}-nobody`), "The server was told a name");
});

const ASKS = { name: "SSH", shows: "does not connect without approval" };
testUseCase(test, ASKS, async (runtime, { ssh }) => {
  const connections = (): number => ssh.process.log().split("Connection from").length;
  const before = connections();
  const args = [`${ssh.user}@localhost:${ssh.port}`, ssh.keyFile, ssh.fingerprint, "true"] as const;
  const { status, stderr } = await runExample(runtime, ["ssh", ...args], { allow: "" });
  assert.notEqual(status, 0);
  assert.ok(stderr.includes(`PARLEY_ALLOW=localhost:${ssh.port}`), stderr);
  assert.equal(connections(), before);
});
