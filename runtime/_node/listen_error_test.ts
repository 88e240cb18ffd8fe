import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { test } from "../../tests/support/harness.ts";
import { nativeCode, netError } from "./errors.ts";
import { listenError, pathError } from "./listen_error.ts";

const context = {
  doing: "listen on 127.0.0.1 port 80",
  translate: (error: unknown, doing: string): ParleyError => netError(nativeCode(error), { doing, cause: error }),
};

function native(code: string): Error {
  return Object.assign(new Error("native"), { code });
}

for (
  const [code, expected, state] of [
    ["EADDRINUSE", "NET_IN_USE", "the address is in use"],
    ["EADDRNOTAVAIL", "NET_IN_USE", "it is not an address of this machine"],
    ["EEXIST", "NET_IN_USE", "something is there already"],
    ["EACCES", "NET_OS_DENIED", "the system or the runtime refused"],
    ["EPERM", "NET_OS_DENIED", "the system or the runtime refused"],
    ["EMFILE", "NET_FAILED", "the system reports a failure (EMFILE)"],
  ] as const
) {
  test(`NET-22 calls ${code} in listening ${expected}`, () => {
    const cause = native(code);
    const error = listenError(cause, context);
    assert.equal(error.code, expected);
    assert.equal(error.message, `Cannot listen on 127.0.0.1 port 80: ${state}`);
    assert.equal(error.cause, cause);
  });
}

for (
  const [code, expected] of [
    ["ENOENT", "NET_REFUSED"],
    ["ENOTSOCK", "NET_REFUSED"],
    ["EAGAIN", "NET_REFUSED"],
    ["ECONNREFUSED", "NET_REFUSED"],
    ["EACCES", "NET_OS_DENIED"],
    ["ENAMETOOLONG", "NET_FAILED"],
    ["__proto__", "NET_FAILED"],
  ] as const
) {
  test(`calls ${code} in connecting to a path ${expected}`, () => {
    assert.equal(pathError(native(code), context).code, expected);
  });
}

test("passes Parley's own errors on", () => {
  const error = new ParleyError("NET_ABORTED", "Cannot go on: the operation was aborted");
  const passing = { ...context, translate: (): ParleyError => error };
  assert.equal(listenError(error, passing), error);
  assert.equal(pathError(error, passing), error);
});
