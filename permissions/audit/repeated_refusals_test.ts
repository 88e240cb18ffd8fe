import assert from "node:assert/strict";
import { REQUESTER, tcp } from "../../tests/support/broker_fixture.ts";
import { test } from "../../tests/support/harness.ts";
import { REPEAT_MS, RepeatedRefusals } from "./repeated_refusals.ts";

const REFUSAL = { requester: REQUESTER, descriptor: tcp("mail.example", 25), by: "managed", of: 7 };

test("CON-22 a refusal counts for a minute from its line, even if nobody looked when the minute was over", () => {
  const refusals = new RepeatedRefusals();
  assert.equal(refusals.count("a", 0), false);
  refusals.begin("a", REFUSAL, 0);
  assert.equal(refusals.count("a", REPEAT_MS - 1), true);
  assert.equal(refusals.count("a", REPEAT_MS), false);
  assert.deepEqual(refusals.expire(REPEAT_MS), [{ event: "repeated", ...REFUSAL, repeated: 1 }]);
  assert.deepEqual(refusals.expire(REPEAT_MS), []);
  assert.equal(refusals.endsAtMs, null);
});

test("CON-22 what has no room any more is given out with its count, oldest first", () => {
  const refusals = new RepeatedRefusals();
  for (let index = 0; index < 256; index++) refusals.begin(`${index}`, { ...REFUSAL, of: index }, index);
  refusals.count("0", 256);
  refusals.count("1", 256);
  assert.equal(refusals.endsAtMs, REPEAT_MS);
  assert.deepEqual(refusals.expire(256).map(({ of, repeated }) => [of, repeated]), [[0, 1]]);
  assert.equal(refusals.endsAtMs, REPEAT_MS + 1);
  assert.deepEqual(refusals.take().map(({ of }) => of), [1]);
  assert.deepEqual(refusals.take(), []);
});
