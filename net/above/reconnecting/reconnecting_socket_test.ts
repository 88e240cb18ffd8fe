import assert from "node:assert/strict";
import type { ManualClock } from "../../../core/manual_clock.ts";
import { MemoryNetwork } from "../../../runtime/memory/net.ts";
import { brokerFixture, ONCE, REQUESTER, RUN, type Script } from "../../../tests/support/broker_fixture.ts";
import { test } from "../../../tests/support/harness.ts";
import type { NetContext } from "../../context.ts";
import { createEngineHost } from "../../engine/engine_host.ts";
import type { ByteLink } from "../../port.ts";
import { backoffMs } from "./backoff.ts";
import { openReconnecting, type ReconnectingSocketOptions } from "./open_reconnecting_socket.ts";
import type { ReconnectingSocket, ReconnectWait } from "./reconnecting_socket.ts";

const ADDRESS = "9.9.9.9";

interface Scene {
  readonly link: ReconnectingSocket;
  readonly network: MemoryNetwork;
  readonly clock: ManualClock;
  readonly waits: ReconnectWait[];
  readonly fixture: ReturnType<typeof brokerFixture>;
}

async function scene(
  options: Partial<ReconnectingSocketOptions> = {},
  { script = [ONCE], allow = [] }: { script?: Script; allow?: string[] } = {},
): Promise<Scene> {
  const fixture = brokerFixture(script, { allow });
  const network = new MemoryNetwork();
  network.addName("hub.example", ADDRESS);
  const { clock, broker } = fixture;
  const waits: ReconnectWait[] = [];
  const context: NetContext = {
    engine: createEngineHost(network, clock),
    broker,
    requester: REQUESTER,
    lifetimes: null,
    claim: null,
    report: () => {},
  };
  const given = { remoteAddress: "hub.example", remotePort: 1883, onWait: (wait: ReconnectWait) => waits.push(wait) };
  const link = await openReconnecting(() => Promise.resolve(context), { ...given, ...options }, () => 0.5);
  return { link, network, clock, waits, fixture };
}

/** A service that says a number and ends. */
function counting(): (link: ByteLink) => Promise<void> {
  let count = 0;
  return async (link) => {
    await link.write(Uint8Array.of(++count));
    await link.closeWrite();
  };
}

async function drain(socket: { readable: ReadableStream<Uint8Array>; writable: WritableStream }): Promise<number[]> {
  const bytes: number[] = [];
  for await (const chunk of socket.readable) bytes.push(...chunk);
  await socket.writable.close();
  return bytes;
}

/** Turns the clock until something that happens by itself has happened. */
async function turning<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const settled = work.finally(() => done = true);
  settled.catch(() => {});
  for (let turn = 0; turn < 200 && !done; turn++) await clock.advance(1_000);
  assert.ok(done, "it never came to an end");
  return await settled;
}

test("NET-11 RS-13 connections follow one another under the one answer: once is one object, reconnections included", async () => {
  const { link, network, clock, fixture } = await scene();
  network.listen({ address: ADDRESS, port: 1883 }, counting());
  const seen: number[] = [];
  await turning(
    clock,
    (async () => {
      for await (const socket of link) {
        seen.push(...await drain(socket));
        if (seen.length === 4) break;
      }
    })(),
  );
  assert.deepEqual(seen, [1, 2, 3, 4]);
  assert.equal(fixture.questions.length, 1);
});

test("NET-11 a second object is asked about again", async () => {
  const { fixture, link, network, clock } = await scene();
  network.listen({ address: ADDRESS, port: 1883 }, counting());
  await turning(
    clock,
    (async () => {
      for await (const socket of link) {
        await drain(socket);
        break;
      }
    })(),
  );
  await assert.rejects(
    fixture.broker.request(REQUESTER, fixture.questions[0]!.descriptor, {
      signal: new AbortController().signal,
      lifetimes: null,
      claim: null,
    }),
    { code: "PERM_DENIED" },
  );
  assert.equal(fixture.questions.length, 2);
});

test("NET-14 every reconnection judges the name's addresses anew: one that now leads into the own network ends it", async () => {
  const { link, network, clock } = await scene();
  network.listen({ address: ADDRESS, port: 1883 }, counting());
  await turning(
    clock,
    assert.rejects(async () => {
      for await (const socket of link) {
        await drain(socket);
        network.addName("hub.example", "192.168.1.1");
      }
    }, { name: "NotAllowedError" }),
  );
  assert.ok(!network.log.includes("connect 192.168.1.1:1883"));
});

test("CON-19 taking the approval back ends the connection and every further attempt", async () => {
  const { link, network, clock, fixture } = await scene({}, { script: [RUN] });
  network.listen({ address: ADDRESS, port: 1883 }, async (peer) => void await peer.readChunk());
  await turning(
    clock,
    assert.rejects(async () => {
      for await (const socket of link) {
        const reading = socket.readable.getReader().read();
        fixture.broker.revokeAll();
        await assert.rejects(reading, { name: "NotAllowedError" });
      }
    }, { name: "NotAllowedError" }),
  );
  assert.equal(network.log.filter((line) => line.startsWith("connect")).length, 1);
});

test("NET-10 attempts are apart: with jitter between 1 s and a ceiling that doubles from 2 s to 60 s", () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 60].map((failures) => backoffMs(failures, 1)), [
    2_000,
    4_000,
    8_000,
    16_000,
    32_000,
    60_000,
    60_000,
    60_000,
  ]);
  for (let failures = 0; failures < 20; failures++) assert.equal(backoffMs(failures, 0), 1_000);
});

test("NET-10 a server that is gone is tried less and less often, and a healthy connection begins anew", async () => {
  const { link, network, clock, waits } = await scene();
  network.listen({ address: ADDRESS, port: 1883 }, async (peer) => void await peer.readChunk());
  const iterator = link[Symbol.asyncIterator]();
  const first = (await iterator.next()).value!;
  const next = iterator.next();
  next.catch(() => {});
  await clock.advance(40_000);
  network.unlisten({ address: ADDRESS, port: 1883 });
  const reader = first.readable.getReader();
  await first.writable.close();
  await reader.read();
  await clock.advance(100_000);
  assert.deepEqual(waits.map(({ failures }) => failures).slice(0, 4), [0, 1, 2, 3]);
  const delays = waits.map(({ delayMs }) => delayMs);
  assert.ok(delays.every((delay, at) => at < 2 || delay >= (delays[at - 1] ?? 0)), delays.join());
  link.close();
  assert.equal((await next).done, true);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-11 a first attempt that fails is repeated only where that asks nobody", async () => {
  const asked = await scene();
  await turning(asked.clock, assert.rejects(asked.link[Symbol.asyncIterator]().next(), { name: "NetworkError" }));
  assert.equal(asked.fixture.questions.length, 1);
  const ruled = await scene({ maxFailures: 3 }, { script: [], allow: ["hub.example:1883"] });
  await turning(ruled.clock, assert.rejects(ruled.link[Symbol.asyncIterator]().next(), { name: "NetworkError" }));
  assert.equal(ruled.network.log.filter((line) => line.startsWith("connect")).length, 3);
});

test("NET-29 an address reconnects without any lookup", async () => {
  const { link, network, clock } = await scene({ remoteAddress: ADDRESS }, { script: [ONCE] });
  network.listen({ address: ADDRESS, port: 1883 }, counting());
  let rounds = 0;
  await turning(
    clock,
    (async () => {
      for await (const socket of link) {
        await drain(socket);
        if (++rounds === 3) break;
      }
    })(),
  );
  assert.deepEqual(network.log, Array(3).fill(`connect ${ADDRESS}:1883`));
});

test("NET-04 leaving the loop closes the connection, and close() ends the loop", async () => {
  const { link, network, clock } = await scene();
  let ended = 0;
  network.listen({ address: ADDRESS, port: 1883 }, async (peer) => {
    await peer.readChunk().catch(() => {});
    ended++;
  });
  for await (const _socket of link) break;
  await clock.advance(0);
  assert.equal(ended, 1);
  await assert.rejects(link[Symbol.asyncIterator]().next(), TypeError);
});
