import assert from "node:assert/strict";
import { eachRuntime } from "../support/each_runtime.ts";
import { LONG_TEXTS, startNameServer } from "../support/name_server.ts";
import type { TestRuntime } from "../support/runtimes.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["dnsmasq-base"], async (stack) => ({ names: stack.use(await startNameServer()) }));

async function lookup(runtime: TestRuntime, port: number, [name, type]: readonly [string, string]): Promise<string> {
  // Each transport is approved by itself.
  const allow = `udp://127.0.0.1:${port},127.0.0.1:${port}`;
  const args = ["dns_lookup", name, type, "127.0.0.1", String(port)] as const;
  const { status, stdout, stderr } = await runExample(runtime, args, { allow });
  assert.equal(status, 0, stderr);
  return stdout;
}

testUseCase(
  test,
  { name: "DNS", shows: "asks over UDP, and over TCP where the answer is long" },
  async (runtime, { names }) => {
    const { port, process } = names;
    const from = process.log().length;
    assert.equal(await lookup(runtime, port, ["nas.test", "A"]), "NOERROR\nnas.test 0 A 192.0.2.7\n");
    assert.equal(await lookup(runtime, port, ["NAS.test", "aaaa"]), "NOERROR\nNAS.test 0 AAAA 2001:db8::7\n");
    const mail = await lookup(runtime, port, ["mail.test", "MX"]);
    assert.equal(mail, 'NOERROR\nmail.test 0 MX {"preference":10,"exchange":"mx.mail.test"}\n');
    assert.equal(await lookup(runtime, port, ["absent.test", "A"]), "NXDOMAIN\n");
    const long = await lookup(runtime, port, ["long.test", "TXT"]);
    assert.equal(long, `NOERROR\nlong.test 0 TXT ${JSON.stringify(LONG_TEXTS)}\n`);
    const asked = [...process.log().slice(from).matchAll(/query\[(\w+)\] (\S+) from 127\.0\.0\.1/g)];
    assert.deepEqual(asked.map(([, type, name]) => `${type} ${name?.toLowerCase()}`), [
      "A nas.test",
      "AAAA nas.test",
      "MX mail.test",
      "A absent.test",
      "TXT long.test",
      "TXT long.test",
    ]);
  },
);

test("NET-01 NET-21 DNS: an approval of UDP is none of TCP", async ({ names }) => {
  await eachRuntime(async (runtime) => {
    const args = ["dns_lookup", "long.test", "TXT", "127.0.0.1", String(names.port)] as const;
    const { status, stdout, stderr } = await runExample(runtime, args, { allow: `udp://127.0.0.1:${names.port}` });
    assert.deepEqual([status, stdout], [1, ""], stderr);
    assert.match(stderr, new RegExp(`refused \\S+ a connection to 127\\.0\\.0\\.1:${names.port}\\b`));
  });
});
