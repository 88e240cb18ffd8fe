import assert from "node:assert/strict";
import { FAKETIME_LIBRARY, startTimeServer } from "../support/time_server.ts";
import { peerSuite } from "./peer_suite.ts";
import { runExample } from "./run_example.ts";
import { testUseCase } from "./use_case_table.ts";

const test = await peerSuite(
  ["chrony", "libfaketime"],
  async (stack) => ({ clock: stack.use(await startTimeServer()) }),
);

testUseCase(test, { name: "NTP", shows: "says how far a clock is off" }, async (runtime, { clock }) => {
  const before = await clock.requests();
  for (const offS of [-90, 0, 5]) {
    const { status, stdout, stderr } = await runExample(runtime, ["ntp_offset", "127.0.0.1", String(clock.port)], {
      allow: `udp://127.0.0.1:${clock.port}`,
      env: {
        LD_PRELOAD: FAKETIME_LIBRARY,
        FAKETIME: `${offS < 0 ? "" : "+"}${offS}`,
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
      },
    });
    assert.equal(status, 0, stderr);
    const [, offset, error, stratum] = /^offset (\S+) ms, give or take (\S+) ms; stratum (\d+)$/m.exec(stdout) ?? [];
    assert.equal(stratum, "8", stdout);
    // Both clocks are that of this machine; what the runtime rounds is added to what the protocol leaves open.
    assert.ok(Math.abs(Number(offset) + offS * 1000) <= Number(error) + 20, `${offS} s: ${stdout}`);
    assert.ok(Number(error) < 2_000, stdout);
  }
  assert.equal(await clock.requests(), before + 3);
});
