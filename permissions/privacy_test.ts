import assert from "node:assert/strict";
import { test } from "../tests/support/harness.ts";
import { DEFAULT_SETTINGS, type PolicySettings } from "./policy.ts";
import { privacyOf } from "./privacy.ts";

const settings = (more: Partial<PolicySettings>): PolicySettings => ({ ...DEFAULT_SETTINGS, ...more });

test("NET-20 private mode is on where the operator wants it or the policy requires it", () => {
  const isPrivate = (privateMode: PolicySettings["privateMode"], wanted: boolean): boolean =>
    privacyOf(settings({ privateMode }), wanted).isPrivate;
  assert.deepEqual([isPrivate("allowed", false), isPrivate("allowed", true), isPrivate("required", false)], [
    false,
    true,
    true,
  ]);
});

test("CON-22 NET-20 a run that is to be private and logged, or private where that is refused, is no run", () => {
  assert.match(privacyOf(settings({ privateMode: "refused" }), true).conflict ?? "", /refuses it/);
  assert.equal(privacyOf(settings({ privateMode: "refused" }), false).conflict, null);
  assert.match(privacyOf(settings({ audit: "required" }), true).conflict ?? "", /requires one/);
  assert.match(privacyOf(settings({ audit: "required", privateMode: "required" }), false).conflict ?? "", /requires/);
  assert.equal(privacyOf(settings({ audit: "required" }), false).conflict, null);
});
