import assert from "node:assert/strict";
import { test } from "../../tests/support/harness.ts";
import { DEFAULT_ATTEMPT_LIMITS } from "../attempt_limits.ts";
import { DEFAULT_SETTINGS } from "../policy.ts";
import { conflictIn, mergeSettings, type StatedBy } from "./merged_settings.ts";

const managed = (settings: StatedBy["settings"]): StatedBy => ({ author: "managed", settings });
const flag = (settings: StatedBy["settings"]): StatedBy => ({ author: "flag", settings });
const operator = (settings: StatedBy["settings"]): StatedBy => ({ author: "operator", settings });

test("CON-17 where nothing is stated, the defaults hold", () => {
  assert.deepEqual({ ...mergeSettings([]) }, { ...DEFAULT_SETTINGS });
  assert.deepEqual({ ...mergeSettings([managed({}), operator({})]) }, { ...DEFAULT_SETTINGS });
});

test("CON-17 of several managed files the strictest counts, in either order", () => {
  const strict = managed({ prompt: false, locked: true, ambient: false, audit: "required", auditOnly: false });
  const loose = managed({ prompt: true, locked: false, ambient: true, audit: "off", auditOnly: true });
  for (const stated of [[strict, loose], [loose, strict]]) {
    const { prompt, locked, ambient, audit, auditOnly } = mergeSettings(stated);
    assert.deepEqual([prompt, locked, ambient, audit, auditOnly], [false, true, false, "required", false]);
  }
  const { prompt, locked, ambient, audit, auditOnly } = mergeSettings([loose, managed({})]);
  assert.deepEqual([prompt, locked, ambient, audit, auditOnly], [true, false, true, "off", true]);
});

test("CON-22 the audit setting of a higher author stands", () => {
  const all = [operator({ audit: "on" }), flag({ audit: "off" }), managed({ audit: "required" })];
  assert.equal(mergeSettings(all).audit, "required");
  assert.equal(mergeSettings(all.slice(0, 2)).audit, "off");
  assert.equal(mergeSettings(all.slice(0, 1)).audit, "on");
  assert.equal(mergeSettings([operator({ audit: "off" }), managed({ audit: "on" })]).audit, "on");
});

test("NET-10 a managed limit stands above the operator's, each by itself; of one author the lower counts", () => {
  const { limits } = mergeSettings([
    operator({
      limits: {
        accountPerMinute: 9,
        destination: { burst: 7, perSecond: 7 },
        requester: DEFAULT_ATTEMPT_LIMITS.requester,
      },
    }),
    managed({ limits: { accountPerMinute: 100, requester: { burst: 5, perSecond: 1 } } }),
    managed({ limits: { accountPerMinute: 50, requester: { burst: 2, perSecond: 3 } } }),
  ]);
  assert.equal(limits.accountPerMinute, 50);
  assert.deepEqual({ ...limits.requester }, { burst: 2, perSecond: 1 });
  assert.deepEqual({ ...limits.destination }, { burst: 7, perSecond: 7 });
});

test("CON-17 private mode that one managed file requires and another refuses is a conflict", () => {
  const [required, refused] = [managed({ privateMode: "required" }), managed({ privateMode: "refused" })];
  assert.match(conflictIn([required, refused]) ?? "", /requires private mode, another refuses it/);
  assert.equal(conflictIn([required, managed({ privateMode: "allowed" })]), null);
  assert.equal(mergeSettings([managed({ privateMode: "allowed" }), required]).privateMode, "required");
  assert.equal(mergeSettings([refused, operator({ privateMode: "allowed" })]).privateMode, "refused");
});

test("CON-22 P-09 a managed file decides whether the log names destinations; among equals hashing wins", () => {
  const said = (author: "managed" | "operator", auditDestinations: "plain" | "hashed"): StatedBy => ({
    author,
    settings: { auditDestinations },
  });
  const merged = (...stated: StatedBy[]): string => mergeSettings(stated).auditDestinations;
  assert.equal(merged(), "plain");
  assert.equal(merged(said("operator", "hashed")), "hashed");
  assert.equal(merged(said("managed", "plain"), said("operator", "hashed")), "plain");
  assert.equal(merged(said("managed", "plain"), said("managed", "hashed")), "hashed");
});
