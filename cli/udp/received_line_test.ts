import assert from "node:assert/strict";
import { bytesOf, textOf } from "../../tests/support/approving_host.ts";
import { test } from "../../tests/support/harness.ts";
import { receivedLine, type ReceivedLineOptions } from "./received_line.ts";

const FROM = { address: "2001:db8::5", port: 5353 };
const HOSTILE = "\u001b[2J\u202eevil\u200b\r\n203.0.113.9:53 forged\u0000";

function line(data: string | Uint8Array, options: Partial<ReceivedLineOptions> = {}): string {
  const how = { json: false, hex: false, isTerminal: false, isBound: true, ...options };
  return textOf(receivedLine({ data: typeof data === "string" ? bytesOf(data) : data, from: FROM }, how));
}

test("CON-11 on a terminal a datagram is one line that acts on nothing and begins with who sent it", () => {
  const shown = line(HOSTILE, { isTerminal: true });
  assert.match(shown, /^\[2001:db8::5\]:5353 [\x20-\x7e]*\n$/);
  assert.equal(shown.split("\n").length, 2, "no second line can be forged");
  assert.equal(line("plain\r\n", { isTerminal: true, isBound: false }), "plain\n");
  assert.equal(line("two\nlines\n", { isTerminal: true, isBound: false }), "two\\u{a}lines\n");
});

test("CON-11 into a pipe the bytes stay as they are, with one line end behind them", () => {
  assert.equal(line(HOSTILE), `${HOSTILE}\n`);
  assert.equal(line("ended\r\n"), "ended\r\n");
  assert.equal(line(""), "\n");
  const bytes = Uint8Array.of(0xff, 0x80);
  const how = { json: false, hex: false, isTerminal: false, isBound: false };
  assert.deepEqual([...receivedLine({ data: bytes, from: FROM }, how)], [0xff, 0x80, 10]);
});

test("NET-07 --hex writes digits, on a terminal behind the sender", () => {
  assert.equal(line("\n\u00ff", { hex: true }), "0ac3bf\n");
  assert.equal(line("a", { hex: true, isTerminal: true }), "[2001:db8::5]:5353 61\n");
  assert.equal(line("", { hex: true }), "\n");
});

test("CON-11 --json gives one ASCII object with sender, size and either text or hexadecimal digits", () => {
  for (const isTerminal of [true, false]) {
    const shown = line(`${HOSTILE}\u{1f600}`, { json: true, isTerminal });
    assert.match(shown, /^[\x20-\x7e]+\n$/);
    assert.deepEqual(JSON.parse(shown), {
      event: "datagram",
      from: "[2001:db8::5]:5353",
      bytes: bytesOf(`${HOSTILE}\u{1f600}`).byteLength,
      text: `${HOSTILE}\u{1f600}`,
    });
  }
  const rest = { event: "datagram", from: "[2001:db8::5]:5353" };
  assert.deepEqual(JSON.parse(line(Uint8Array.of(0xc3), { json: true })), { ...rest, bytes: 1, hex: "c3" });
  assert.deepEqual(JSON.parse(line("a", { json: true, hex: true })), { ...rest, bytes: 1, hex: "61" });
  assert.deepEqual(JSON.parse(line("\ufeffa", { json: true })), { ...rest, bytes: 4, text: "\ufeffa" });
  assert.deepEqual(JSON.parse(line("", { json: true })), { ...rest, bytes: 0, text: "" });
});
