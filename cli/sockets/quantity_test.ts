import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { ageText, bytesText } from "./quantity.ts";

test("bytes are shown with three digits at most", () => {
  const cases = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [9949, "9.9 kB"],
    [9950, "10 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [1.5e9, "1.5 GB"],
    [Number.MAX_SAFE_INTEGER, "9.0 PB"],
    [0.4, "0 B"],
  ] as const;
  for (const [bytes, text] of cases) assert.equal(bytesText(bytes), text);
});

test("ages are shown in the largest unit that fits", () => {
  const cases = [
    [-5, "0 s"],
    [59_999, "59 s"],
    [60_000, "1 min"],
    [3_599_999, "59 min"],
    [3_600_000, "1 h"],
    [86_400_000, "1 d"],
    [1e15, "9999 d"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(ageText(ms), text);
});
