import assert from "node:assert/strict";
import { ManualClock } from "../core/manual_clock.ts";
import { MemoryNetwork } from "../runtime/memory/net.ts";
import { test } from "../tests/support/harness.ts";
import { testGrant } from "../tests/support/test_grant.ts";
import { Counters, type InventoryEntry } from "./engine/inventory.ts";
import { parseInventory } from "./inventory_document.ts";
import { createPublishedEngine } from "./published_engine.ts";

function entry(): InventoryEntry {
  const local = { address: "127.0.0.1", port: 5 };
  return { kind: "tcp", grant: testGrant(), local, remote: null, counters: new Counters() };
}

test("NET-22 a process shows what is open from its first socket on, as it is when somebody asks", async () => {
  const published: (() => string)[] = [];
  const clock = new ManualClock({ nowMs: 10_000 });
  await clock.advance(3000);
  const engine = createPublishedEngine({
    name: "deno",
    net: new MemoryNetwork(),
    clock,
    launch: { pid: 42, mainModule: "file:///main.ts" },
    inventory: { publish: (document) => void published.push(document), collect: () => Promise.resolve([]) },
  });
  assert.equal(published.length, 0);
  const takeOut = engine.inventory.add(entry(), 1);
  engine.inventory.add(entry(), 2);
  assert.equal(published.length, 1);
  const shown = (): ReturnType<typeof parseInventory> => parseInventory(published[0]?.() ?? "");
  assert.deepEqual({ ...shown(), sockets: shown()?.sockets.length }, {
    pid: 42,
    startedAtMs: 10_000,
    runtime: "deno",
    program: "file:///main.ts",
    sockets: 2,
    omitted: 0,
  });
  takeOut();
  assert.equal(shown()?.sockets.length, 1);
});

test("NET-22 a command calls itself by its own name", () => {
  let text = "";
  const engine = createPublishedEngine({
    name: "bun",
    net: new MemoryNetwork(),
    clock: new ManualClock(),
    launch: { pid: 42, mainModule: "file:///cli/main.ts" },
    inventory: { publish: (document) => text = document(), collect: () => Promise.resolve([]) },
  }, "parley:listen");
  engine.inventory.add(entry(), 1);
  assert.equal(parseInventory(text)?.program, "parley:listen");
});
