/** The preflight's answer comes from anybody: whatever it is, reading it ends, throws nothing and takes no more than it may. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_PREFLIGHT_BYTES, PreflightHead, type PreflightOutcome } from "../../net/engine/http_preflight.ts";
import { test } from "../support/harness.ts";

const RUNS = { numRuns: 500 };
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (each) => each.charCodeAt(0));

/** Reads bytes in pieces. Null when the head had not ended with them. */
function readIn(bytes: Uint8Array, sizes: readonly number[]): PreflightOutcome | null {
  const head = new PreflightHead();
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const { space } = head;
    assert.ok(space.length > 0, "there was no room left, and no outcome");
    const piece = bytes.subarray(at, at + Math.min(space.length, sizes[turn % sizes.length] ?? 1));
    space.set(piece);
    at += piece.length;
    const outcome = head.take(piece.length);
    if (outcome !== null) return outcome;
  }
  return null;
}

const sizes = fc.array(fc.integer({ min: 1, max: 4096 }), { minLength: 1, maxLength: 8 });
const line = fc.oneof(
  fc.constantFrom(
    "HTTP/1.1 200 OK",
    "HTTP/1.0 100 Continue",
    "HTTP/1.1 101 x",
    "HTTP/1.1",
    "Access-Control-Allow-Origin: *",
    "access-control-allow-origin",
    " folded",
    "\t: x",
    ":",
    "",
    "",
  ),
  fc.string({ unit: "binary-ascii", maxLength: 40 }),
);
const ending = fc.constantFrom("\r\n", "\n", "\r", "\r\r\n", "");
const nearHttp = fc.array(fc.tuple(line, ending), { maxLength: 30 })
  .map((lines) => latin1(lines.flat().join("")));

test("NET-12 whatever a host answers, reading it throws nothing and ends within its limit", () => {
  const anything = fc.oneof(fc.uint8Array({ maxLength: 2000 }), nearHttp);
  fc.assert(
    fc.property(anything, sizes, (bytes, pieces) => {
      const outcome = readIn(bytes, pieces);
      assert.ok(outcome === null || outcome.kind === "none" || typeof outcome.supportsCors === "boolean");
    }),
    RUNS,
  );
});

test("NET-12 the outcome is the same however the answer is cut", () => {
  fc.assert(
    fc.property(nearHttp, sizes, (bytes, pieces) => {
      assert.deepEqual(readIn(bytes, pieces)?.kind, readIn(bytes, [bytes.length || 1])?.kind);
    }),
    RUNS,
  );
});

test("NET-12 an endless answer has an outcome after 16 KiB", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 100 }), sizes, (bytes, pieces) => {
      const start = latin1("HTTP/1.1 200 OK\r\n");
      const endless = new Uint8Array(MAX_PREFLIGHT_BYTES);
      for (let at = 0; at < endless.length; at++) endless[at] = bytes[at % bytes.length] as number;
      endless.set(start);
      assert.notEqual(readIn(endless, pieces), null);
    }),
    { numRuns: 100 },
  );
});

test("NET-12 an answer with the header is never taken for one without", () => {
  const name = fc.constantFrom(
    "Access-Control-Allow-Origin",
    "access-control-allow-ORIGIN ",
    "ACCESS-CONTROL-ALLOW-ORIGIN",
  );
  const header = fc.string({ unit: "binary-ascii", maxLength: 30 }).map((text) => `X:${text.replace(/[\r\n]/g, "")}`);
  fc.assert(
    fc.property(fc.array(header), fc.array(header), name, sizes, (before, after, allow, pieces) => {
      const text = ["HTTP/1.1 200 OK", ...before, `${allow}: *`, ...after, "", "body"].join("\r\n");
      assert.deepEqual(readIn(latin1(text), pieces), { kind: "answer", supportsCors: true });
    }),
    RUNS,
  );
});
