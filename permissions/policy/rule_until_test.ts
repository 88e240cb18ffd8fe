import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { readUntil } from "./rule_until.ts";

test("NET-15 a date ends with its day in UTC, a date and time at that moment", () => {
  assert.equal(readUntil("2026-12-31"), Date.UTC(2027, 0, 1));
  assert.equal(readUntil("2028-02-29"), Date.UTC(2028, 2, 1));
  assert.equal(readUntil("2026-01-31T18:00:05Z"), Date.UTC(2026, 0, 31, 18, 0, 5));
  assert.equal(readUntil("2026-01-31T18:00Z"), Date.UTC(2026, 0, 31, 18));
  assert.equal(readUntil("2026-01-31T18:00:00.123Z"), Date.UTC(2026, 0, 31, 18));
  assert.equal(readUntil("2026-01-31T18:00:00+01:30"), Date.UTC(2026, 0, 31, 16, 30));
  assert.equal(readUntil("2026-01-31T23:00:00-02:00"), Date.UTC(2026, 1, 1, 1));
});

test("NET-15 what no calendar has, or would differ between machines, is no date", () => {
  const texts = [
    "",
    "2026",
    "2026-1-1",
    "2026-00-01",
    "2026-13-01",
    "2026-02-29",
    "2026-04-31",
    "2026-01-01T10:00",
    "2026-01-01 10:00Z",
    "2026-01-01T24:00Z",
    "2026-01-01T10:60Z",
    "2026-01-01T10:00:60Z",
    "2026-01-01T10:00+24:00",
    "2026-01-01Z",
    "1969-12-31",
    "+002026-01-01",
    "tomorrow",
    " 2026-01-01",
  ];
  for (const text of texts) assert.equal(readUntil(text), null, text);
});
