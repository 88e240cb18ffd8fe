import assert from "node:assert/strict";
import { startSnmpAgent } from "../support/snmp_agent.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(["snmpd"], async (stack) => ({ agent: stack.use(await startSnmpAgent()) }));

testUseCase(
  test,
  { name: "SNMP", shows: "reads values with net-snmp" },
  async (runtime, { agent: { port, process } }) => {
    const from = process.log().length;
    const args = ["snmp_get", "localhost", String(port), "public"] as const;
    const allow = `udp://localhost:${port}`;
    const { status, stdout, stderr } = await runExample(runtime, args, { allow });
    assert.equal(status, 0, stderr);
    assert.equal(stdout, "1.3.6.1.2.1.1.1.0 = A device of the test\n1.3.6.1.2.1.1.5.0 = device.example\n");
    // The library needs one datagram for both.
    assert.equal(process.log().slice(from).match(/Received SNMP packet/g)?.length, 1);

    const other = await runExample(runtime, [...args, "1.3.6.1.2.1.1.99.0"], { allow });
    assert.deepEqual([other.status, other.stdout], [0, "1.3.6.1.2.1.1.99.0 = NoSuchObject: 1.3.6.1.2.1.1.99.0\n"]);

    const before = process.log();
    const refused = await runExample(runtime, args, { allow: "" });
    assert.deepEqual([refused.status, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /NotAllowedError.*Not allowed to connect to localhost/s);
    assert.equal(process.log(), before);
  },
);
