/** A gibibyte each way on every runtime, one after another; `gigabyte.ts` prints the figures that are judged here. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { RUNTIMES } from "../support/each_runtime.ts";
import { test } from "../support/harness.ts";
import { type BulkFigures, type BulkOptions, runBulk, type StageFigures } from "./bulk_run.ts";

const GIBIBYTE = 1024 ** 3;
const MAX_GROWTH_KIB = 32 * 1024;
/** What the kernel may hold on the way when nobody reads, both buffers at their largest, and a runtime's own queue. */
const MAX_ON_THE_WAY = largestBuffer("tcp_rmem") + largestBuffer("tcp_wmem") + 1024 * 1024;
const STOP_SECONDS = 5;

const FULL: Omit<BulkOptions, "runtime"> = {
  megabytes: 1024,
  warmUpMegabytes: 256,
  stopSeconds: STOP_SECONDS,
  reader: "byob",
  onProgress: (text) => console.log(text),
};

for (const runtime of RUNTIMES) {
  test(
    `NET-03 1 GiB each way on ${runtime}: equal checksums, and a stopped reader stops the sender with memory flat`,
    async () => {
      const figures = await runBulk({ ...FULL, runtime });
      for (const stage of stagesOf(figures)) {
        assert.equal(stage.bytes, GIBIBYTE);
        assert.equal(stage.clientSha256, stage.peerSha256);
        assert.ok(
          stage.growthKib < MAX_GROWTH_KIB,
          `memory grew by ${stage.growthKib} KiB while ${stage.bytes} bytes passed`,
        );
        requireStopped(stage);
      }
      // Both directions carried the same bytes.
      assert.equal(figures.download.clientSha256, figures.upload.clientSha256);
    },
    { timeoutMs: 180_000 },
  );

  test(`NET-03 a default reader on ${runtime} that stops for 5 s stops the sender with memory flat`, async () => {
    const figures = await runBulk({ ...FULL, runtime, megabytes: 128, warmUpMegabytes: 64, reader: "default" });
    for (const stage of stagesOf(figures)) {
      assert.equal(stage.clientSha256, stage.peerSha256);
      requireStopped(stage);
    }
  }, { timeoutMs: 120_000 });
}

function stagesOf(figures: BulkFigures): StageFigures[] {
  return [figures.download, figures.upload];
}

function requireStopped({ stop }: StageFigures): void {
  assert.ok(stop.stoppedMs >= STOP_SECONDS * 990, `the reader stopped for ${stop.stoppedMs} ms only`);
  assert.ok(stop.stillMs > stop.stoppedMs * 0.7, `the sender stood still for ${stop.stillMs} ms only`);
  assert.ok(stop.takenBytes < MAX_ON_THE_WAY, `the sender got rid of ${stop.takenBytes} bytes nobody read`);
  assert.ok(stop.growthKib < MAX_GROWTH_KIB, `memory grew by ${stop.growthKib} KiB while nobody read`);
}

function largestBuffer(name: string): number {
  return Number(readFileSync(`/proc/sys/net/ipv4/${name}`, "utf8").trim().split(/\s+/).at(-1));
}
