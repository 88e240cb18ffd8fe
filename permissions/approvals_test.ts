import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ManualClock } from "../core/manual_clock.ts";
import { brokerFixture, ONCE, REQUESTER, tcp } from "../tests/support/broker_fixture.ts";
import { RUNTIME, test } from "../tests/support/harness.ts";
import { AttemptLimits, NO_COUNTER } from "./attempt_limits.ts";
import type { Broker } from "./broker.ts";
import type { Grant } from "./grant.ts";

const options = { signal: new AbortController().signal, lifetimes: null, claim: null };
const ENOUGH_TO_TIDY_UP = 600;
const FREE = { burst: 1_000_000, perSecond: 1_000_000 };
const limits = new AttemptLimits({
  clock: new ManualClock(),
  counter: NO_COUNTER,
  settings: () => ({ requester: FREE, destination: FREE, accountPerMinute: 1_000_000 }),
});

/** Approves what nobody keeps, so that the broker looks for what is in use. */
async function requestMany(broker: Broker): Promise<void> {
  for (let n = 0; n < ENOUGH_TO_TIDY_UP; n++) await broker.request(REQUESTER, tcp("web.example", 80), options);
}

async function connected(broker: Broker): Promise<Grant> {
  const grant = await broker.request(REQUESTER, tcp("mail.example", 25), options);
  grant.spend();
  grant.markConnected();
  return grant;
}

test("CON-13 what is in use can be taken back, although its last reconnection failed and memory was tidied up", async () => {
  const { broker } = brokerFixture([ONCE], { limits, allow: ["web.example:80"] });
  const first = await connected(broker);
  // The reconnection comes to nothing; what was connected first is renewed the next time.
  await broker.reconnect(first);
  await tidyUp();
  await requestMany(broker);
  broker.endPrompted("the terminal hung up");
  assert.equal(first.signal.aborted, true);
  await assert.rejects(broker.reconnect(first), { code: "PERM_REVOKED" });
});

test("CON-13 approvals that nobody uses are forgotten", async () => {
  const { broker } = brokerFixture([], { limits, allow: ["web.example:80"] });
  const held = new Set<Grant>();
  for (let n = 0; n < ENOUGH_TO_TIDY_UP; n++) {
    held.add(await broker.request(REQUESTER, tcp("web.example", 80), options));
  }
  const last = [...held].slice(-1)[0];
  const signals = [...held].slice(0, 300).map((grant) => new WeakRef(grant.signal));
  held.clear();
  for (let round = 0; round < 3; round++) {
    await tidyUp();
    await requestMany(broker);
  }
  await tidyUp();
  assert.ok(signals.filter((signal) => signal.deref() === undefined).length > 200);
  broker.revoke(REQUESTER, "direct-sockets", null);
  assert.equal(last?.signal.aborted, true);
});

async function tidyUp(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => void setTimeout(resolve, 0));
    collectGarbage();
  }
}

function collectGarbage(): void {
  if (RUNTIME === "bun") return (globalThis as unknown as { Bun: { gc(force: boolean): void } }).Bun.gc(true);
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
