import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { listenTo } from "./listen_to.ts";

test("CORE-01 listenTo() hears every event, whatever is on Object.prototype", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const hostile = { signal: AbortSignal.abort(), once: true, capture: true, passive: true };
  const target = new EventTarget();
  let heard = 0;
  Object.assign(prototype, hostile);
  try {
    listenTo(target, "end", () => heard++);
  } finally {
    for (const name of Object.keys(hostile)) delete prototype[name];
  }
  for (let n = 0; n < 2; n++) target.dispatchEvent(new Event("end"));
  assert.equal(heard, 2);
});
