import assert from "node:assert/strict";
import type { InventoryDocument, ShownSocket } from "../../net/inventory_document.ts";
import { columnsOf } from "../../permissions/terminal/text_layout.ts";
import { test } from "../../tests/support/harness.ts";
import { createPaint } from "../paint.ts";
import { type RateOf, socketRates } from "./socket_rates.ts";
import { socketTable } from "./socket_table.ts";

const NOW_MS = 1_800_000_000_000;
const HOSTILE = "\u001b[2J\u001b]52;c;eA==\u0007\u202eevil\u200b\r\ny";

function shown(given: Partial<ShownSocket> = {}): ShownSocket {
  return {
    id: 1,
    kind: "tls",
    origin: "file:///home/ann/mailer/main.ts",
    destination: "tls://mail.example:465",
    approvedBy: "prompt",
    local: { address: "192.0.2.5", port: 50_312 },
    remote: { address: "93.184.215.14", port: 465 },
    openedAtMs: NOW_MS - 200_000,
    bytesReceived: 1234,
    bytesSent: 340,
    received: 0,
    sent: 0,
    dropped: 0,
    filtered: 0,
    ...given,
  };
}

function owner(sockets: readonly ShownSocket[], given: Partial<InventoryDocument> = {}): InventoryDocument {
  return {
    pid: 4242,
    startedAtMs: NOW_MS - 300_000,
    runtime: "deno",
    program: "file:///home/ann/mailer/main.ts",
    omitted: 0,
    sockets,
    ...given,
  };
}

function draw(processes: readonly InventoryDocument[], options: { columns?: number; rateOf?: RateOf } = {}): string[] {
  const { columns = 80, rateOf = () => null } = options;
  return socketTable(processes, { columns, nowMs: NOW_MS, paint: createPaint(false), rateOf });
}

test("NET-22 the list says of each socket what it is, both ends, what was approved, who opened it, and what passed", () => {
  const lines = draw([owner([shown()])]);
  assert.deepEqual(lines, [
    "KIND      LOCAL                 REMOTE                      IN      OUT    AGE",
    "",
    "/home/ann/mailer/main.ts (process 4242, deno)",
    "tls       192.0.2.5:50312       93.184.215.14:465       1.2 kB    340 B  3 min",
    "          tls://mail.example:465",
  ]);
});

test("NET-18 what is not encrypted is called so", () => {
  for (
    const [kind, named] of [["tcp", true], ["udp", true], ["udp-bound", true], ["tls", false], ["unix", false]] as const
  ) {
    assert.equal(draw([owner([shown({ kind })])]).join("\n").includes("NOT ENCRYPTED"), named, kind);
  }
});

test("NET-22 servers and datagrams have numbers of their own", () => {
  const server = shown({
    kind: "listen",
    remote: null,
    received: 12,
    dropped: 3,
    filtered: 2,
    destination: "listen://0.0.0.0:0",
  });
  const text = draw([owner([server])]).join("\n");
  assert.match(text, /^listen {4}192\.0\.2\.5:50312 {7}- .* {8}- {8}- {2}3 min$/m);
  assert.match(text, /listen:\/\/0\.0\.0\.0:0, 12 accepted, 3 dropped, 2 turned away$/);
  const udp = shown({ kind: "udp-bound", remote: null, received: 5, sent: 7, dropped: 1, filtered: 4 });
  const datagrams = draw([owner([udp])]).join(" ").replace(/\s+/g, " ");
  assert.match(datagrams, /datagrams: 5 in, 7 out, 1 dropped, 4 of others/);
});

test("NET-22 a socket of another origin than the program says whose it is", () => {
  const text = draw([owner([shown({ origin: "npm:mqtt" })]), owner([shown()], { program: null, pid: 7 })]).join("\n");
  assert.match(text, /, for npm:mqtt$/m);
  assert.match(text, /^a program without a file of its own \(process 7, deno\)$/m);
});

test("CON-11 addresses that are too wide stand below, in full, with their ports", () => {
  const local = { address: "2001:db8:1234:5678:9abc:def0:1234:5678", port: 50_312 };
  const remote = { address: "fe80::1234:5678:9abc:def0%enp0s31f6", port: 65_535 };
  for (const columns of [60, 80, 200]) {
    const text = draw([owner([shown({ local, remote })])], { columns }).join("\n");
    assert.ok(text.includes("[2001:db8:1234:5678:9abc:def0:1234:5678]:50312"), String(columns));
    assert.ok(text.includes("[fe80::1234:5678:9abc:def0%enp0s31f6]:65535"), String(columns));
  }
});

test("CON-11 nothing that a process says reaches the terminal unescaped, and every line fits", () => {
  const hostile = shown({
    kind: HOSTILE,
    origin: `file:///${HOSTILE}/%1b%5b2J%0ay`,
    destination: HOSTILE.repeat(20),
    local: { address: HOSTILE, port: 1 },
    remote: { address: `/${HOSTILE}`, port: 0 },
  });
  const processes = [owner([hostile, shown({ destination: `tls://${"a".repeat(200)}.example:465` })], {
    runtime: HOSTILE,
    program: HOSTILE,
    omitted: 3,
  })];
  for (const columns of [60, 80, 132]) {
    for (const line of draw(processes, { columns })) {
      assert.doesNotMatch(line, /[\p{C}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u);
      assert.ok(columnsOf(line) < columns, line);
    }
  }
  assert.match(draw(processes).join("\n"), /and 3 more$/);
});

test("colour says nothing that the words do not", () => {
  const processes = [owner([shown()])];
  const options = { columns: 80, nowMs: NOW_MS, rateOf: () => null };
  const colored = socketTable(processes, { ...options, paint: createPaint(true) }).join("\n");
  assert.notEqual(colored, draw(processes).join("\n"));
  // deno-lint-ignore no-control-regex
  assert.equal(colored.replace(/\x1b\[[0-9;]*m/g, ""), draw(processes).join("\n"));
});

test("where nothing is open the list says so, and processes without sockets are left out", () => {
  assert.deepEqual(draw([]), ["No socket of Parley is open."]);
  assert.deepEqual(draw([owner([])]), ["No socket of Parley is open."]);
  assert.doesNotMatch(draw([owner([], { pid: 1 }), owner([shown()])]).join("\n"), /process 1,/);
});

test("NET-22 rates come from two looks at the same socket of the same process", () => {
  const before = { atMs: 1000, processes: [owner([shown(), shown({ id: 2 })]), owner([shown()], { pid: 9 })] };
  const later = shown({ bytesReceived: 1234 + 3000, bytesSent: 340 });
  const now = {
    atMs: 3000,
    processes: [owner([later, shown({ id: 3 })]), owner([shown()], { pid: 9, startedAtMs: NOW_MS })],
  };
  const rateOf = socketRates(before, now);
  const [first, again] = now.processes as [InventoryDocument, InventoryDocument];
  assert.deepEqual(rateOf(first, later), { received: 1500, sent: 0 });
  assert.equal(rateOf(first, shown({ id: 3 })), null);
  assert.equal(rateOf(again, shown()), null, "a process id that was used again");
  assert.equal(socketRates(null, now)(first, later), null);
  assert.match(draw([first], { rateOf }).join("\n"), /1\.5 kB\/s in, 0 B\/s out/);
});
