import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { ParleyError } from "../../core/errors.ts";
import { createTestHost, type FaultOptions, type TestHost } from "../../testing.ts";
import { test } from "../../tests/support/harness.ts";
import { toldLate } from "../../tests/support/late_refusal.ts";
import { createFaultPlan } from "./faults.ts";

const PEER = { remoteAddress: "peer.example", remotePort: 7 };

/** A host with an echo server at {@linkcode PEER}. */
function hostWith(faults: FaultOptions): TestHost {
  const host = createTestHost({ allow: ["peer.example:7"], faults });
  host.network.addName("peer.example", "93.184.215.14");
  host.network.listen({ address: "93.184.215.14", port: 7 }, async (link) => {
    for (let chunk = await link.readChunk(); chunk !== null; chunk = await link.readChunk()) await link.write(chunk);
  });
  return host;
}

/** What a `NetworkError` is made of. */
async function failure(opening: Promise<unknown>): Promise<ParleyError> {
  try {
    await opening;
  } catch (error) {
    const { cause } = error as DOMException & { readonly cause?: unknown };
    assert.ok(cause instanceof ParleyError, String(error));
    return cause;
  }
  throw new assert.AssertionError({ message: "the promise was fulfilled" });
}

test("NET-04 faults: a failed lookup, named to the operator with the seed that makes it happen again", async () => {
  const { navigator, network, clock, reports } = hostWith({ seed: 42, lookupFailure: 1 });
  await assert.rejects(toldLate(clock, navigator.openTCPSocket(PEER)), { name: "NotAllowedError" });
  assert.match(reports.join("\n"), /\(a fault of seed 42\) \[NET_DNS\]$/);
  assert.deepEqual(network.log, ["resolve peer.example"]);
});

test("NET-04 faults: a refused attempt", async () => {
  const { navigator } = hostWith({ seed: 3, refuse: 1 });
  const { code, detail } = await failure(navigator.openTCPSocket(PEER));
  assert.equal(code, "NET_REFUSED");
  assert.equal(detail["seed"], 3);
});

test("NET-04 faults: an attempt that nobody answers ends with its deadline, or its signal", async () => {
  const { navigator, clock } = hostWith({ blackhole: 1 });
  const late = failure(navigator.openTCPSocket({ ...PEER, connectTimeout: 5000 }));
  await clock.advance(5000);
  assert.equal((await late).code, "NET_TIMEOUT");
  const breaker = new AbortController();
  const broken = navigator.openTCPSocket({ ...PEER, signal: breaker.signal });
  await clock.advance(1);
  breaker.abort(new TypeError("enough"));
  await assert.rejects(broken, /enough/);
  assert.equal(clock.pendingTimers, 0);
});

test("NET-04 faults: lookups and attempts take their time by the host's clock", async () => {
  const { navigator, clock, network } = hostWith({ delayMs: [100, 100] });
  let opened = false;
  const opening = navigator.openTCPSocket(PEER).then((socket) => {
    opened = true;
    return socket;
  });
  await clock.advance(99);
  assert.deepEqual(network.log, ["resolve peer.example"]);
  await clock.advance(100);
  assert.equal(opened, false);
  await clock.advance(1);
  assert.equal(opened, true);
  await (await opening).close();
});

test("NET-04 faults: an attempt that is given up during its delay leaves no timer", async () => {
  const { navigator, clock } = hostWith({ delayMs: [100, 100] });
  const breaker = new AbortController();
  const opening = navigator.openTCPSocket({ ...PEER, signal: breaker.signal });
  await clock.advance(50);
  breaker.abort();
  await assert.rejects(opening, { name: "AbortError" });
  assert.equal(clock.pendingTimers, 0);
});

test("NET-04 faults: each connection has a fate of its own, the same with the same seed", async () => {
  const fates = async (seed: number): Promise<string> => {
    const { navigator } = hostWith({ seed, refuse: 0.5 });
    let fate = "";
    for (let attempt = 0; attempt < 20; attempt++) {
      fate += await navigator.openTCPSocket(PEER).then((socket) => socket.close().then(() => "o"), () => "x");
    }
    return fate;
  };
  const fate = await fates(1);
  assert.match(fate, /o.*x|x.*o/);
  assert.equal(await fates(1), fate);
  assert.notEqual(await fates(2), fate);
});

test("NET-04 without faults nothing is delayed and nothing fails", async () => {
  const { navigator, clock } = hostWith({});
  await using socket = await navigator.openTCPSocket(PEER);
  const writer = socket.writable.getWriter();
  await writer.write(new TextEncoder().encode("hello"));
  await writer.close();
  assert.equal(await new Response(socket.readable).text(), "hello");
  await socket.closed;
  assert.equal(clock.monotonicMs(), 0);
});

for (
  const [what, faults] of [
    ["a probability above 1", { reset: 1.1 }],
    ["a negative probability", { loss: -0.1 }],
    ["a probability that is not a number", { refuse: NaN }],
    ["a range whose end comes first", { delayMs: [5, 1] }],
    ["a range below 0", { afterBytes: [-1, 5] }],
    ["a range of fractions", { delayMs: [0, 1.5] }],
    ["pieces of no byte", { split: 0 }],
    ["a seed that is no whole number", { seed: 1.5 }],
  ] as const
) {
  test(`NET-04 faults: ${what} cannot be`, () => {
    assert.throws(() => createFaultPlan(faults, new ManualClock()), RangeError);
    assert.throws(() => createTestHost({ faults }), RangeError);
  });
}
