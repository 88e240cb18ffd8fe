import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { linkPair, type MemoryLink } from "../../runtime/memory/memory_link.ts";
import { test } from "../../tests/support/harness.ts";
import type { ByteLink } from "../port.ts";
import { type LinkTimeouts, NO_TIMEOUTS, timedLink } from "./timed_link.ts";

const ENDS = { client: { address: "127.0.0.1", port: 1 }, server: { address: "127.0.0.1", port: 2 } };

function open(limits: Partial<LinkTimeouts>): { clock: ManualClock; link: ByteLink; far: MemoryLink } {
  const clock = new ManualClock();
  const { client, server } = linkPair(ENDS);
  return { clock, link: timedLink(client, clock, { ...NO_TIMEOUTS, ...limits }), far: server };
}

test("NET-04 without limits a link stays what it is", () => {
  const { client } = linkPair(ENDS);
  assert.equal(timedLink(client, new ManualClock(), NO_TIMEOUTS), client);
});

test("NET-04 a connection that is idle for too long is broken off, and says why", async () => {
  const { clock, link, far } = open({ idleTimeoutMs: 1000 });
  const reading = link.readChunk();
  reading.catch(() => {});
  await clock.advance(999);
  await far.write(Uint8Array.of(1));
  assert.equal((await reading)?.byteLength, 1);
  await clock.advance(999);
  await link.write(Uint8Array.of(1));
  await clock.advance(999);
  const last = link.readChunk();
  last.catch(() => {});
  await clock.advance(1);
  await assert.rejects(last, { code: "NET_TIMEOUT" });
  await assert.rejects(far.read(new Uint8Array(9)).then(() => far.readChunk()), { code: "NET_RESET" });
});

test("NET-04 a read that waits too long fails, and idleness without a read does not count", async () => {
  const { clock, link, far } = open({ readTimeoutMs: 1000 });
  await clock.advance(60_000);
  const reading = link.read(new Uint8Array(9));
  await far.write(Uint8Array.of(1));
  assert.equal(await reading, 1);
  const late = link.read(new Uint8Array(9));
  late.catch(() => {});
  await clock.advance(1000);
  await assert.rejects(late, { code: "NET_TIMEOUT" });
});

test("NET-04 closing a link with limits leaves no timer", async () => {
  const { clock, link } = open({ idleTimeoutMs: 1000, readTimeoutMs: 1000 });
  const reading = link.readChunk();
  reading.catch(() => {});
  link.close();
  await assert.rejects(reading, { code: "NET_CLOSED" });
  assert.equal(clock.pendingTimers, 0);
});
