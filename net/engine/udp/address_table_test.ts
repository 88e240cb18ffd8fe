import assert from "node:assert/strict";
import { test } from "../../../tests/support/harness.ts";
import { AddressTable, RecentTable } from "./address_table.ts";

test("NET-27 finds entries by address and port, both", () => {
  const table = new AddressTable<string>();
  table.set({ address: "9.9.9.9", port: 53 }, "dns");
  table.set({ address: "9.9.9.9", port: 54 }, "other");
  table.set({ address: "__proto__", port: 53 }, "odd");
  assert.deepEqual([table.get("9.9.9.9", 53), table.get("9.9.9.9", 54), table.get("__proto__", 53)], [
    "dns",
    "other",
    "odd",
  ]);
  assert.deepEqual([table.get("9.9.9.8", 53), table.get("9.9.9.9", 55), table.get("constructor", 53)], [
    undefined,
    undefined,
    undefined,
  ]);
  table.set({ address: "9.9.9.9", port: 53 }, "new");
  assert.deepEqual([table.size, [...table.values()]], [3, ["new", "other", "odd"]]);
});

test("NET-27 forgets entries, and counts what is left", () => {
  const table = new AddressTable<number>();
  for (let port = 1; port <= 3; port++) table.set({ address: "::1", port }, port);
  table.delete("::1", 2);
  table.delete("::1", 2);
  table.delete("::2", 2);
  assert.deepEqual([table.size, [...table.values()]], [2, [1, 3]]);
  table.delete("::1", 1);
  table.delete("::1", 3);
  assert.deepEqual([table.size, table.get("::1", 1)], [0, undefined]);
});

test("NET-27 a table of limited size forgets what came first, again and again", () => {
  const table = new RecentTable<number>(3);
  for (let number = 0; number < 10; number++) {
    table.set({ address: `10.0.0.${number}`, port: 1 }, number);
    assert.equal(table.size, Math.min(number + 1, 3));
  }
  assert.deepEqual([6, 7, 8, 9].map((number) => table.get(`10.0.0.${number}`, 1)), [undefined, 7, 8, 9]);
  table.set({ address: "10.0.0.7", port: 1 }, 70);
  assert.deepEqual([table.size, table.get("10.0.0.7", 1), table.get("10.0.0.8", 1)], [3, 70, 8]);
});
