import assert from "node:assert/strict";
import { ManualClock } from "../core/manual_clock.ts";
import type { AuditEvent } from "../permissions/audit/audit_port.ts";
import { brokerFixture } from "../tests/support/broker_fixture.ts";
import { test } from "../tests/support/harness.ts";
import { testGrant } from "../tests/support/test_grant.ts";
import { auditedSockets } from "./audited_sockets.ts";
import { Counters, Inventory, type InventoryEntry } from "./engine/inventory.ts";
import { liveUses } from "./live_uses.ts";

function entry(): InventoryEntry {
  const local = { address: "127.0.0.1", port: 50_000 };
  const remote = { address: "127.0.0.1", port: 7 };
  return { kind: "tcp", grant: testGrant({ port: 7 }), local, remote, counters: new Counters() };
}

test("CON-22 the log has what was opened, and what had passed when it ended, once", () => {
  const events: AuditEvent[] = [];
  const { broker } = brokerFixture([], { audit: { record: (event) => events.push(event) > 0 } });
  const inventory = new Inventory();
  inventory.follow(auditedSockets(broker));
  const open = entry();
  const close = inventory.add(open, 0);
  open.counters.bytesReceived = 12;
  close();
  close();
  const said = events.map((event) => "detail" in event ? [event.event, event.address, event.detail] : event.event);
  assert.deepEqual(said, [
    ["opened", "127.0.0.1:7", "tcp"],
    ["closed", "127.0.0.1:7", "tcp, 12 bytes received, 0 sent"],
  ]);
});

test("CON-07 the terminal's title names what is open, and is put back when nothing is", async () => {
  const clock = new ManualClock();
  const titles: (string | null)[] = [];
  const inventory = new Inventory();
  inventory.follow(liveUses({
    clock,
    terminal: { open: () => Promise.resolve(null), title: (text) => void titles.push(text) },
    launch: { env: () => undefined },
    report: (line) => assert.fail(line),
  }));
  const close = inventory.add(entry(), 0);
  await clock.advance(10_000);
  assert.match(titles.at(-1) ?? "", /127\.0\.0\.1:7/);
  close();
  await clock.advance(10_000);
  assert.equal(titles.at(-1), null);
});

test("CON-07 PARLEY_STATUS=off shows nothing", async () => {
  const clock = new ManualClock();
  const inventory = new Inventory();
  inventory.follow(liveUses({
    clock,
    terminal: { open: () => Promise.resolve(null), title: (text) => assert.fail(`${text}`) },
    launch: { env: () => "off" },
    report: (line) => assert.fail(line),
  }));
  inventory.add(entry(), 0)();
  await clock.advance(10_000);
});
