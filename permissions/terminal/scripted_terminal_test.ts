import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import type { Terminal } from "./port.ts";
import { ScriptedTerminal } from "./scripted_terminal.ts";

async function opened(): Promise<{ clock: ManualClock; script: ScriptedTerminal; terminal: Terminal }> {
  const clock = new ManualClock();
  const script = new ScriptedTerminal({ clock });
  const terminal = await script.open();
  assert.ok(terminal);
  return { clock, script, terminal };
}

const signal = new AbortController().signal;

test("a scripted terminal hands out a line when it is ended, and shows what was typed", async () => {
  const { clock, script, terminal } = await opened();
  terminal.write("name? ");
  const line = terminal.readLine({ maxBytes: 64, signal });
  script.typeAfter(10, "bo");
  script.typeAfter(20, "b\r");
  await clock.advance(30);
  assert.deepEqual(await line, { text: "bob", cut: false, more: false });
  assert.equal(script.screen, "name? bob\n");
});

test("a scripted terminal cuts a long line, notices more behind it, and knows Ctrl-D and Ctrl-C", async () => {
  const { script, terminal } = await opened();
  script.type("abcdef\rx");
  assert.deepEqual(await terminal.readLine({ maxBytes: 3, signal }), { text: "abc", cut: true, more: true });
  script.type("\x04");
  assert.equal(await terminal.readLine({ maxBytes: 3, signal }), "eof");
  script.type("ab\x03");
  assert.equal(await terminal.readLine({ maxBytes: 3, signal }), "interrupt");
});

test("a scripted terminal drains until it was quiet for long enough", async () => {
  const { clock, script, terminal } = await opened();
  script.type("y\ry");
  script.typeAfter(60, "z");
  const drained = terminal.drain({ quietMs: 100, limitMs: 1_000, signal });
  await clock.advance(159);
  assert.equal(clock.pendingTimers, 1);
  await clock.advance(1);
  assert.deepEqual(await drained, { outcome: "quiet", discardedBytes: 4 });
});

test("a scripted terminal that is not there cannot be opened", async () => {
  assert.equal(await new ScriptedTerminal({ clock: new ManualClock(), present: false }).open(), null);
});
