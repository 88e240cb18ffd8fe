import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { LiveStatus, liveText, type LiveUse, type StatusMode, statusMode } from "./live_status.ts";
import { columnsOf } from "./text_layout.ts";

function connection(where: string): LiveUse {
  return { kind: "connection", where };
}

function makeStatus(mode: StatusMode): { clock: ManualClock; status: LiveStatus; shown: (string | null)[] } {
  const clock = new ManualClock();
  const shown: (string | null)[] = [];
  const show = (text: string | null): void => void shown.push(text);
  return { clock, shown, status: new LiveStatus({ mode, clock, title: show, report: show }) };
}

test("CON-07 the text counts what is in use and names where, the newest first to be named", () => {
  assert.equal(liveText([]), null);
  assert.equal(liveText([connection("mail.example:25")]), "1 connection (mail.example:25)");
  assert.equal(
    liveText([connection("mail.example:25"), connection("10.0.0.7:631"), connection("mail.example:25")]),
    "3 connections (mail.example:25, 10.0.0.7:631)",
  );
  assert.equal(
    liveText([connection("a.example:1"), { kind: "server", where: "127.0.0.1:8080" }]),
    "2 sockets (a.example:1, 127.0.0.1:8080)",
  );
  const many = liveText(Array.from({ length: 500 }, (_, n) => connection(`host-${n}.example:25`))) ?? "";
  assert.match(many, /^500 connections \(…, .*host-499\.example:25\)$/);
  assert.ok(columnsOf(many) <= 80);
});

test("CON-11 nothing in the text can move the cursor or end the title", () => {
  const text = liveText([connection("\x1b]2;x\x07\x9c\u202e\n".repeat(50))]) ?? "";
  assert.match(text, /^[\x20-\x7e]*$/);
});

test("CON-07 the title changes with what is in use, gathered, and is put back at the end", async () => {
  const { clock, status, shown } = makeStatus("title");
  const ends = ["a.example:1", "b.example:2"].map((where) => status.add(connection(where)));
  assert.deepEqual(shown, []);
  await clock.advance(300);
  assert.deepEqual(shown, ["parley: 2 connections (a.example:1, b.example:2)"]);
  for (const end of [...ends, ...ends]) end();
  await clock.advance(300);
  assert.deepEqual(shown.slice(1), [null]);
  status.add(connection("c.example:3"))();
  await clock.advance(300);
  assert.equal(shown.length, 2, "what came and went meanwhile is not shown");
  assert.equal(clock.pendingTimers, 0);
});

test("CON-07 lines come at most every two seconds", async () => {
  const { clock, status, shown } = makeStatus("line");
  for (let n = 0; n < 40; n++) {
    status.add(connection(`h${n}.example:1`));
    await clock.advance(100);
  }
  await clock.advance(3_000);
  assert.ok(shown.length <= 4, String(shown.length));
  assert.equal(shown[0], "parley: in use: 3 connections (h0.example:1, h1.example:1, h2.example:1)");
});

test("CON-07 off shows nothing, and what is no mode is the title", async () => {
  const { clock, status, shown } = makeStatus("off");
  status.add(connection("a.example:1"))();
  await clock.advance(5_000);
  assert.deepEqual(shown, []);
  for (const [value, mode] of [[undefined, "title"], ["", "title"], ["x", "title"], ["line", "line"], ["off", "off"]]) {
    assert.equal(statusMode(value), mode);
  }
});
