import assert from "node:assert/strict";
import { ManualClock } from "../../core/manual_clock.ts";
import { test } from "../../tests/support/harness.ts";
import { MemoryRecordDirectory } from "../../tests/support/memory_record_directory.ts";
import { fingerprintLines, readFingerprint } from "./fingerprint.ts";
import type { PeerKeyFacts } from "./peer_key_facts.ts";
import { formatPin, newPin, parsePin, pinKey, type PinRecord } from "./pin_record.ts";
import { isBroken, PinStore } from "./pin_store.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const KEY = "ab".repeat(32);
const NEXT = "cd".repeat(32);

function facts(more: Partial<PeerKeyFacts> = {}): PeerKeyFacts {
  return {
    host: "iot.example",
    port: 8883,
    reason: "untrusted",
    chainError: "DEPTH_ZERO_SELF_SIGNED_CERT",
    subject: "CN=iot\nO=Makers",
    issuer: "CN=iot",
    subjectAltName: "",
    validFromMs: 0,
    validToMs: Date.parse("2030-01-02T03:04:05Z"),
    certSha256: "12".repeat(32),
    spkiSha256: KEY,
    ...more,
  };
}

function fixture(): { readonly clock: ManualClock; readonly records: MemoryRecordDirectory; readonly store: PinStore } {
  const clock = new ManualClock();
  const records = new MemoryRecordDirectory(clock);
  return { clock, records, store: new PinStore(records, clock) };
}

function found(store: PinStore): PinRecord & { readonly lastSeenMs: number } {
  const pin = store.find("iot.example", 8883);
  assert.ok(pin !== null && !isBroken(pin));
  return pin;
}

test("CON-05 a pin is found by host and port, as it was put", () => {
  const { store, clock } = fixture();
  assert.equal(store.find("iot.example", 8883), null);
  store.put(facts(), { replacesChecks: true });
  const pin = found(store);
  assert.deepEqual(
    [pin.spkiSha256, pin.certSha256, pin.subject, pin.replacesChecks, pin.notAfter],
    [KEY, "12".repeat(32), "CN=iot\nO=Makers", true, "2030-01-02T03:04:05.000Z"],
  );
  assert.equal(Date.parse(pin.since), clock.nowMs());
  assert.equal(store.find("iot.example", 8884), null);
  assert.equal(store.find("other.example", 8883), null);
  assert.deepEqual(parsePin(formatPin(newPin(facts(), { former: null, nowMs: 5, replacesChecks: false }))), {
    ...newPin(facts(), { former: null, nowMs: 5, replacesChecks: false }),
  });
});

test("CON-05 a replaced key is kept as a former one, and the same key keeps its date", async () => {
  const { store, clock } = fixture();
  const first = store.put(facts(), { replacesChecks: true });
  await clock.advance(DAY_MS);
  assert.equal(store.put(facts(), { replacesChecks: false }).since, first.since);
  const second = store.put(facts({ spkiSha256: NEXT }), { replacesChecks: true });
  assert.deepEqual(second.previous, [{ spkiSha256: KEY, since: first.since, until: second.since }]);
  for (let turn = 0; turn < 30; turn++) {
    store.put(facts({ spkiSha256: turn % 2 ? NEXT : KEY }), { replacesChecks: true });
  }
  assert.equal(found(store).previous.length, 10);
});

test("CON-05 meeting a key is noted once a day, and brings nothing back", async () => {
  const { store, clock, records } = fixture();
  store.put(facts(), { replacesChecks: true });
  const pinned = found(store).lastSeenMs;
  await clock.advance(DAY_MS - 1);
  store.met("iot.example", 8883);
  assert.equal(found(store).lastSeenMs, pinned);
  await clock.advance(1);
  store.met("iot.example", 8883);
  assert.equal(found(store).lastSeenMs, pinned + DAY_MS);
  assert.ok(store.remove("iot.example", 8883));
  store.met("iot.example", 8883);
  assert.equal(store.find("iot.example", 8883), null);
  assert.equal(records.files.size, 0);
});

test("CON-05 what is not a pin of this place is no pin, and is listed as broken", () => {
  const { store, records } = fixture();
  const name = records.nameOf(pinKey("iot.example", 8883));
  const good = formatPin(newPin(facts(), { former: null, nowMs: 0, replacesChecks: true }));
  const bad: [string, RegExp][] = [
    ["", /not JSON/],
    [good.slice(0, 60), /not JSON/],
    ["null", /not a pin/],
    [good.replace('"version": 1', '"version": 2'), /newer version/],
    [good.replace(KEY, KEY.slice(1)), /not a pin/],
    [good.replace('"host": "iot.example"', '"host": "IOT.example"'), /host/],
    [good.replace('"host": "iot.example"', '"host": "other.example"'), /another name/],
    [good.replace('"port": 8883', '"port": 0'), /not a pin/],
    [good.replace('"port": 8883', '"port": 8883, "more": 1'), /not a pin/],
    [good.replace('"version": 1', '"version": 1, "__proto__": {}'), /not JSON of this program/],
  ];
  for (const [text, problem] of bad) {
    records.files.set(name, { text, touchedMs: 0 });
    const pin = store.find("iot.example", 8883);
    assert.ok(pin !== null && isBroken(pin), text);
    assert.match(pin.problem, problem);
    assert.equal(store.list().broken.length, 1);
  }
  records.files.set(name, { problem: "others can write it" });
  assert.deepEqual(store.list(), { pins: [], broken: [{ name, problem: "others can write it" }] });
  assert.ok(store.remove("iot.example", 8883));
});

test("CON-05 a fingerprint is read however it is grouped, and nothing else is", () => {
  const colons = KEY.toUpperCase().match(/../g)!.join(":");
  for (const text of [KEY, colons, `sha256:${KEY}`, `SHA-256=${colons}`, ` ${fingerprintLines(KEY, 4).join("\n")} `]) {
    assert.equal(readFingerprint(text), KEY, text);
  }
  for (const text of ["", KEY.slice(1), `${KEY}0`, `md5:${KEY}`, "word", " ".repeat(300) + KEY]) {
    assert.equal(readFingerprint(text), null, text);
  }
  assert.deepEqual(fingerprintLines(KEY, 8), ["abab ".repeat(8).trim(), "abab ".repeat(8).trim()]);
});
