/** A hundred thousand datagrams at a program that does not read: memory stays flat, and no datagram is unaccounted for. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { RecordProcess } from "../support/record_process.ts";
import { forgetPeak, residentMemory } from "../support/resident_memory.ts";
import { runtimePath } from "../support/runtimes.ts";

const DATAGRAMS = 100_000;
const BYTES = 1_000;
/** What the queue holds by default. */
const QUEUED = 1_024;
/** Garbage that a busy machine's collector has not got to, included. What would be kept without a limit is 100 MiB and more. */
const MAX_GROWTH_KIB = 64 * 1024;
const PYTHON = "/usr/bin/python3";
const skip = existsSync(PYTHON) ? null : "the Debian package python3 is missing";

const path = (name: string): string => fileURLToPath(new URL(`./programs/${name}`, import.meta.url));

for (const runtime of RUNTIMES) {
  test(
    `NET-27 100,000 datagrams at a paused reader on ${runtime}: the queue stays bounded, drops are counted, memory flat`,
    async () => {
      const flags = runtime === "deno" ? ["run", "-A", "--no-check"] : [];
      const env = { ...process.env, PARLEY_ALLOW: "listen+udp://127.0.0.1:0" };
      const argv = [await runtimePath(runtime), ...flags, path("flood_receiver.ts")];
      await using receiver = new RecordProcess(argv, { env });
      const port = Number((await receiver.record({ is: "listening" })).record["port"]);
      const flood = (count: number): Promise<unknown> =>
        promisify(execFile)(PYTHON, [path("flood_sender.py"), String(port), String(count), String(BYTES)]);
      await flood(10_000);
      const warm = await settled(receiver, 1);
      forgetPeak(receiver.pid);
      const before = residentMemory(receiver.pid).nowKib;
      await flood(DATAGRAMS);
      const after = await settled(receiver, warm.number + 1);
      const growthKib = residentMemory(receiver.pid).peakKib - before;
      const lost = droppedBySystem(port);
      const seen = after.queued + after.dropped;
      console.log(
        `${runtime}: ${seen} reached the program, ${lost} the system dropped, memory grew by ${growthKib} KiB`,
      );
      assert.equal(seen + lost, DATAGRAMS + 10_000);
      assert.equal(after.queued, QUEUED);
      assert.ok(after.dropped > 10 * QUEUED, `only ${after.dropped} were dropped by the queue`);
      assert.ok(growthKib < MAX_GROWTH_KIB, `memory grew by ${growthKib} KiB`);
      receiver.send("read");
      const read = await receiver.record({ is: "state", number: after.number + 1 });
      assert.equal(read.record["received"], QUEUED);
      assert.equal(read.record["queued"], 0);
    },
    { skip, timeoutMs: 120_000 },
  );
}

/** Asks until the counts no longer change: what the system holds is on its way to the program. */
async function settled(
  receiver: RecordProcess,
  first: number,
): Promise<{ number: number; queued: number; dropped: number }> {
  let last = -1;
  for (let number = first;; number++) {
    receiver.send("state");
    const { queued, dropped } = (await receiver.record({ is: "state", number })).record;
    const total = Number(queued) + Number(dropped);
    if (total === last) return { number, queued: Number(queued), dropped: Number(dropped) };
    last = total;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** What the system could not put into the socket's buffer, as it counts for each socket. */
function droppedBySystem(port: number): number {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/udp", "utf8").split("\n").map((line) => line.trim().split(/\s+/));
  return Number(lines.find((fields) => fields[1]?.endsWith(wanted))?.at(-1) ?? 0);
}
