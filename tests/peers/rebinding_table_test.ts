import assert from "node:assert/strict";
import { test } from "../support/harness.ts";
import { formatRebinding, rebindingTitle } from "../support/rebinding_table.ts";

test("NET-14 the rebinding table has a row for each trick, and a column for each runtime and transport", () => {
  const title = (runtime: string, transport: string): string => rebindingTitle("0.0.0.0", { runtime, transport });
  const table = formatRebinding([
    { title: title("deno", "tcp"), outcome: "passed" },
    { title: title("bun", "udp"), outcome: "failed" },
    { title: title("node", "tcp"), outcome: "skipped" },
    { title: "NET-14 something else on deno", outcome: "passed" },
  ]);
  assert.deepEqual(table.split("\n"), [
    "rebinding (NET-14)  deno tcp  deno udp  bun tcp   bun udp   node tcp  node udp",
    "0.0.0.0             refused   -         -         FAILED    skipped   -",
  ]);
  assert.equal(formatRebinding([{ title: "NET-06 something on deno", outcome: "passed" }]), "");
});
