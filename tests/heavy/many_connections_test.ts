/** Ten thousand connections to one process on every runtime; `many_connections.ts` prints the figures by itself, too. */
import assert from "node:assert/strict";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { describeFigures, FULL_LOAD, measureServer } from "./many_connections.ts";

for (const runtime of RUNTIMES) {
  test(
    `NET-22 10,000 connections on ${runtime}: all are accepted and kept, and 1,000 of them echo every byte meanwhile`,
    async () => {
      const { idle, active, rounds } = FULL_LOAD;
      for (const kind of ["native", "parley"] as const) {
        const figures = await measureServer(runtime, kind, FULL_LOAD);
        console.log(describeFigures(runtime, kind, figures));
        assert.equal(figures.accepted, idle + active);
        assert.equal(figures.open, idle + active);
        assert.equal(figures.messages, active * rounds);
      }
    },
    { timeoutMs: 240_000 },
  );
}
