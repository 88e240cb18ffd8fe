import assert from "node:assert/strict";
import { isParleyError } from "../../core/errors.ts";
import { test } from "../../tests/support/harness.ts";
import { CONFIRMATION_WORDS, pickWord } from "./confirmation_words.ts";

test("CON-10 there are 256 different words of four plain letters", () => {
  assert.equal(CONFIRMATION_WORDS.length, 256);
  assert.equal(new Set(CONFIRMATION_WORDS).size, 256);
  for (const word of CONFIRMATION_WORDS) assert.match(word, /^[a-z]{4}$/);
});

test("CON-10 every random byte picks a word of its own", () => {
  const picked = new Set<string>();
  for (let byte = 0; byte < 256; byte++) picked.add(pickWord(() => Uint8Array.of(byte)));
  assert.equal(picked.size, 256);
});

test("CON-10 without randomness there is no word", () => {
  assert.throws(() => pickWord(() => new Uint8Array(0)), (error) => isParleyError(error, "INTERNAL_INVARIANT"));
});
