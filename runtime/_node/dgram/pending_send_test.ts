import assert from "node:assert/strict";
import { ParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { PendingSend, type SendOwner } from "./pending_send.ts";

/** An owner whose attempts come to what the list says; null for success. */
function owner(outcomes: (string | null)[], retries = true) {
  const record = { hands: 0, late: [] as unknown[], freed: [] as PendingSend[] };
  const self: SendOwner = {
    retries,
    hand: ({ done }) => {
      record.hands++;
      const outcome = outcomes.shift() ?? null;
      if (outcome === "throw") throw new TypeError("thrown");
      queueMicrotask(() => done(outcome === null ? undefined : new TypeError(outcome)));
    },
    failure: (error) => new ParleyError("NET_FAILED", `Cannot send: ${(error as Error).message}`),
    late: (error) => record.late.push((error as Error).message),
    free: (send) => record.freed.push(send),
  };
  return { self, record };
}

function start(send: PendingSend): Promise<void> {
  send.bytes = new Uint8Array(1);
  return send.start();
}

test("DS-48 the error of an earlier datagram fails no send: it is told, and the send tried once more", async () => {
  const { self, record } = owner(["refused", null]);
  await start(new PendingSend(self));
  assert.deepEqual([record.hands, record.late], [2, ["refused"]]);
});

test("a send that fails twice rejects with its own error", async () => {
  const { self, record } = owner(["of another", "its own"]);
  await assert.rejects(start(new PendingSend(self)), /Cannot send: its own/);
  assert.deepEqual([record.hands, record.late], [2, []]);
});

test("a send is not tried again where the system gives it no other's errors", async () => {
  const { self, record } = owner(["its own", null], false);
  await assert.rejects(start(new PendingSend(self)), /Cannot send: its own/);
  assert.deepEqual([record.hands, record.late], [1, []]);
});

test("what a runtime throws instead of calling back is a rejection", async () => {
  const { self } = owner(["throw", "throw"]);
  await assert.rejects(start(new PendingSend(self)), /Cannot send: thrown/);
});

test("a send is free for the next only when it has settled, and holds nothing of the one before", async () => {
  const { self, record } = owner(["refused", null, null, "a", "b"]);
  const send = new PendingSend(self);
  const first = start(send);
  assert.deepEqual(record.freed, []);
  await first;
  assert.deepEqual(record.freed, [send]);
  assert.equal(send.bytes, null);
  await start(send);
  assert.deepEqual(record.late, ["refused"]);
  await assert.rejects(start(send), /Cannot send: b/);
  send.done();
  assert.equal(record.freed.length, 3);
});
