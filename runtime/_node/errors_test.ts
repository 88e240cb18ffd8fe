import assert from "node:assert/strict";
import { ParleyError } from "../../core/errors.ts";
import { test } from "../../tests/support/harness.ts";
import { bunNetError } from "../bun/errors.ts";
import { denoNetError } from "../deno/errors.ts";
import { nodeNetError } from "../node/errors.ts";

const doing = "connect to 192.0.2.1 port 25";

function coded(code: unknown): Error {
  return Object.assign(new TypeError("native"), { code });
}

const translations = { node: nodeNetError, bun: bunNetError, deno: denoNetError };

for (const [runtime, translate] of Object.entries(translations)) {
  test(`${runtime} errors: a system's code becomes Parley's, with the native error as cause`, () => {
    const table: [code: string, expected: string][] = [
      ["ECONNREFUSED", "NET_REFUSED"],
      ["ECONNRESET", "NET_RESET"],
      ["EPIPE", "NET_RESET"],
      ["ETIMEDOUT", "NET_TIMEOUT"],
      ["EHOSTUNREACH", "NET_UNREACHABLE"],
      ["ENETUNREACH", "NET_UNREACHABLE"],
      ["EACCES", "NET_OS_DENIED"],
      ["ENOTFOUND", "NET_DNS"],
      ["EAI_AGAIN", "NET_DNS"],
      ["ERR_STREAM_DESTROYED", "NET_CLOSED"],
    ];
    for (const [code, expected] of table) {
      const native = coded(code);
      const error = translate(native, doing);
      assert.equal(error.code, expected, code);
      assert.equal(error.cause, native);
      assert.ok(error.message.startsWith(`Cannot ${doing}: `), error.message);
    }
  });

  test(`${runtime} errors: an unknown code is NET_FAILED and named`, () => {
    assert.equal(translate(coded("EWEIRD"), doing).message, `Cannot ${doing}: the system reports a failure (EWEIRD)`);
    for (const odd of ["__proto__", "constructor", "toString", ""]) {
      assert.equal(translate(coded(odd), doing).code, "NET_FAILED");
    }
  });

  test(`${runtime} errors: nothing that can be thrown makes the translation throw`, () => {
    const hostile = {
      get code(): string {
        throw new TypeError("no");
      },
    };
    for (const thrown of [undefined, null, "text", 7, {}, coded(7), coded(Symbol("x")), hostile]) {
      assert.equal(translate(thrown, doing).code, "NET_FAILED");
    }
  });

  test(`${runtime} errors: a ParleyError passes unchanged`, () => {
    const error = new ParleyError("TLS_LEFTOVER", "Cannot go on: leftover");
    assert.equal(translate(error, doing), error);
  });
}

test("deno errors: classes without a code and the resolver's message are understood", () => {
  const named = (name: string, message = ""): Error => Object.assign(new Error(message), { name });
  assert.equal(denoNetError(named("NotCapable"), doing).code, "NET_OS_DENIED");
  assert.equal(denoNetError(named("BadResource"), doing).code, "NET_CLOSED");
  assert.equal(denoNetError(named("Interrupted"), doing).code, "NET_CLOSED");
  assert.equal(
    denoNetError(named("Error", "failed to lookup address information: Name or service not known"), doing).code,
    "NET_DNS",
  );
  assert.equal(denoNetError(named("Error", "something else"), doing).code, "NET_FAILED");
});
