import assert from "node:assert/strict";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RUNTIME, test } from "../tests/support/harness.ts";
import { abortError, onAbort } from "./abort.ts";
import { ParleyError } from "./errors.ts";

test("CORE-01 onAbort() hears a signal, whatever is on Object.prototype, and stops when told", () => {
  const prototype = Object.prototype as unknown as Record<string, unknown>;
  const hostile = { signal: AbortSignal.abort(), once: false, capture: true, passive: true };
  Object.assign(prototype, hostile);
  try {
    const [heard, forgotten] = [new AbortController(), new AbortController()];
    let calls = 0;
    onAbort(heard.signal, () => calls++);
    onAbort(forgotten.signal, () => assert.fail("it was told to stop"))();
    heard.abort();
    forgotten.abort();
    assert.equal(calls, 1);
  } finally {
    for (const name of Object.keys(hostile)) delete prototype[name];
  }
});

test("NET-04 abortError() keeps Parley's own reason and wraps the script's", () => {
  const own = new ParleyError("PERM_REVOKED", "Cannot go on");
  assert.equal(abortError(own), own);
  assert.equal(abortError("why").code, "NET_ABORTED");
  assert.equal(abortError("why").cause, "why");
});

test("CON-19 onAbort() hears a signal made of others that nobody else keeps, although memory was tidied up", async () => {
  const approval = new AbortController();
  let heard = false;
  onAbort(AbortSignal.any([approval.signal, new AbortController().signal]), () => heard = true);
  for (let turn = 0; turn < 3; turn++) {
    await new Promise((resolve) => void setTimeout(resolve, 0));
    collectGarbage();
  }
  approval.abort();
  assert.equal(heard, true);
});

function collectGarbage(): void {
  if (RUNTIME === "bun") return (globalThis as unknown as { Bun: { gc(force: boolean): void } }).Bun.gc(true);
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}
