import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { asciiOnly, columnsOf, wrapText } from "./text_layout.ts";

test("text is as wide as a terminal shows it", () => {
  for (
    const [text, columns] of [["abc", 3], ["", 0], ["äö", 2], ["e\u0301", 1], ["漢字", 4], ["ｗ", 2], [
      "👍",
      2,
    ]] as const
  ) {
    assert.equal(columnsOf(text), columns, JSON.stringify(text));
  }
});

test("text is broken at spaces, and no line is wider than asked", () => {
  assert.deepEqual(wrapText("one two three", 8), ["one two", "three"]);
  assert.deepEqual(wrapText("", 8), [""]);
  const text = "wörter 漢字漢字漢字 and-a-very-long-word-that-does-not-fit x";
  for (let columns = 2; columns < 40; columns++) {
    for (const line of wrapText(text, columns)) assert.ok(columnsOf(line) <= columns, `${columns}: ${line}`);
  }
});

test("NET-09 a host of 253 characters is wrapped, never shortened", () => {
  const host = `${`${"a".repeat(62)}.`.repeat(4)}b`;
  const lines = wrapText(host, 38);
  assert.equal(lines.join(""), host);
});

test("what is not ASCII becomes visible where the terminal cannot print it", () => {
  assert.equal(asciiOnly("bücher 👍"), "b\\u{fc}cher \\u{1f44d}");
});
