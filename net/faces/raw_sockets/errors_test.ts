import assert from "node:assert/strict";
import { ERROR_CODES, type ErrorCode } from "../../../core/error_codes.ts";
import { ParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { faceErrors } from "./errors.ts";

const toFaceError = faceErrors("mail.example:25");
const shown = (code: ErrorCode): DOMException => toFaceError(new ParleyError(code, "A secret")) as DOMException;

test("NET-17 every refusal, the runtime's own included, is the same error and tells nothing more", () => {
  const codes = (Object.keys(ERROR_CODES) as ErrorCode[]).filter((code) =>
    code.startsWith("PERM_") && code !== "PERM_INSECURE"
  );
  for (const code of [...codes, "NET_OS_DENIED"] as ErrorCode[]) {
    const { name, message, cause } = shown(code);
    assert.deepEqual([name, message, cause], [
      "NotAllowedError",
      "Not allowed to connect to mail.example:25",
      undefined,
    ]);
  }
});

test("NET-16 code that is not to be trusted is told so, whatever it asked for", () => {
  const { name, message } = shown("PERM_INSECURE");
  assert.equal(name, "SecurityError");
  assert.match(message, /^Not allowed to connect to mail\.example:25: the program's code/);
});

test("NET-17 a failure after approval keeps its code as cause", () => {
  for (const code of ["NET_REFUSED", "TLS_UNTRUSTED", "NET_DNS"] as const) {
    const { name, cause } = shown(code);
    assert.equal(name, "NetworkError");
    assert.equal((cause as ParleyError).code, code);
  }
  assert.equal(shown("NET_CLOSED").name, "InvalidStateError");
  assert.equal(shown("RUNTIME_UNSUPPORTED").name, "NotSupportedError");
});
