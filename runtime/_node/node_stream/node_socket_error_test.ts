import assert from "node:assert/strict";
import { causedException } from "../../../core/caused_exception.ts";
import { ERROR_CODES, type ErrorCode } from "../../../core/error_codes.ts";
import { ParleyError } from "../../../core/errors.ts";
import { test } from "../../../tests/support/harness.ts";
import { NodeSocketError, toNodeError } from "./node_socket_error.ts";

function codeOf(error: unknown): string {
  const shown = toNodeError(error, "connect");
  assert.ok(shown instanceof NodeSocketError, String(shown));
  assert.equal(shown.cause, error);
  assert.equal(shown.syscall, "connect");
  assert.ok(shown.message.endsWith(` (${shown.code})`), shown.message);
  return shown.code;
}

test("NET-04 Parley's codes become those that users of net.Socket match on", () => {
  const table: [ErrorCode, string][] = [
    ["NET_RESET", "ECONNRESET"],
    ["NET_REFUSED", "ECONNREFUSED"],
    ["NET_TIMEOUT", "ETIMEDOUT"],
    ["NET_UNREACHABLE", "EHOSTUNREACH"],
    ["NET_DNS", "ENOTFOUND"],
    ["NET_CLOSED", "ERR_SOCKET_CLOSED"],
    ["NET_OS_DENIED", "EACCES"],
    ["PERM_DENIED", "EACCES"],
    ["PERM_REVOKED", "EACCES"],
    ["TLS_NAME", "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["TLS_EXPIRED", "CERT_HAS_EXPIRED"],
    ["TLS_HANDSHAKE", "EPROTO"],
    ["DEST_HOST", "EINVAL"],
    ["RUNTIME_UNSUPPORTED", "ENOTSUP"],
  ];
  for (const [code, expected] of table) {
    const error = new ParleyError(code, "Cannot go on: for a reason");
    assert.equal(codeOf(error), expected, code);
    assert.equal(codeOf(causedException(error, "NetworkError")), expected, code);
    assert.equal(codeOf(new TypeError("of a face", { cause: error })), expected, code);
  }
});

test("NET-04 every code of Parley's has one", () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    assert.match(codeOf(new ParleyError(code, "Cannot go on")), /^[A-Z_]+$/);
  }
});

test("NET-04 what has a code of its own keeps it: the system's, a certificate's, the program's", () => {
  const cause = Object.assign(new Error("odd"), { code: "EPROTONOSUPPORT" });
  assert.equal(codeOf(new ParleyError("NET_FAILED", "Cannot go on", { cause })), "EPROTONOSUPPORT");
  assert.equal(codeOf(new ParleyError("NET_FAILED", "Cannot go on")), "EIO");
  const detail = { chainError: "DEPTH_ZERO_SELF_SIGNED_CERT" };
  assert.equal(codeOf(new ParleyError("TLS_UNTRUSTED", "Cannot trust", { detail })), "DEPTH_ZERO_SELF_SIGNED_CERT");
  assert.equal(toNodeError(cause, "read"), cause);
  const reason = new RangeError("enough");
  assert.equal(toNodeError(reason, "read"), reason);
});

test("NET-17 a refusal has one code and the message of the request, whatever was behind it", () => {
  const refusal = new DOMException("Not allowed to connect to mail.example:25", "NotAllowedError");
  assert.equal(codeOf(refusal), "EACCES");
  assert.equal(toNodeError(refusal, "connect").message, "Not allowed to connect to mail.example:25 (EACCES)");
});

test("NET-04 whatever was thrown, there is an error with a code", () => {
  for (
    const [name, code] of [["AbortError", "ABORT_ERR"], ["TimeoutError", "ETIMEDOUT"], ["OddError", "EIO"]] as const
  ) {
    assert.equal(codeOf(new DOMException("x", name)), code);
  }
  for (const thrown of [undefined, null, "text", 7, {}]) assert.equal(codeOf(thrown), "EIO");
});
