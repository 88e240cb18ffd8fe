/** Properties of the audit log's lines, over generated text and spoilt lines. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { ChainCheck } from "../../permissions/audit/audit_chain.ts";
import { parseAuditLine } from "../../permissions/audit/parse_audit_line.ts";
import { replayDecision } from "../../permissions/audit/audit_replay.ts";
import { asciiJson, isLoggedAs, loggedText } from "../../permissions/audit/audit_text.ts";
import { EMPTY_POLICY } from "../../permissions/policy.ts";
import { nodeDigest } from "../../runtime/_node/append_log_place.ts";
import { REQUESTER, tcp } from "../support/broker_fixture.ts";
import { test } from "../support/harness.ts";
import { auditFixture } from "./audit_fixture.ts";

const RUNS = { numRuns: 500 };
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.string({ unit: "grapheme", maxLength: 300 }));

function written(): string[] {
  const { audit, log } = auditFixture();
  const descriptor = tcp("mail.example", 25);
  const facts = {
    insecure: null,
    context: "allowed",
    restricted: false,
    runtime: "granted",
    stored: { effect: "allow", lifetime: "run", id: "run-1", changed: null },
    limited: false,
    blocked: false,
    timeMs: 1,
  } as const;
  const decided = { decision: "allow", by: "run", rule: null, unenforced: false } as const;
  for (let count = 0; count < 3; count++) {
    audit.record({ event: "decision", requester: REQUESTER, descriptor, facts, ...decided });
    audit.record({ event: "opened", requester: REQUESTER, descriptor, address: "192.0.2.1", detail: "NOT ENCRYPTED" });
  }
  audit.end();
  return log.lines;
}

const LINES = written();

function faultsOf(lines: readonly string[]): number {
  let faults = 0;
  const chain = new ChainCheck(nodeDigest, { olderRemoved: false, onFault: () => void faults++ });
  chain.file("f", lines.map((line) => `${line}\n`).join(""));
  return faults;
}

function tolerate(line: string): void {
  const parsed = parseAuditLine(line);
  faultsOf([line]);
  if (parsed.kind !== "record" || parsed.record.event !== "decision") return;
  replayDecision(parsed.record, EMPTY_POLICY, nodeDigest);
}

test("CON-22 no text, no JSON and no spoilt line makes the reader of the log throw", () => {
  fc.assert(fc.property(text, tolerate), RUNS);
  fc.assert(fc.property(fc.json(), tolerate), RUNS);
  const value = fc.jsonValue({ maxDepth: 2 });
  const path = fc.constantFrom(["what"], ["who"], ["facts"], ["what", "to"], ["what", "tls"], ["seq"], [
    "facts",
    "stored",
  ]);
  const spoilt = fc.record({ line: fc.constantFrom(...LINES), path, value }).map((given) => {
    const record = JSON.parse(given.line);
    const [first = "", second] = given.path;
    if (second === undefined) record[first] = given.value;
    else if (typeof record[first] === "object" && record[first] !== null) record[first][second] = given.value;
    return asciiJson(record);
  });
  fc.assert(fc.property(spoilt, tolerate), RUNS);
});

test("CON-22 one character changed anywhere before the last line of a run is noticed", () => {
  const index = fc.integer({ min: 0, max: LINES.length - 2 });
  fc.assert(
    fc.property(index, fc.nat(), fc.constantFrom(...'09afz"{}:, x'), (at, offset, character) => {
      const line = LINES[at] ?? "";
      const place = offset % line.length;
      fc.pre(line[place] !== character);
      const changed = line.slice(0, place) + character + line.slice(place + 1);
      assert.ok(faultsOf(LINES.with(at, changed)) > 0, changed);
    }),
    RUNS,
  );
});

test("CON-22 a line removed, doubled or moved is noticed, unless it is removed from the end", () => {
  const index = fc.integer({ min: 0, max: LINES.length - 2 });
  fc.assert(
    fc.property(index, index, (from, to) => {
      assert.ok(faultsOf(LINES.toSpliced(from, 1)) > 0);
      assert.ok(faultsOf(LINES.toSpliced(to, 0, LINES[from] ?? "")) > 0);
      fc.pre(from !== to);
      assert.ok(faultsOf(LINES.toSpliced(from, 1).toSpliced(to, 0, LINES[from] ?? "")) > 0);
    }),
    RUNS,
  );
});

test("CON-22 a text in a line is itself or its ends with its hash, and never longer than it may be", () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 8, max: 200 }), (given, limit) => {
      const logged = loggedText(given, limit, nodeDigest);
      assert.ok(isLoggedAs(given, logged, nodeDigest));
      assert.ok(!isLoggedAs(`${given}x`, logged, nodeDigest));
      const shown = typeof logged === "string" ? logged : logged.cut;
      assert.ok(asciiJson(shown).length - 2 <= limit + 3, `${limit}: ${asciiJson(shown)}`);
      assert.deepEqual(JSON.parse(asciiJson(logged)), logged);
    }),
    RUNS,
  );
});
