import assert from "node:assert/strict";
import { testGrant } from "../tests/support/test_grant.ts";
import { test } from "../tests/support/harness.ts";
import { Counters, Inventory } from "./engine/inventory.ts";
import { formatInventory, parseInventory } from "./inventory_document.ts";

const FACTS = { pid: 42, startedAtMs: 1000, runtime: "deno", program: "file:///home/ann/main.ts" };

function inventory(count = 1): Inventory {
  const open = new Inventory();
  for (let index = 0; index < count; index++) {
    const counters = new Counters();
    counters.bytesReceived = index;
    const remote = index % 2 === 0 ? { address: "9.9.9.9", port: 7 } : null;
    open.add({ kind: "tcp", grant: testGrant(), local: { address: "127.0.0.1", port: 5 }, remote, counters }, 2000);
  }
  return open;
}

test("NET-22 what one process writes another reads", () => {
  const open = inventory(2);
  const document = parseInventory(formatInventory(FACTS, open.snapshot()));
  assert.deepEqual(document, { ...FACTS, sockets: open.snapshot(), omitted: 0 });
  const nameless = parseInventory(formatInventory({ ...FACTS, program: null }, []));
  assert.deepEqual(nameless, { ...FACTS, program: null, sockets: [], omitted: 0 });
});

test("NET-22 no more than 4,096 sockets are listed, and the rest counted", () => {
  const document = parseInventory(formatInventory(FACTS, inventory(4100).snapshot()));
  assert.deepEqual([document?.sockets.length, document?.omitted], [4096, 4]);
});

test("NET-22 what a later Parley adds is passed over, and its kinds are shown as they are", () => {
  const written = JSON.parse(formatInventory(FACTS, inventory().snapshot()));
  written.sockets[0].kind = "quic";
  written.sockets[0].added = true;
  written.added = {};
  const document = parseInventory(JSON.stringify(written));
  assert.equal(document?.sockets[0]?.kind, "quic");
  assert.ok(!Object.hasOwn(document?.sockets[0] ?? {}, "added"));
});

test("NET-22 anything else is refused whole", () => {
  const written = formatInventory(FACTS, inventory(2).snapshot());
  const changed = (change: (document: Record<string, unknown>) => void): string => {
    const document = JSON.parse(written);
    change(document);
    return JSON.stringify(document);
  };
  const first = (document: Record<string, unknown>): Record<string, unknown> =>
    (document["sockets"] as Record<string, unknown>[])[0] ?? {};
  const texts = [
    "",
    "null",
    "[]",
    "{}",
    "{",
    written.slice(0, -1),
    `[${written}]`,
    changed((document) => document["schema"] = 2),
    changed((document) => delete document["pid"]),
    changed((document) => document["pid"] = "42"),
    changed((document) => document["runtime"] = null),
    changed((document) => document["program"] = 7),
    changed((document) => delete document["omitted"]),
    changed((document) => document["sockets"] = {}),
    changed((document) => document["sockets"] = Array(4097).fill(first(document))),
    changed((document) => first(document)["bytesSent"] = -1),
    changed((document) => first(document)["bytesSent"] = null),
    changed((document) => first(document)["kind"] = 5),
    changed((document) => first(document)["origin"] = "x".repeat(8193)),
    changed((document) => first(document)["local"] = null),
    changed((document) => first(document)["local"] = { address: "x" }),
    changed((document) => delete first(document)["remote"]),
    changed((document) => first(document)["remote"] = []),
    written.replace('"sockets":[', '"sockets":[{"__proto__":{}},'),
    "[".repeat(10_000),
  ];
  for (const text of texts) assert.equal(parseInventory(text), null, text.slice(0, 200));
});
