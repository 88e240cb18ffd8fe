import assert from "node:assert/strict";
import { ERROR_CODES } from "../core/error_codes.ts";
import { ParleyError } from "../core/errors.ts";
import { test } from "../tests/support/harness.ts";
import { EXIT_CODES, explain } from "./exit_codes.ts";

test("CON-12 every code of the error table has an exit status in the table of the command", () => {
  const known = new Set(EXIT_CODES.map(({ status }) => status));
  for (const [code, { exit }] of Object.entries(ERROR_CODES)) assert.ok(known.has(exit), code);
});

test("NET-17 explain() finds the stable code behind a face's error", () => {
  const cause = new ParleyError("TLS_UNTRUSTED", "Cannot trust it");
  const wrapped = new DOMException("Cannot trust it", "NetworkError");
  Object.defineProperty(wrapped, "cause", { value: cause });
  assert.deepEqual([explain(wrapped).code, explain(wrapped).status], ["TLS_UNTRUSTED", 76]);
  assert.equal(explain(new DOMException("no", "NotAllowedError")).status, 77);
  assert.equal(explain(new TypeError("no")).status, 64);
  assert.equal(explain("what").status, 70);
});
